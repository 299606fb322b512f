import { assert } from '../base/assert.js';
import type { Clock } from '../base/clock.js';
import { type Defect, noDefects } from '../base/defect.js';
import { type ClusterId, formatId, type MemberId } from '../base/ids.js';
import type { Logger } from '../base/logger.js';
import type { DbRange, OrderedDb, OrderedDbHome } from '../base/ordered-db.js';
import type { Prng } from '../base/prng.js';
import type { ConfState, Index, SnapshotMeta, Term } from '../raft/core/types.js';
import type { AppliedEntry, StateMachine } from '../raft/node/contracts.js';
import { type AlarmReads, Alarms } from './apply/alarms.js';
import { AppliedHash } from './apply/applied-hash.js';
import { Applier } from './apply/applier.js';
import { ApplyBatch } from './apply/apply-batch.js';
import { prefetch } from './apply/prefetch.js';
import {
  type Bootstrap,
  initialise,
  loadReplica,
  type ReplicaState,
  readApplied,
} from './apply/replica-state.js';
import { checkImage, writeImage } from './apply/restore.js';
import { WriteQueue } from './apply/write-queue.js';
import { AuthState } from './auth/auth-state.js';
import { defaultTokenTtlSeconds, SimpleTokens } from './auth/simple-tokens.js';
import type { ApplyResult, HistoryReads, MvccReads } from './contracts.js';
import { StoreCounts } from './counts.js';
import { StoreError } from './errors.js';
import { Lessor } from './lease/lessor.js';
import { Membership } from './member/membership.js';
import { Compactor } from './mvcc/compactor.js';
import { Mvcc } from './mvcc/mvcc.js';
import type { MvccState } from './mvcc/state.js';
import { encodeImage } from './schema/image.js';
import { allKeys, metaKey } from './schema/keys.js';
import { type AppliedRecord, decodeApplied, decodeConf } from './schema/meta.js';
import { WatchHub } from './watch/hub.js';

const mebibyte = 1024 * 1024;
/** The database's size on disk is measured again after this many bytes written. */
const sizeStaleBytes = 16 * mebibyte;

/** What a store is made of. */
export interface StoreOptions {
  readonly home: OrderedDbHome;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly clusterId: ClusterId;
  /** What an empty database begins with; null: a member that waits for a snapshot. Ignored when there is a state. */
  readonly bootstrap: Bootstrap | null;
  /** Encodes a ResponseHeader with this revision, for watch responses. */
  readonly header: (revision: number) => Uint8Array;
  /** The database failed. The process is to stop: nothing that is applied from now on is acknowledged. */
  readonly onFatal: (error: Error) => void;
  /** Whose store it is, for log lines. */
  readonly memberId?: MemberId;
  /** Spreads what would otherwise happen at the same time everywhere. */
  readonly prng?: Prng;
  readonly defects?: ReadonlySet<Defect>;
  /** Memory for values: what was written lately, and what was read lately. Default 256 MiB. */
  readonly valueCacheBytesMax?: number;
  /** Applied but not yet in the database; applying waits beyond it. Default 64 MiB. */
  readonly pendingWriteBytesMax?: number;
  /** Shorter lease TTLs are raised to it. Default 2. */
  readonly minLeaseTtlSeconds?: number;
  /** A user's token that is not used for so long is good no more. Default 300. */
  readonly tokenTtlSeconds?: number;
  /** Time between progress responses to an idle watcher. Default 10 minutes. */
  readonly progressNotifyMs?: number;
  /** Bytes at which a watch response is cut. Default 1.5 MiB. */
  readonly watchResponseBytesMax?: number;
}

/** What belongs to one database and goes with it when a snapshot is restored. */
interface Live {
  readonly db: OrderedDb;
  readonly mvcc: MvccState;
  readonly queue: WriteQueue;
  readonly compactor: Compactor;
  readonly applier: Applier;
  readonly hash: AppliedHash;
}

/**
 * The replicated state machine: a multi-version store with leases, watches, members and alarms, in one ordered database.
 * Everything that it applies is a function of the log; docs/internals/data-layout.md says what is written when.
 */
