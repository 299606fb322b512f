import type { MessageCodec } from '../../wire/descriptor.js';
import { WireError } from '../../wire/errors.js';
import { CallError, Status } from '../service.js';
import { type CallTarget, OutgoingCall } from './outgoing-call.js';

/** A unary call, as its caller sees it. */
export class UnaryRequest<Res> extends OutgoingCall {
  readonly #codec: MessageCodec<Res, never>;
  readonly #resolve: (response: Res) => void;
  readonly #reject: (error: CallError) => void;
  #response: Uint8Array | null = null;

  constructor(
    target: CallTarget,
    codec: MessageCodec<Res, never>,
    resolve: (response: Res) => void,
    reject: (error: CallError) => void,
  ) {
    super(target);
    this.#codec = codec;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get isHoldingBack(): boolean {
    return false;
  }

  onWritable(): void {
    // The one request is queued whole.
  }

  protected onResponse(message: Uint8Array): void {
    this.#response = message;
  }

  protected onEnded(error: CallError | null): void {
    if (error !== null) this.#reject(error);
    else if (this.#response !== null) this.#decode(this.#response);
    else {
      const text = 'the server answered OK without a message';
      this.#reject(new CallError(Status.internal, text, true));
    }
  }

  #decode(bytes: Uint8Array): void {
    let response: Res;
    try {
      response = this.#codec.decode(bytes);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      const text = `malformed response: ${error.message}`;
      this.#reject(new CallError(Status.internal, text, true, { cause: error }));
      return;
    }
    this.#resolve(response);
  }
}
