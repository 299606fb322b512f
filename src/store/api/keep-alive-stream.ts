import { PendingAnswer, type RequestTaker, type ServerStream } from '../../rpc/service.js';
import type {
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponseInit,
} from '../../wire/gen/etcdserverpb.js';
import { Writer } from '../../wire/writer.js';
import type { LeaseRenewal } from '../contracts.js';
import { StoreError } from '../errors.js';
import type { ApiContext } from './context.js';

/** Renewals of one stream that are under way together; further requests wait unread. */
const renewalsMax = 256;

/** Tags of LeaseKeepAliveResponse. */
const headerTag = 10;
const idTag = 16;
const ttlTag = 24;

/**
 * A LeaseKeepAlive call, which ends when all requests are answered or a renewal has failed. Its renewals run together, so that
 * they share log entries, and are answered in the order they were asked for. Most clients renew once per call, so a call makes
 * few objects.
 */
export class KeepAliveStream
  extends PendingAnswer<void>
  implements RequestTaker<LeaseKeepAliveRequest>
{
  readonly #context: ApiContext;
  readonly #stream: ServerStream<LeaseKeepAliveRequest, LeaseKeepAliveResponseInit>;
  /** Where the engine cannot do without. */
  readonly #requests: AsyncIterator<LeaseKeepAliveRequest> | null;
  /** Asked for and not answered yet, oldest first. */
  readonly #renewals: Renewal[] = [];
  /** The client has asked for all that it wants. */
  #hasEnded = false;
  /** A request is being waited for. */
  #isReading = false;
  /** {@link #read} is at work, and looks for itself whether to go on. */
  #isTaking = false;
  /** The client takes no answers at present. */
  #isFull = false;
  /** The call has its outcome. */
  #isOver = false;

  constructor(
    context: ApiContext,
    stream: ServerStream<LeaseKeepAliveRequest, LeaseKeepAliveResponseInit>,
  ) {
    super();
    this.#context = context;
    this.#stream = stream;
    this.#requests = stream.take === undefined ? stream.requests[Symbol.asyncIterator]() : null;
    this.#read();
  }

  /** Answers those at the head of the line that are done. */
  onProgress(): void {
    for (let first = this.#renewals[0]; first?.isDone === true; first = this.#renewals[0]) {
      if (first.error !== undefined) {
        this.onError(first.error);
        return;
      }
      this.#renewals.shift();
      this.#send(encodeAnswer(first));
    }
    this.#goOn();
  }

  /** The header is taken before the renewal: its revision is one that the renewal certainly comes after. */
  onRequest({ ID }: LeaseKeepAliveRequest): void {
    this.#isReading = false;
    const context = this.#context;
    const renewal = new Renewal(this, ID, context.encodedHeader(context.mvcc.revision));
    this.#renewals.push(renewal);
    if (context.auth.isEnabled) void this.#renewIfAllowed(renewal);
    else context.keepAlive(renewal);
    this.#goOn();
  }

  /** Whoever renews a lease may write all its keys: it is as good as writing them. */
  async #renewIfAllowed(renewal: Renewal): Promise<void> {
    const { auth } = this.#context;
    try {
      const user = await auth.identify(this.#stream);
      if (user.revision === 0) throw new StoreError('user-empty');
      if (auth.isEnabled) auth.access.writeLease(user, renewal.id);
      this.#context.keepAlive(renewal);
    } catch (error) {
      renewal.onFailed(error);
    }
  }

  onEnd(): void {
    this.#isReading = false;
    this.#hasEnded = true;
    this.#goOn();
  }

  onError(error: unknown): void {
    this.#isReading = false;
    this.#hasEnded = true;
    if (this.#isOver) return;
    this.#isOver = true;
    this.fail(error);
  }

  #goOn(): void {
    if (this.#isOver) return;
    if (!this.#hasEnded) {
      this.#read();
    } else if (this.#renewals.length === 0 && !this.#isFull) {
      this.#isOver = true;
      this.answer(undefined);
    }
  }

  #read(): void {
    if (this.#isTaking) return;
    this.#isTaking = true;
    while (!this.#mayNotRead()) {
      this.#isReading = true;
      this.#take();
    }
    this.#isTaking = false;
  }

  #mayNotRead(): boolean {
    if (this.#isReading || this.#hasEnded || this.#isFull) return true;
    return this.#renewals.length >= renewalsMax;
  }

  #take(): void {
    if (this.#requests === null) {
      this.#stream.take?.(this);
      return;
    }
    this.#requests.next().then(
      (next) => (next.done === true ? this.onEnd() : this.onRequest(next.value)),
      (error: unknown) => this.onError(error),
    );
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
