import type { Index } from '../core/types.js';
import { NodeError } from './errors.js';

/** A linearizable read that somebody waits for. */
export interface PendingRead {
  readonly deadline: number;
  readonly resolve: () => void;
  readonly reject: (error: NodeError) => void;
  /** The caller gave up; it is skipped. */
  canceled: boolean;
}

/** Reads that share one ReadIndex request. */
interface ReadBatch {
  readonly requestId: number;
  readonly askedAt: number;
  readonly reads: PendingRead[];
}

/**
 * Linearizable reads (Raft dissertation 6.4): all reads of one loop turn share one ReadIndex request; each request has
 * an id of its own that is never used again, so a late answer can only serve reads that were asked before it was sent.
 */
export class ReadQueue {
  /** Not yet asked. */
  #queued: PendingRead[] = [];
  /** Asked, by request id, oldest first. */
  readonly #asked = new Map<number, ReadBatch>();
  /** Answered, waiting until the state machine has applied `index`; in order of index. */
  #confirmed: { readonly index: Index; readonly reads: readonly PendingRead[] }[] = [];
  #nextRequestId = 1;

  get hasQueued(): boolean {
    return this.#queued.length > 0;
  }

  add(read: PendingRead): void {
    this.#queued.push(read);
  }

  /** Asks for all that is queued, in one request. */
  flush(now: number, ask: (requestId: number) => void): void {
    if (this.#queued.length === 0) return;
    const requestId = this.#nextRequestId++;
    this.#asked.set(requestId, { requestId, askedAt: now, reads: this.#queued });
    this.#queued = [];
    ask(requestId);
  }

  /** The answer to a request; null: it must be asked again. */
  onAnswer(requestId: number, index: Index | null): void {
    const batch = this.#asked.get(requestId);
    if (batch === undefined) return;
    this.#asked.delete(requestId);
    if (index === null) this.#queued = batch.reads.concat(this.#queued);
    else this.#confirm(index, batch.reads);
  }

  /** Serves the reads that `applied` covers. */
  onApplied(applied: Index): void {
    let served = 0;
    for (const { index, reads } of this.#confirmed) {
      if (index > applied) break;
      served++;
      for (const read of reads) if (!read.canceled) read.resolve();
    }
    if (served > 0) this.#confirmed.splice(0, served);
  }

  /** Asks again for what got no answer for `retryMs` (a message was lost), under a new id. */
  retry(now: number, retryMs: number): void {
    for (const batch of this.#asked.values()) {
      if (now - batch.askedAt < retryMs) return;
      this.#asked.delete(batch.requestId);
      this.#queued = batch.reads.concat(this.#queued);
    }
  }

  /** Rejects what has passed its deadline. */
  expire(now: number): void {
    const keep = (read: PendingRead): boolean => {
      if (read.canceled) return false;
      if (read.deadline > now) return true;
      read.canceled = true;
      read.reject(new NodeError('timeout', 'no leader confirmed the read in time'));
      return false;
    };
    this.#queued = this.#queued.filter(keep);
    for (const batch of this.#asked.values()) for (const read of batch.reads) keep(read);
    for (const { reads } of this.#confirmed) for (const read of reads) keep(read);
  }

  /** Rejects everything. */
  close(): void {
    const error = new NodeError('stopped', 'this member is stopping');
    const asked = [...this.#asked.values()];
    const all = [this.#queued, ...asked.map((batch) => batch.reads)];
    for (const reads of [...all, ...this.#confirmed.map((item) => item.reads)]) {
      for (const read of reads) if (!read.canceled) read.reject(error);
    }
    this.#queued = [];
    this.#asked.clear();
    this.#confirmed = [];
  }

  #confirm(index: Index, reads: readonly PendingRead[]): void {
    let at = this.#confirmed.length;
    while (at > 0 && (this.#confirmed[at - 1]?.index ?? 0) > index) at--;
    this.#confirmed.splice(at, 0, { index, reads });
  }
}
