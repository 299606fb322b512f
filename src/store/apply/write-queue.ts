import { assert } from '../../base/assert.js';
import { toLatin1 } from '../../base/bytes.js';
import type { Clock, Timer } from '../../base/clock.js';
import type { Defect } from '../../base/defect.js';
import type { DbWrite, OrderedDb } from '../../base/ordered-db.js';
import { metaKey, packKey } from '../schema/keys.js';
import { type AppliedRecord, encodeApplied } from '../schema/meta.js';
import { type Pack, withTrailer } from '../schema/revision-pack.js';

/** Groups are joined into database batches of about this size. */
const batchBytes = 4 * 1024 * 1024;
/** What nobody waits for is written when there are this many bytes of it, or after this many milliseconds. */
const lingerBytes = 256 * 1024;
const lingerMs = 1000;

/** What a {@link WriteQueue} works with. */
export interface WriteQueueOptions {
  readonly db: OrderedDb;
  readonly clock: Clock;
  /** What the database holds already. */
  readonly applied: AppliedRecord;
  /** More than this many bytes waiting make {@link WriteQueue.backpressure} wait. */
  readonly pendingBytesMax: number;
  /** The records of the revisions after `after`, up to `upTo`: they are fetched when they are written, not before. */
  readonly packs: (after: number, upTo: number) => readonly Pack[];
  /** Everything up to this applied state is in the database (not necessarily durable), in these packs among others. */
  readonly onWritten: (applied: AppliedRecord, packs: readonly Pack[]) => void;
  /** A write failed: the database is not written to any more. Called once. */
  readonly onError: (error: unknown) => void;
  readonly defects: ReadonlySet<Defect>;
}

/** Writes that are in one batch or in none, with the applied state that they lead to (null: they lead to no other). */
interface Group {
  readonly writes: readonly DbWrite[];
  readonly bytes: number;
  readonly applied: AppliedRecord | null;
  readonly sync: boolean;
  readonly waiter: Waiter | null;
}

interface Waiter {
  onDone(): void;
  onError(error: unknown): void;
}

/**
 * The way into the database: groups of writes, in order, one batch in flight. What collects behind it goes into the next
 * one, and what nobody waits for collects for a moment: it is in memory and in the log. Of several writes of a key in a batch
 * only the last is made: a lease that is renewed again and again costs the database little. The applied record goes into the
 * batch that holds the writes it stands for, and into no other: at the end of the batch's last pack when there is one. Only
 * then does what LevelDB is given ascend from batch to batch, and its tables do not overlap: it moves them from level to
 * level without writing them again.
 */
export class WriteQueue {
  readonly #options: WriteQueueOptions;
  /** Newest applied state that was handed in. */
  #applied: AppliedRecord;
  /** Newest applied state that the database has. Invariant: every revision up to its own is in a pack. */
  #written: AppliedRecord;
  #groups: Group[] = [];
  /** The groups of the batch in flight. */
  #writing: Group[] = [];
  /** Bytes waiting or being written. */
  #pendingBytes = 0;
  #isWriting = false;
  #lingering: Timer | null = null;
  #error: unknown = null;
  /** Those who wait for the queue to become short again. */
  #stalled: Waiter[] = [];

  constructor(options: WriteQueueOptions) {
    this.#options = options;
    this.#applied = options.applied;
    this.#written = options.applied;
  }

