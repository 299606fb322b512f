import type { ServerStream } from '../../rpc/service.js';
import type {
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponseInit,
} from '../../wire/gen/etcdserverpb.js';
import { Writer } from '../../wire/writer.js';
import type { LeaseRenewal } from '../contracts.js';
import type { ApiContext } from './context.js';

/** Renewals of one stream that are under way together; further requests wait unread. */
const renewalsMax = 256;

/** Tags of LeaseKeepAliveResponse. */
const headerTag = 10;
const idTag = 16;
const ttlTag = 24;

/**
 * A LeaseKeepAlive call. Its renewals run together, so that they share log entries, and are answered in the order they were
 * asked for. Most clients renew once per call, so a call makes few objects.
 */
export class KeepAliveStream {
  /** Settles when the call is to end: all requests are answered, or a renewal has failed. */
  readonly done: Promise<void>;
  readonly #context: ApiContext;
  readonly #stream: ServerStream<LeaseKeepAliveRequest, LeaseKeepAliveResponseInit>;
  readonly #requests: AsyncIterator<LeaseKeepAliveRequest>;
  /** Asked for and not answered yet, oldest first. */
  readonly #renewals: Renewal[] = [];
  /** The client has asked for all that it wants. */
  #hasEnded = false;
  /** A request is being waited for. */
  #isReading = false;
  /** The client takes no answers at present. */
  #isFull = false;
  #end: () => void = () => {};
  #fail: (error: unknown) => void = () => {};

  constructor(
    context: ApiContext,
    stream: ServerStream<LeaseKeepAliveRequest, LeaseKeepAliveResponseInit>,
  ) {
    this.#context = context;
    this.#stream = stream;
    this.#requests = stream.requests[Symbol.asyncIterator]();
    this.done = new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    this.#read();
  }

  /** Answers those at the head of the line that are done. */
  onProgress(): void {
    for (let first = this.#renewals[0]; first?.isDone === true; first = this.#renewals[0]) {
      if (first.error !== undefined) {
        this.#fail(first.error);
        return;
      }
      this.#renewals.shift();
      this.#send(encodeAnswer(first));
    }
    this.#goOn();
  }

  #goOn(): void {
    if (!this.#hasEnded) this.#read();
    else if (this.#renewals.length === 0 && !this.#isFull) this.#end();
  }

  #read(): void {
    if (this.#isReading || this.#isFull || this.#renewals.length >= renewalsMax) return;
    this.#isReading = true;
    this.#requests.next().then((next) => this.#onRequest(next), this.#fail);
  }

  #onRequest(next: IteratorResult<LeaseKeepAliveRequest>): void {
    this.#isReading = false;
    if (next.done === true) this.#hasEnded = true;
    else this.#start(next.value.ID);
    this.#goOn();
  }

  /** The header is taken before the renewal: its revision is one that the renewal certainly comes after. */
  #start(id: bigint): void {
    const context = this.#context;
    const header = context.encodedHeader(context.mvcc.revision);
    const renewal = new Renewal(this, id, header);
    this.#renewals.push(renewal);
    context.keepAlive(renewal);
  }

  #send(answer: Uint8Array): void {
    if (this.#stream.sendEncoded(answer) || this.#isFull) return;
    this.#isFull = true;
    void this.#stream.drained().then(() => {
      this.#isFull = false;
      this.#goOn();
    });
  }
}

/** One renewal and its place in the line. */
class Renewal implements LeaseRenewal {
  readonly id: bigint;
  readonly header: Uint8Array;
  isDone = false;
  ttlSeconds = 0;
  error: unknown;
  readonly #stream: KeepAliveStream;

  constructor(stream: KeepAliveStream, id: bigint, header: Uint8Array) {
    this.#stream = stream;
    this.id = id;
    this.header = header;
  }

  onRenewed(ttlSeconds: number): void {
    this.isDone = true;
    this.ttlSeconds = ttlSeconds;
    this.#stream.onProgress();
  }

  onFailed(error: unknown): void {
    this.isDone = true;
    this.error = error;
    this.#stream.onProgress();
  }
}

const writer = new Writer();

function encodeAnswer({ id, ttlSeconds, header }: Renewal): Uint8Array {
  writer.reset();
  if (ttlSeconds !== 0) {
    writer.int64Number(ttlSeconds);
    writer.tag(ttlTag);
  }
  if (id !== 0n) {
    writer.int64(id);
    writer.tag(idTag);
  }
  writer.bytes(header);
  writer.tag(headerTag);
  return writer.finish();
}