export class Store implements StateMachine<ApplyResult> {
  readonly leases: Lessor;
  readonly members = new Membership();
  readonly alarms: AlarmReads;
  readonly watch: WatchHub;
  /** Users, roles and whether they count. */
  readonly auth: AuthState;
  readonly tokens: SimpleTokens;
  /** What was done since the store was opened. */
  readonly counts = new StoreCounts();
  readonly #alarms = new Alarms();
  readonly #options: StoreOptions;
  readonly #logger: Logger;
  readonly #mvcc: Mvcc;
  #live: Live;
  #applied: AppliedRecord;
  /** Applied state up to here is covered by a synced batch. Invariant: <= applied index. */
  #durableIndex: Index;
  /** Set once the database has failed. */
  #fatal: { readonly error: Error } | null = null;
  #restoring: Promise<void> | undefined;
  #isClosed = false;
  /** Bytes on disk when last measured, and bytes written since. */
  #diskBytes = 0;
  #bytesSinceMeasured = 0;

  private constructor(options: StoreOptions, state: ReplicaState) {
    const { clock, defects = noDefects, memberId } = options;
    this.#options = options;
    this.#logger =
      memberId === undefined
        ? options.logger
        : options.logger.child({ member: formatId(memberId) });
    this.leases = new Lessor({ clock, minTtlSeconds: options.minLeaseTtlSeconds ?? 2, defects });
    const { tokenTtlSeconds: ttlSeconds = defaultTokenTtlSeconds } = options;
    this.tokens = new SimpleTokens({ clock, ttlSeconds });
    this.auth = new AuthState(defects);
    this.#mvcc = new Mvcc(state.mvcc, {
      clock,
      counts: this.counts,
      flushed: () => this.#live.queue.flush(),
      restoring: () => this.#restoring,
    });
    this.alarms = this.#alarms;
    this.watch = this.#makeWatchHub();
    this.#live = this.#makeLive(state);
    this.#applied = state.applied;
    this.#durableIndex = state.applied.index;
    this.#takeOver(state);
  }

  /**
   * Opens the member's database, or makes one. Throws StoreDataError when its state cannot be used, and whatever the home
   * throws when it cannot be opened.
   */
  static async open(options: StoreOptions): Promise<Store> {
    const db = await options.home.openCurrent();
    try {
      await initialise(db, options);
      // What was found may have survived only in the page cache: a synced batch makes it durable, with all before it.
      await db.write([], { sync: true });
      const state = await loadReplica(db, { ...options, valueCacheBytesMax: cacheBytes(options) });
      const store = new Store(options, state);
      await store.#measure();
      return store;
    } catch (error) {
      await db.close();
      throw error;
    }
  }

  /** Reads of keys, at the applied state or before it. */
  get mvcc(): MvccReads & HistoryReads {
    return this.#mvcc;
  }

  /** Keys that exist now. */
  get liveKeys(): number {
    return this.#live.mvcc.index.liveCount;
  }

  get appliedIndex(): Index {
    return this.#applied.index;
  }

  get appliedTerm(): Term {
    return this.#applied.term;
  }

  /** Running hash of the applied state, 64 bits: equal on all members at an equal applied index. */
  get appliedHash(): bigint {
    return this.#live.hash.value;
  }

  get conf(): ConfState {
    return this.members.conf;
  }

  get durableIndex(): Index {
    return this.#durableIndex;
  }

  apply(entries: readonly AppliedEntry[]): readonly (ApplyResult | undefined)[] {
    if (this.#fatal !== null) throw this.#fatal.error;
    assert(!this.#isClosed && this.#restoring === undefined, 'apply while closed or restoring');
    const { applier, hash, mvcc, queue } = this.#live;
    const batch = new ApplyBatch(hash);
    const before = mvcc.revision;
    const results: (ApplyResult | undefined)[] = [];
    let { index, term } = this.#applied;
    for (const entry of entries) {
      assert(entry.index === index + 1, 'an entry does not follow the one before');
      ({ index, term } = entry);
      const outcome = applier.apply(entry, batch);
      const isError = outcome instanceof StoreError;
      hash.addNumber(index);
      hash.addNumber(term * 2 + Number(!isError));
      hash.addNumber(mvcc.revision);
      if (!entry.local) results.push(undefined);
      else if (isError) results.push({ ok: false, index, error: outcome });
      else results.push({ ok: true, index, response: outcome });
    }
    if (mvcc.revision > before) {
      for (const records of mvcc.tail.stretchesAfter(before)) batch.addRecords(records);
    }
    this.#applied = { index, term, revision: mvcc.revision, hash: hash.value };
    queue.add(batch.writes, batch.bytes, this.#applied);
    this.#onWriting(batch.bytes);
    this.watch.flush();
    return results;
  }

  prepare(entries: readonly AppliedEntry[]): Promise<void> | undefined {
    const { mvcc, queue } = this.#live;
    const room = queue.backpressure();
    if (room === undefined) return prefetch(mvcc, entries);
    return room.then(() => prefetch(mvcc, entries));
  }

  async sync(): Promise<Index> {
    const { queue } = this.#live;
    await queue.sync((applied) => this.#onDurable(applied));
    return this.#durableIndex;
  }

  async openSnapshot(): Promise<{
    readonly meta: SnapshotMeta;
    readonly chunks: AsyncIterable<Uint8Array>;
    close(): Promise<void>;
  }> {
    const { db, queue } = this.#live;
    const { snapshot, applied } = await queue.sync((durable) => {
      this.#onDurable(durable);
      return { snapshot: db.snapshot(), applied: durable };
    });
    const iterate = snapshot.iterate.bind(snapshot);
    const conf = decodeConf(await readOne(iterate, metaKey.conf));
    const noted = decodeApplied(await readOne(iterate, metaKey.applied));
    const found = await readApplied(snapshot, noted);
    assert(found.index === applied.index, 'the image is not of the state that was synced');
    return {
      meta: { index: applied.index, term: applied.term, conf },
      chunks: encodeImage(snapshot.iterate(allKeys)),
      close: () => snapshot.close(),
    };
  }

  async restoreSnapshot(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    assert(this.#restoring === undefined, 'two restores at once');
    assert(!this.#isClosed, 'restore after close');
    const restore = this.#restore(meta, chunks);
    this.#restoring = restore.then(
      () => {},
      () => {},
    );
    try {
      await restore;
    } finally {
      this.#restoring = undefined;
    }
    this.watch.onRestored();
  }

  /** Bytes of the database on disk and of its live records, both approximately; cheap. */
  sizeBytes(): { readonly total: number; readonly inUse: number } {
    const total = this.#diskBytes + this.#bytesSinceMeasured;
    return { total, inUse: Math.min(total, Math.round(this.#live.mvcc.recordBytes)) };
  }

  /** Makes LevelDB give back the space of what was deleted; resolves when done. */
  async defragment(): Promise<void> {
    const { db, queue } = this.#live;
    await queue.flush();
    await db.compactRange({ gte: allKeys.gte, lt: allKeys.lt });
    await this.#measure();
  }

  /** Ends all watches, waits for what is being written, and closes the database. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#restoring;
    const { compactor, db, queue } = this.#live;
    await this.watch.close();
    await compactor.stop();
    if (this.#fatal === null) await queue.sync((applied) => this.#onDurable(applied));
    await db.close();
  }

  async #restore(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const { home } = this.#options;
    const replacement = await home.openReplacement();
    let state: ReplicaState;
    try {
      await writeImage(replacement, chunks);
      const valueCacheBytesMax = cacheBytes(this.#options);
      state = await loadReplica(replacement, { ...this.#options, valueCacheBytesMax });
      checkImage(state, meta);
    } catch (error) {
      await replacement.close();
      throw error;
    }
    const { compactor, queue } = this.#live;
    await compactor.stop();
    if (this.#fatal === null) await queue.flush();
    await home.promote(replacement);
    this.#live = this.#makeLive(state);
    this.#applied = state.applied;
    this.#durableIndex = state.applied.index;
    this.#mvcc.replace(state.mvcc);
    this.#takeOver(state);
    await this.#measure();
    this.#logger.info('restored the state from a snapshot', { index: meta.index, term: meta.term });
  }

  #makeWatchHub(): WatchHub {
    const { clock, header, prng, progressNotifyMs, watchResponseBytesMax } = this.#options;
    return new WatchHub({
      history: this.#mvcc,
      clock,
      header,
      logger: this.#logger,
      ...(prng === undefined ? {} : { prng }),
      ...(progressNotifyMs === undefined ? {} : { progressIntervalMs: progressNotifyMs }),
      ...(watchResponseBytesMax === undefined ? {} : { responseBytesMax: watchResponseBytesMax }),
    });
  }

  #makeLive(state: ReplicaState): Live {
    const { clock, defects = noDefects, pendingWriteBytesMax = 64 * mebibyte } = this.#options;
    const { mvcc } = state;
    const queue = new WriteQueue({
      db: mvcc.db,
      clock,
      applied: state.applied,
      pendingBytesMax: pendingWriteBytesMax,
      packs: (after, upTo) => mvcc.tail.packs(after, upTo),
      onWritten: (applied, packs) => {
        for (const pack of packs) mvcc.packs.append(pack);
        mvcc.tail.onFlushed(applied.revision);
      },
      onError: (error) => this.#onDatabaseFailed('a write to the database failed', error),
      defects,
    });
    const compactor = new Compactor(mvcc, {
      clock,
      enqueue: (writes) => queue.addLocal(writes),
      backpressure: () => queue.backpressure(),
      flushed: () => queue.flush(),
    });
    const applier = new Applier({
      state: mvcc,
      lessor: this.leases,
      membership: this.members,
      alarms: this.#alarms,
      auth: { state: this.auth, tokens: this.tokens },
      publish: (events) => this.watch.publish(events),
      startCompaction: () => this.#startCompaction(compactor),
      counts: this.counts,
    });
    const hash = new AppliedHash(state.applied.hash);
    return { db: mvcc.db, mvcc, queue, compactor, applier, hash };
  }

  /** Makes the parts that outlive a restore hold the loaded state, and takes up an unfinished compaction. */
  #takeOver(state: ReplicaState): void {
    this.leases.load(state.leases, state.attachments);
    this.members.load(state.members, state.removedMembers, state.conf);
    this.#alarms.load(state.alarms);
    this.auth.load(state.auth);
    // What was granted and what was taken back in what is skipped is not known.
    this.tokens.clear();
    const { mvcc, compactor } = this.#live;
    if (mvcc.compactFinished < mvcc.compactRevision) void this.#startCompaction(compactor);
  }

  #startCompaction(compactor: Compactor): Promise<void> {
    const done = compactor.start();
    done.catch((error: unknown) => this.#onDatabaseFailed('compacting the database failed', error));
    return done;
  }

  #onDurable(applied: AppliedRecord): void {
    assert(applied.index >= this.#durableIndex);
    this.#durableIndex = applied.index;
  }

  #onDatabaseFailed(what: string, cause: unknown): void {
    if (this.#fatal !== null) return;
    const error = new Error(what, { cause });
    this.#fatal = { error };
    this.#logger.error(error.message, { error: String(cause) });
    this.#options.onFatal(error);
  }

  #onWriting(bytes: number): void {
    const before = this.#bytesSinceMeasured;
    this.#bytesSinceMeasured += bytes;
    if (before < sizeStaleBytes && this.#bytesSinceMeasured >= sizeStaleBytes) void this.#measure();
  }

  async #measure(): Promise<void> {
    try {
      this.#diskBytes = await this.#live.db.sizeBytes();
      this.#bytesSinceMeasured = 0;
    } catch (error) {
      this.#logger.warn('cannot measure the database', { error: String(error) });
    }
  }
}

function cacheBytes(options: StoreOptions): number {
  return options.valueCacheBytesMax ?? 256 * mebibyte;
}

/** The value of a key that is certainly there. */
async function readOne(
  iterate: (range: DbRange) => AsyncIterable<readonly (readonly [Uint8Array, Uint8Array])[]>,
  key: Uint8Array,
): Promise<Uint8Array> {
  for await (const step of iterate({ gte: key, lt: new Uint8Array([...key, 0]), limit: 1 })) {
    const entry = step[0];
    if (entry !== undefined) return entry[1];
  }
  throw new Error(`the image lacks ${String(key)}`);
}