  /** Bytes that are not in the database yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Queues what applied entries write beside revision records, and the state after them. `bytes` counts the records too. */
  add(writes: readonly DbWrite[], bytes: number, applied: AppliedRecord): void {
    assert(applied.index >= this.#applied.index);
    this.#applied = applied;
    this.#push({ writes, bytes, applied, sync: false, waiter: null });
  }

  /** Queues writes that are this member's own business and move no applied index. */
  addLocal(writes: readonly DbWrite[]): void {
    let bytes = 0;
    for (const write of writes) {
      bytes += write.key.length + (write.kind === 'put' ? write.value.length : 0);
    }
    this.#push({ writes, bytes, applied: null, sync: false, waiter: null });
  }

  /** Resolves when everything queued so far is in the database. */
  flush(): Promise<void> {
    return this.#wait((waiter) => {
      this.#push({ writes: [], bytes: 0, applied: null, sync: false, waiter });
    });
  }

  /**
   * Makes everything queued so far durable. `onDurable` is called with the applied state that is durable now, before
   * anything later is written.
   */
  sync<T>(onDurable: (applied: AppliedRecord) => T): Promise<T> {
    const applied = this.#applied;
    let result: T;
    return this.#wait((waiter) => {
      const onDone = () => {
        result = onDurable(applied);
        waiter.onDone();
      };
      const { onError } = waiter;
      this.#push({ writes: [], bytes: 0, applied, sync: true, waiter: { onDone, onError } });
    }).then(() => result);
  }

  /** Undefined when there is room, else resolves when half of the room is free. */
  backpressure(): Promise<void> | undefined {
    if (this.#error === null && this.#pendingBytes <= this.#options.pendingBytesMax)
      return undefined;
    return this.#wait((waiter) => {
      this.#stalled.push(waiter);
    });
  }

  /** Runs `start` with a waiter; rejects at once when the queue is broken. */
  #wait(start: (waiter: Waiter) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#error !== null) reject(this.#error);
      else start({ onDone: resolve, onError: reject });
    });
  }

  #push(group: Group): void {
    if (this.#error !== null) return;
    this.#groups.push(group);
    this.#pendingBytes += group.bytes;
    if (!this.#isWriting) this.#startOrLinger(group.waiter !== null);
  }

  #startOrLinger(isWanted: boolean): void {
    if (this.#groups.length === 0) return;
    if (!isWanted && this.#pendingBytes < lingerBytes) {
      this.#lingering ??= this.#options.clock.setTimer(lingerMs, () => this.#start());
      return;
    }
    this.#start();
  }

  #start(): void {
    if (this.#lingering !== null) this.#options.clock.clearTimer(this.#lingering);
    this.#lingering = null;
    this.#isWriting = true;
    // After this turn: what the turn applies goes into one batch.
    queueMicrotask(() => {
      this.#writeBatch().catch((error: unknown) => this.#fail(error));
    });
  }

  async #writeBatch(): Promise<void> {
    const groups = this.#take();
    this.#writing = groups;
    await this.#write(groups);
    this.#writing = [];
    for (const group of groups) this.#pendingBytes -= group.bytes;
    for (const group of groups) group.waiter?.onDone();
    this.#releaseStalled();
    this.#isWriting = false;
    this.#startOrLinger(this.#groups.some((group) => group.waiter !== null));
  }

  /** The next groups for one batch: at least one. Nothing joins behind a sync: who waits for it sees the state as of then. */
  #take(): Group[] {
    let bytes = 0;
    let count = 0;
    for (const group of this.#groups) {
      if (count > 0 && bytes + group.bytes > batchBytes) break;
      bytes += group.bytes;
      count++;
      if (group.sync) break;
    }
    return this.#groups.splice(0, count);
  }

  async #write(groups: readonly Group[]): Promise<void> {
    const { db } = this.#options;
    const batch = lastOfEachKey(groups);
    let applied = this.#written;
    let sync = false;
    for (const group of groups) {
      applied = group.applied ?? applied;
      sync ||= group.sync;
    }
    const packs = this.#options.packs(this.#written.revision, applied.revision);
    if (packs.length > 0 || batch.length > 0 || applied !== this.#written) {
      await this.#putApplied(batch, packs, applied);
    }
    if (batch.length > 0 || sync) await db.write(batch, { sync });
    if (applied === this.#written) return;
    this.#written = applied;
    this.#options.onWritten(applied, packs);
  }

  /** Adds the packs and the applied record to a batch. */
  async #putApplied(
    batch: DbWrite[],
    packs: readonly Pack[],
    applied: AppliedRecord,
  ): Promise<void> {
    const isApart = this.#options.defects.has('applied-apart-from-data');
    const last = packs[packs.length - 1];
    for (const pack of packs) {
      const value = pack === last && !isApart ? withTrailer(pack, applied) : pack.bytes;
      batch.push({ kind: 'put', key: packKey(pack.main, pack.sub), value });
    }
    const meta = { kind: 'put', key: metaKey.applied, value: encodeApplied(applied) } as const;
    if (isApart) await this.#options.db.write([meta], { sync: false });
    else if (last === undefined) batch.push(meta);
  }

  #releaseStalled(): void {
    if (this.#pendingBytes > this.#options.pendingBytesMax / 2) return;
    const stalled = this.#stalled;
    this.#stalled = [];
    for (const waiter of stalled) waiter.onDone();
  }

  #fail(error: unknown): void {
    this.#error = error;
    if (this.#lingering !== null) this.#options.clock.clearTimer(this.#lingering);
    const groups = [...this.#writing, ...this.#groups];
    const waiters = groups.map((group) => group.waiter).concat(this.#stalled);
    this.#writing = [];
    this.#groups = [];
    this.#stalled = [];
    this.#options.onError(error);
    for (const waiter of waiters) waiter?.onError(error);
  }
}

/** All that the groups write, without what is written again later in the same batch. */
function lastOfEachKey(groups: readonly Group[]): DbWrite[] {
  const batch: DbWrite[] = [];
  const places = new Map<string, number>();
  for (const { writes } of groups) {
    for (const write of writes) {
      const key = toLatin1(write.key);
      const place = places.get(key);
      if (place !== undefined) batch[place] = write;
      else places.set(key, batch.push(write) - 1);
    }
  }
  return batch;
}
