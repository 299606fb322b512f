import { toLatin1 } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import type {
  HashKVResponse,
  RangeRequest,
  RangeResponse,
  TxnRequest,
} from '../../wire/gen/etcdserverpb.js';
import type {
  HistoryReads,
  MvccReads,
  RevisionEvents,
  StoredRange,
  StoredTxn,
} from '../contracts.js';
import type { StoreCounts } from '../counts.js';
import { StoreError } from '../errors.js';
import { recordKeyValue } from '../schema/revision-record.js';
import { hashRevisions } from './hash-kv.js';
import { historyFromDatabase, historyInMemory } from './history.js';
import { decodeRange, finishRange, readRevision, revisionHeader } from './range-options.js';
import { RangeScan } from './range-scan.js';
import { decodeStored, type MvccState } from './state.js';
import { checkReads, planTxn, type TxnPath } from './txn.js';

/** How long a read computes before it gives the loop back. */
const sliceMs = 5;
/** Keys looked at between two looks at the clock. */
const stepKeys = 500;
/** Records asked of the database at once. */
const fetchCount = 256;

/** What reading needs of the store around it. */
export interface MvccOptions {
  readonly clock: Clock;
  readonly counts: StoreCounts;
  /** Resolves when everything applied so far is in the database. */
  readonly flushed: () => Promise<void>;
  /** Settles when a restore that is under way is over; undefined when none is. */
  readonly restoring: () => Promise<void> | undefined;
}

/** Reads of the multi-version store. They go on, or start over, while writes, compactions and restores happen. */
export class Mvcc implements MvccReads, HistoryReads {
  readonly #options: MvccOptions;
  #state: MvccState;

  constructor(state: MvccState, options: MvccOptions) {
    this.#state = state;
    this.#options = options;
  }

  get revision(): number {
    return this.#state.revision;
  }

  get compactRevision(): number {
    return this.#state.compactRevision;
  }

  /** Puts another state in place of the present one (a snapshot was restored). Reads under way start over. */
  replace(state: MvccState): void {
    this.#state = state;
  }

  async range(request: RangeRequest): Promise<RangeResponse> {
    return decodeRange(await this.find(request));
  }

  find(request: RangeRequest): StoredRange | Promise<StoredRange> {
    this.#options.counts.ranges++;
    return this.#oneInMemory(request) ?? this.#retry((state) => this.#find(state, request));
  }

