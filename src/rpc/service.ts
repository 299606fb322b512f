import type { MethodDescriptor, ServiceDescriptor } from '../wire/descriptor.js';

/**
 * gRPC as handlers and callers see it. Nothing here knows which engine carries the call: @grpc/grpc-js today, our own
 * HTTP/2 layer next to it.
 */

/** gRPC status codes (gRPC status codes specification). */
export const Status = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;
export type StatusCode = (typeof Status)[keyof typeof Status];

/** How a call ended when not well. The message goes over the wire as it is. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: StatusCode;
  constructor(code: StatusCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Header or trailer fields; names are lower case, `-bin` names carry bytes. */
export type Metadata = ReadonlyMap<string, readonly (string | Uint8Array)[]>;

/** What a handler knows of its call. */
export interface CallContext {
  readonly metadata: Metadata;
  /** Remote address, for logs. */
  readonly peer: string;
  /** DER of the certificates that a TLS caller sent, leaf first. Undefined where the engine does not tell (that on grpc-js). */
  readonly peerCertificates?: readonly Uint8Array[];
  /**
   * Aborted when the caller cancels, disconnects or its deadline passes; never after the handler has finished. It is made when
   * it is first read, which costs several times what carrying a call does: leave it alone where a call cannot be stopped
   * halfway. The caller is told in time that its deadline has passed, whatever the handler does.
   */
  readonly signal: AbortSignal;
  /** Milliseconds left of the caller's deadline when the call arrived; null without one. */
  readonly timeoutMs: number | null;
}

/** What the handler of a unary method knows of its call. */
export interface UnaryCall extends CallContext {
  /** The request as the caller encoded it, for handlers that pass it on. May share the transport's memory: copy to keep. */
  readonly requestBytes: Uint8Array;
}

/**
 * A response that is encoded already. A unary handler may answer with one in place of a message, and its bytes go out as they
 * are: the way for what is stored in its encoded form, or was encoded with others. Nobody changes them any more.
 */
export type EncodedMessage = Uint8Array & { readonly [isEncodedMessage]: true };
declare const isEncodedMessage: unique symbol;

/** Says that the bytes are the encoding of a response, so that they cannot be taken for one by mistake. Costs nothing. */
export function encodedMessage(bytes: Uint8Array): EncodedMessage {
  return bytes as EncodedMessage;
}

/** What a unary handler may answer with. */
export type Answer<Res> = Res | EncodedMessage;

/** Where a pending answer goes. Neither call throws. */
export interface AnswerSink {
  onAnswer(answer: unknown): void;
  onFailure(error: unknown): void;
}

/**
 * An answer that is not there yet: a promise in all but its cost, for calls so many that it tells. Whoever has it calls
 * {@link answer} or {@link fail}, once; it may be before the handler has returned.
 */
export class PendingAnswer<Res> {
  #sink: AnswerSink | null = null;
  #early: (() => void) | null = null;

  /** For the engine: says where the answer goes. */
  attach(sink: AnswerSink): void {
    this.#sink = sink;
    this.#early?.();
  }

  /** The same as a promise. Not to be used together with {@link attach}. */
  promise(): Promise<Answer<Res>> {
    return new Promise((resolve, reject) => {
      this.attach({ onAnswer: (answer) => resolve(answer as Answer<Res>), onFailure: reject });
    });
  }

