import type { Clock, Timer } from '../../src/base/clock.js';
import {
  CallError,
  type CallOptions,
  type Channel,
  type ClientStream,
  Status,
  type StatusCode,
} from '../../src/rpc/index.js';
import type { MethodDescriptor } from '../../src/wire/index.js';

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  #now = 0;
  readonly #timers = new Map<number, { at: number; callback: () => void }>();
  #lastId = 0;

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#now;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const id = ++this.#lastId;
    this.#timers.set(id, { at: this.#now + delayMs, callback });
    return { timer: id };
  }

  clearTimer({ timer }: Timer): void {
    this.#timers.delete(timer as number);
  }

  defer(callback: () => void): void {
    setImmediate(callback);
  }

  deferBriefly(callback: () => void): void {
    this.defer(callback);
  }

  /** Moves time on, firing timers in order and letting promises settle after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settled();
      const due = [...this.#timers].filter(([, { at }]) => at <= end);
      due.sort(([a, x], [b, y]) => x.at - y.at || a - b);
      const [first] = due;
      if (first === undefined) break;
      this.#timers.delete(first[0]);
      this.#now = Math.max(this.#now, first[1].at);
      first[1].callback();
    }
    this.#now = end;
    await settled();
  }
}

/** Lets every promise that can settle do so. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** How a fake server ends a unary call: with a response, or like this. */
export function failure(code: StatusCode, message: string, sent = true): CallError {
  return new CallError(code, message, sent);
}

/** The endpoint refuses connections: the request was surely not sent. */
export const refused = () => failure(Status.unavailable, 'No connection established', false);
/** The connection broke under the request: nobody knows. */
export const broken = () => failure(Status.unavailable, 'Connection dropped', true);

/** A server at one endpoint, played by the test. */
export class FakeChannel implements Channel {
  readonly url: string;
  /** Paths of the unary calls that came, in order. */
  readonly calls: string[] = [];
  readonly streams: FakeStream[] = [];
  /** Answers unary calls; a CallError is thrown. */
  answer: (path: string, options: CallOptions) => unknown = refused;
  /** Answers the opening of a stream: null opens it, a CallError ends it at once. */
  onStream: (stream: FakeStream) => CallError | null = refused;

  constructor(url: string) {
    this.url = url;
  }

  async unary<Req, Res, ReqInit, ResInit>(
    method: MethodDescriptor<Req, Res, ReqInit, ResInit>,
    _request: ReqInit,
    options: CallOptions = {},
  ): Promise<Res> {
    this.calls.push(method.path);
    if (options.signal?.aborted) throw failure(Status.cancelled, 'cancelled', false);
    const result = await this.answer(method.path, options);
    if (result instanceof CallError) throw result;
    return method.response.create(result as never);
  }

  stream<Req, Res, ReqInit, ResInit>(
    _method: MethodDescriptor<Req, Res, ReqInit, ResInit>,
  ): ClientStream<ReqInit, Res> {
    const stream = new FakeStream();
    this.streams.push(stream);
    const error = this.onStream(stream);
    if (error !== null) stream.fail(error);
    return stream as unknown as ClientStream<ReqInit, Res>;
  }

  async close(): Promise<void> {
    for (const stream of this.streams) stream.cancel();
  }
}

/** The client's end of a stream whose other end is the test. */
export class FakeStream {
  /** What the client sent, in order. */
  readonly sent: unknown[] = [];
  isCancelled = false;
  readonly #responses: unknown[] = [];
  #end: CallError | null = null;
  #wake: () => void = () => {};

  send(request: unknown): boolean {
    if (this.#end === null) this.sent.push(request);
    return true;
  }

  async drained(): Promise<void> {}

  end(): void {}

  cancel(): void {
    this.isCancelled = true;
    this.fail(failure(Status.cancelled, 'cancelled'));
  }

  /** The server says something. */
  respond(response: unknown): void {
    this.#responses.push(response);
    this.#wake();
  }

  /** The stream ends with an error. */
  fail(error: CallError): void {
    this.#end ??= error;
    this.#wake();
  }

  get responses(): AsyncIterable<unknown> {
    return { [Symbol.asyncIterator]: () => ({ next: () => this.#next() }) };
  }

  async #next(): Promise<IteratorResult<unknown>> {
    while (this.#responses.length === 0) {
      if (this.#end !== null) throw this.#end;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return { done: false, value: this.#responses.shift() };
  }
}