  findTxn(request: TxnRequest): Promise<StoredTxn> {
    return this.#retry(async (state) => {
      const path = planTxn(state, request);
      checkReads(state, path);
      const found = await this.#readPath(state, path, state.revision);
      if (found !== null) {
        this.#options.counts.addOperations({ puts: 0, deletes: 0, ranges: rangesOf(path) });
      }
      return found;
    });
  }

  hashKv(revision: number): Promise<HashKVResponse> {
    return this.#retry(async (state) => {
      if (revision > state.revision) throw new StoreError('future-revision');
      if (revision > 0 && revision < state.compactRevision) throw new StoreError('compacted');
      const hashRevision = revision > 0 ? revision : state.revision;
      const { compactRevision } = state;
      await this.#options.flushed();
      const hash = await hashRevisions(state, hashRevision);
      // What a compaction in between was free to delete may or may not have been hashed.
      if (state.compactRevision !== compactRevision) return null;
      return { header: revisionHeader(state.revision), hash, compactRevision, hashRevision };
    });
  }

  history(from: number, revisionsMax: number): Promise<readonly RevisionEvents[]> {
    return this.#retry(async (state) => {
      if (from < state.compactRevision) throw new StoreError('compacted');
      if (from >= state.tail.firstComplete) return historyInMemory(state, from, revisionsMax);
      const events = await historyFromDatabase(state, from, revisionsMax);
      return from < state.compactRevision ? null : events;
    });
  }

  version(at: { readonly main: number; readonly sub: number }): Promise<Uint8Array | undefined> {
    return this.#retry(async (state) => {
      const record = state.recordInMemory(at.main, at.sub) ?? (await state.readRecords([at]))[0];
      return { record: record === undefined ? undefined : recordKeyValue(record) };
    }).then(({ record }) => record);
  }

  versionInMemory(at: { readonly main: number; readonly sub: number }): Uint8Array | undefined {
    const record = this.#state.recordInMemory(at.main, at.sub);
    return record === undefined ? undefined : recordKeyValue(record);
  }

  /** The everyday read, one key at the current revision whose value is in memory, without a detour. */
  #oneInMemory(request: RangeRequest): StoredRange | undefined {
    const state = this.#state;
    if (request.rangeEnd.length > 0 || request.revision > 0 || request.countOnly) return undefined;
    const entry = state.index.get(toLatin1(request.key));
    const { revision } = state;
    if (entry === undefined || !entry.isLive) return { revision, kvs: [], more: false, count: 0 };
    const record = state.recordInMemory(entry.main, entry.sub);
    if (record === undefined) return undefined;
    return finishRange(request, { kvs: [recordKeyValue(record)], count: 1, revision });
  }

  /** Runs a read until it was not overtaken: it returns null, or fails on a database that was replaced meanwhile. */
  async #retry<T>(read: (state: MvccState) => Promise<T | null>): Promise<T> {
    for (;;) {
      const state = this.#state;
      let result: T | null;
      try {
        result = await read(state);
      } catch (error) {
        const restoring = this.#options.restoring();
        if (error instanceof StoreError || (restoring === undefined && state === this.#state)) {
          throw error;
        }
        await restoring;
        continue;
      }
      if (result !== null && state === this.#state) return result;
    }
  }

  async #find(state: MvccState, request: RangeRequest): Promise<StoredRange | null> {
    // The header tells the revision now, also of a read in the past.
    const current = state.revision;
    const revision = readRevision(request.revision, state);
    const scan = new RangeScan(state, request, revision);
    if (!(await this.#complete(state, scan, revision))) return null;
    return finishRange(request, { kvs: scan.kvs, count: scan.count, revision: current });
  }

  /** Carries a scan to its end; false when its revision was compacted away or the state replaced. */
  async #complete(state: MvccState, scan: RangeScan, revision: number): Promise<boolean> {
    const { clock } = this.#options;
    let sliceEnd = clock.now() + sliceMs;
    while (!scan.done) {
      scan.step(stepKeys);
      if (scan.missing.length >= fetchCount || (scan.done && scan.missing.length > 0)) {
        if (!(await this.#fetch(state, scan, revision))) return false;
        sliceEnd = clock.now() + sliceMs;
      } else if (!scan.done && clock.now() >= sliceEnd) {
        await new Promise<void>((resolve) => clock.defer(resolve));
        if (!this.#stillReadable(state, revision)) return false;
        sliceEnd = clock.now() + sliceMs;
      }
    }
    return true;
  }

  /** Reads what a scan found missing. */
  async #fetch(state: MvccState, scan: RangeScan, revision: number): Promise<boolean> {
    const { missing } = scan;
    scan.missing = [];
    for (let from = 0; from < missing.length; from += fetchCount) {
      const part = missing.slice(from, from + fetchCount);
      const records = await state.readRecords(part);
      if (!this.#stillReadable(state, revision)) return false;
      part.forEach(({ place, main, sub }, i) => {
        const record = records[i];
        if (record === undefined) {
          throw new Error(`the database lacks revision ${main}.${sub}, which is not compacted`);
        }
        state.cache.set(main, sub, record);
        decodeStored(record, main, sub);
        scan.kvs[place] = recordKeyValue(record);
      });
    }
    return true;
  }

  #stillReadable(state: MvccState, revision: number): boolean {
    return state === this.#state && revision >= state.compactRevision;
  }

  /** What the reads on a txn's path find, all at `revision`; null when overtaken. */
  async #readPath(state: MvccState, path: TxnPath, revision: number): Promise<StoredTxn | null> {
    const responses: (StoredRange | StoredTxn)[] = [];
    let nested = 0;
    for (const { requestRange, requestTxn } of path.ops) {
      if (requestTxn !== undefined) {
        const inner = await this.#readPath(state, path.nested[nested++] as TxnPath, revision);
        if (inner === null) return null;
        responses.push(inner);
      } else if (requestRange !== undefined) {
        const at = requestRange.revision > 0 ? requestRange.revision : revision;
        const scan = new RangeScan(state, requestRange, at);
        if (!(await this.#complete(state, scan, at))) return null;
        const { kvs, count } = scan;
        responses.push(finishRange(requestRange, { kvs, count, revision }));
      }
    }
    return { revision, succeeded: path.succeeded, responses };
  }
}

function rangesOf({ ops, nested }: TxnPath): number {
  const own = ops.filter(({ requestRange }) => requestRange !== undefined).length;
  return nested.reduce((sum, path) => sum + rangesOf(path), own);
}
