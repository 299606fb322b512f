import type { Prng } from '../../../../src/base/prng.js';
import {
  type ApiCall,
  type CallControl,
  type Transport,
  UnreachableError,
  type WatchCall,
  type WatchEvent,
} from '../../../../src/control/client/transport.js';
import { timeoutError } from '../../../../src/control/machinery/status-errors.js';

/** A way to a server on which the answers of some writes are lost: they are made all the same. */
export class LossyTransport implements Transport {
  readonly #inner: Transport;
  readonly #prng: Prng;
  /** The chance that an answer is lost. */
  lose = 0;
  /** How many were. */
  lost = 0;
  /** Watches tell up to so much later, in milliseconds. */
  lateMs = 0;

  constructor(inner: Transport, prng: Prng) {
    this.#inner = inner;
    this.#prng = prng;
  }

  async call(call: ApiCall, control?: CallControl): Promise<Uint8Array> {
    const answer = await this.#inner.call(call, control);
    const isWrite = call.verb === 'create' || call.verb === 'delete';
    const isOfPod = call.resource.resource === 'pods';
    if (!isWrite || !isOfPod || !this.#prng.chance(this.lose)) return answer;
    this.lost++;
    throw this.lost % 2 === 0
      ? timeoutError('it is not known whether the request took effect', 0)
      : new UnreachableError('the connection broke');
  }

  async *watch(call: WatchCall, control?: CallControl): AsyncIterable<WatchEvent> {
    for await (const event of this.#inner.watch(call, control)) {
      if (this.lateMs > 0) {
        await new Promise((resolve) => setTimeout(resolve, this.#prng.int(0, this.lateMs)));
      }
      yield event;
    }
  }

  document(path: string, accept: string, control?: CallControl): Promise<Uint8Array> {
    return this.#inner.document(path, accept, control);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