  answer(answer: Answer<Res>): void {
    if (this.#sink === null) this.#early = () => this.#sink?.onAnswer(answer);
    else this.#sink.onAnswer(answer);
  }

  /** Ends the call with what a handler might have thrown. */
  fail(error: unknown): void {
    if (this.#sink === null) this.#early = () => this.#sink?.onFailure(error);
    else this.#sink.onFailure(error);
  }
}

/**
 * Answers one request. An operating error is an {@link RpcError}, or any Error whose `status` is a {@link StatusCode};
 * anything else is logged and reported as `unknown` without its text.
 */
export type UnaryHandler<Req, Res> = (
  request: Req,
  call: UnaryCall,
) => Promise<Answer<Res>> | PendingAnswer<Res> | Answer<Res>;

/** Who takes a request of a streaming call. None of the calls throws. */
export interface RequestTaker<Req> {
  onRequest(request: Req): void;
  /** The caller has half-closed: there are no more. */
  onEnd(): void;
  /** The call was cancelled, or the request is malformed. */
  onError(error: unknown): void;
}

/** The server's end of a streaming call. */
export interface ServerStream<Req, Res> extends CallContext {
  /** Requests in order; ends when the caller half-closes; throws when the call is cancelled. At most one reader. */
  readonly requests: AsyncIterable<Req>;
  /**
   * The next of them without a promise, for calls so many that it tells: one call of the taker for each call of this, maybe
   * before it returns. Not there where the engine has none.
   */
  take?(taker: RequestTaker<Req>): void;
  /** Queues a response. False: the transport is full, wait for {@link drained} before sending more. A no-op once ended. */
  send(response: Res): boolean;
  /**
   * Like {@link send} for a response that is encoded already, in one piece or in several that follow one another. Pieces may be
   * shared between responses and streams: nobody changes them.
   */
  sendEncoded(response: Uint8Array | readonly Uint8Array[]): boolean;
  /** Resolves when the transport takes more, or the call has ended. */
  drained(): Promise<void>;
}

/** Serves a streaming call (either or both directions); the call ends when what it returns settles, with OK or the RpcError. */
export type StreamHandler<Req, Res> = (
  stream: ServerStream<Req, Res>,
) => Promise<void> | PendingAnswer<void>;

/** What a {@link StreamHandler} returned or threw, as a promise. */
export async function streamEnd(serve: () => Promise<void> | PendingAnswer<void>): Promise<void> {
  const end = serve();
  await (end instanceof PendingAnswer ? end.promise() : end);
}

/** Handlers for the methods of a service. A method without one answers `unimplemented`. */
export interface ServiceImplementation {
  readonly descriptor: ServiceDescriptor;
  readonly unary: ReadonlyMap<string, UnaryHandler<unknown, unknown>>;
  readonly stream: ReadonlyMap<string, StreamHandler<unknown, unknown>>;
}

/** Options of a call made by a client. */
export interface CallOptions {
  readonly metadata?: Readonly<Record<string, string>>;
  /** Fails the call with `deadlineExceeded` after this many milliseconds, and tells the server. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A failed call and whether the server can have seen it: `sent: false` means that it certainly did not. */
export class CallError extends RpcError {
  readonly sent: boolean;
  constructor(code: StatusCode, message: string, sent: boolean, options?: ErrorOptions) {
    super(code, message, options);
    this.sent = sent;
  }
}

/** The client's end of a streaming call. */
export interface ClientStream<Req, Res> {
  /** Queues a request. False: wait for {@link drained}. */
  send(request: Req): boolean;
  drained(): Promise<void>;
  /** Half-closes: no more requests. */
  end(): void;
  /** Cancels the call. */
  cancel(): void;
  /** Responses in order; throws {@link CallError} when the call fails. At most one reader. */
  readonly responses: AsyncIterable<Res>;
}

/** A connection (or a pool of them) to one endpoint. Connects by itself, and again when the connection was lost. */
export interface Channel {
  unary<Req, Res, ReqInit, ResInit>(
    method: MethodDescriptor<Req, Res, ReqInit, ResInit>,
    request: ReqInit,
    options?: CallOptions,
  ): Promise<Res>;
  stream<Req, Res, ReqInit, ResInit>(
    method: MethodDescriptor<Req, Res, ReqInit, ResInit>,
    options?: CallOptions,
  ): ClientStream<ReqInit, Res>;
  close(): Promise<void>;
}
