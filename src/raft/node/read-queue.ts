import type { Index } from '../core/types.js';
import { NodeError } from './errors.js';

/** ReadIndex requests under way before reads gather for the next. */
const requestsMax = 2;
/** Milliseconds that reads gather at most. */
const gatherMsMax = 10;

/** What the linearizable reads of one event-loop turn wait for, all of them together. */
interface Barrier {
  readonly deadline: number;
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: NodeError) => void;
  /** Its deadline has passed. It may still be in a list. */
  isExpired: boolean;
}

/** Barriers that share one ReadIndex request. */
interface Asked {
  readonly requestId: number;
  readonly askedAt: number;
  readonly barriers: readonly Barrier[];
}

/**
 * Linearizable reads (Raft dissertation 6.4): all reads of one loop turn share one promise and one ReadIndex request; each
 * request has an id of its own that is never used again, so a late answer can only serve reads that were asked before it
 * was sent.
 */
export class ReadQueue {
  /** Takes the reads of this turn; null before the first of them. */
  #open: Barrier | null = null;
  /** Not yet asked, or to be asked again, oldest first. The open one is not among them. */
  #queued: Barrier[] = [];
  /** Asked, by request id, oldest first. */
  readonly #asked = new Map<number, Asked>();
  /** Answered, waiting until the state machine has applied `index`; in order of index. */
  #confirmed: { readonly index: Index; readonly barriers: readonly Barrier[] }[] = [];
  #nextRequestId = 1;
  #failedCount = 0;
  /** When the last request was made; any time when none is under way. */
  #lastAskedAt = 0;

  get hasQueued(): boolean {
    return this.#open !== null || this.#queued.length > 0;
  }

  /** Turns whose reads no leader confirmed in time. */
  get failedCount(): number {
    return this.#failedCount;
  }

  /**
   * Whether what is queued had better wait for an answer that is under way, and what comes until then share its request: each
   * costs every member a message, however many reads share it. Never for long, for a message may be lost.
   */
  isGathering(now: number): boolean {
    return this.#asked.size >= requestsMax && now - this.#lastAskedAt < gatherMsMax;
  }

  /** The promise of this turn's reads, once one has joined: resolves when they may be served, rejects with {@link NodeError}. */
  get current(): Promise<void> | undefined {
    return this.#open?.done;
  }

  /** Nobody waits for anything. */
  get isEmpty(): boolean {
    return !this.hasQueued && this.#asked.size === 0 && this.#confirmed.length === 0;
  }

  /** The first read of a turn; those that follow it share its deadline. */
  begin(deadline: number): Promise<void> {
    this.seal();
    this.#open = makeBarrier(deadline);
    return this.#open.done;
  }

  /** Ends the turn: later reads do not share the deadline of those that are here, which may have to wait for a leader. */
  seal(): void {
    if (this.#open !== null) this.#queued.push(this.#open);
    this.#open = null;
  }

  /** Asks for all that is queued, in one request. */
  flush(now: number, ask: (requestId: number) => void): void {
    this.seal();
    if (this.#queued.length === 0) return;
    const requestId = this.#nextRequestId++;
    this.#lastAskedAt = now;
    this.#asked.set(requestId, { requestId, askedAt: now, barriers: this.#queued });
    this.#queued = [];
    ask(requestId);
  }

  /** The answer to a request; null: it must be asked again. */
  onAnswer(requestId: number, index: Index | null): void {
    const asked = this.#asked.get(requestId);
    if (asked === undefined) return;
    this.#asked.delete(requestId);
    if (index === null) this.#queued = asked.barriers.concat(this.#queued);
    else this.#confirm(index, asked.barriers);
  }

  /** Serves the reads that `applied` covers. */
  onApplied(applied: Index): void {
    let served = 0;
    for (const { index, barriers } of this.#confirmed) {
      if (index > applied) break;
      served++;
      for (const barrier of barriers) barrier.resolve();
    }
    if (served > 0) this.#confirmed.splice(0, served);
  }

  /** Asks again for what got no answer for `retryMs` (a message was lost), under a new id. */
  retry(now: number, retryMs: number): void {
    for (const asked of this.#asked.values()) {
      if (now - asked.askedAt < retryMs) return;
      this.#asked.delete(asked.requestId);
      this.#queued = asked.barriers.concat(this.#queued);
    }
  }

  /** Rejects what has passed its deadline. A barrier is settled once; what comes for it later has no effect. */
  expire(now: number): void {
    const keep = (barrier: Barrier): boolean => {
      if (barrier.deadline > now) return true;
      if (!barrier.isExpired) this.#failedCount++;
      barrier.isExpired = true;
      barrier.reject(new NodeError('timeout', 'no leader confirmed the read in time'));
      return false;
    };
    if (this.#open !== null && !keep(this.#open)) this.#open = null;
    this.#queued = this.#queued.filter(keep);
    for (const { barriers } of this.#asked.values()) barriers.forEach(keep);
    for (const { barriers } of this.#confirmed) barriers.forEach(keep);
  }

  /** Rejects everything. */
  close(): void {
    this.seal();
    const error = new NodeError('stopped', 'this member is stopping');
    for (const { barriers } of [...this.#asked.values(), ...this.#confirmed]) {
      for (const barrier of barriers) barrier.reject(error);
    }
    for (const barrier of this.#queued) barrier.reject(error);
    this.#queued = [];
    this.#asked.clear();
    this.#confirmed = [];
  }

  #confirm(index: Index, barriers: readonly Barrier[]): void {
    let at = this.#confirmed.length;
    while (at > 0 && (this.#confirmed[at - 1]?.index ?? 0) > index) at--;
    this.#confirmed.splice(at, 0, { index, barriers });
  }
}

function makeBarrier(deadline: number): Barrier {
  let resolve: () => void = () => {};
  let reject: (error: NodeError) => void = () => {};
  const done = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  // Everyone who waits for it may have given up.
  done.catch(() => {});
  return { deadline, done, resolve, reject, isExpired: false };
}
