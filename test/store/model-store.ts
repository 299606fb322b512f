import { StoreError, type StoreErrorCode } from '../../src/store/errors.js';
import {
  type Compare,
  CompareResult,
  CompareTarget,
  type DeleteRangeRequest,
  type PutRequest,
  type RangeRequest,
  type RangeResponse,
  type RequestOp,
  type ResponseOp,
  ResponseOp as ResponseOpCodec,
  SortOrder,
  SortTarget,
  type TxnRequest,
  type TxnResponse,
} from '../../src/wire/gen/etcdserverpb.js';
import { KeyValue } from '../../src/wire/gen/mvccpb.js';
import { b, s } from './store-harness.js';

const header = (revision: number) => ({ clusterId: 0n, memberId: 0n, revision, raftTerm: 0 });

type Contents = ReadonlyMap<string, KeyValue>;

/** What happened at one revision, in order. */
export interface ModelEvent {
  readonly kind: 'put' | 'delete';
  readonly key: string;
  readonly value: string;
}

/**
 * The multi-version store as simply as can be: a whole copy of all keys for every revision. It has no leases but the ids
 * that exist.
 */
export class ModelStore {
  readonly #revisions: Contents[] = [new Map(), new Map()];
  readonly events: ModelEvent[][] = [[], []];
  readonly leases = new Set<bigint>();
  compactRevision = -1;
  /** The txn under way: its working copy and what it did. */
  #working: Map<string, KeyValue> | null = null;
  #changes: ModelEvent[] = [];

  get revision(): number {
    return this.#revisions.length - 1 + (this.#changes.length > 0 ? 1 : 0);
  }

  put(request: PutRequest): { header: object; prevKv: KeyValue | undefined } {
    this.#checkLease(request);
    this.#checkKept(request);
    return this.#atomically(() => this.#put(request));
  }

  del(request: DeleteRangeRequest): object {
    return this.#atomically(() => this.#delete(request));
  }

  txn(request: TxnRequest): TxnResponse {
    const path = this.#plan(request);
    this.#walk(path, (op) => {
      if (op.requestPut === undefined) return;
      this.#checkKept(op.requestPut);
      this.#checkLease(op.requestPut);
    });
    this.#walk(path, (op) => {
      const revision = op.requestRange?.revision ?? 0;
      if (revision === 0) return;
      if (revision > this.revision) refuse('future-revision');
      if (revision < this.compactRevision) refuse('compacted');
    });
    return this.#atomically(() => {
      const responses = this.#execute(path);
      return { header: header(this.revision), succeeded: path.succeeded, responses };
    });
  }

  revoke(id: bigint): void {
    if (!this.leases.delete(id)) refuse('lease-not-found');
    this.#atomically(() => {
      for (const [key, kv] of this.#sorted()) if (kv.lease === id) this.#remove(key);
    });
  }

  compact(revision: number): void {
    if (revision <= this.compactRevision) refuse('compacted');
    if (revision > this.revision) refuse('future-revision');
    this.compactRevision = revision;
  }

  range(request: RangeRequest): RangeResponse {
    if (request.revision > this.revision) refuse('future-revision');
    if (request.revision > 0 && request.revision < this.compactRevision) refuse('compacted');
    const isPast = request.revision > 0 && request.revision < this.#revisions.length;
    const contents = isPast ? this.#revisions[request.revision]! : this.#contents();
    const inRange = [...contents.values()].filter((kv) => within(kv.key, request));
    inRange.sort((x, y) => Buffer.compare(x.key, y.key));
    let kvs = inRange.filter(
      (kv) =>
        (request.minModRevision === 0 || kv.modRevision >= request.minModRevision) &&
        (request.maxModRevision === 0 || kv.modRevision <= request.maxModRevision) &&
        (request.minCreateRevision === 0 || kv.createRevision >= request.minCreateRevision) &&
        (request.maxCreateRevision === 0 || kv.createRevision <= request.maxCreateRevision),
    );
    const by = sortValue(request.sortTarget);
    const sign = request.sortOrder === SortOrder.DESCEND ? -1 : 1;
    kvs.sort((x, y) => {
      const [p, q] = [by(x), by(y)];
      return p < q ? -sign : p > q ? sign : 0;
    });
    const { length } = kvs;
    if (request.limit > 0) kvs = kvs.slice(0, request.limit);
    if (request.keysOnly) kvs = kvs.map((kv) => ({ ...kv, value: b('') }));
    const count = inRange.length;
    if (request.countOnly) return { header: header(this.revision), kvs: [], more: false, count };
    const more = request.limit > 0 && length > request.limit;
    return { header: header(this.revision), kvs, more, count };
  }

  #atomically<T>(work: () => T): T {
    this.#working = new Map(this.#revisions.at(-1)!);
    const result = work();
    if (this.#changes.length > 0) {
      this.events.push(this.#changes);
      this.#changes = [];
      this.#revisions.push(this.#working);
    }
    this.#working = null;
    return result;
  }

  #contents(): Contents {
    return this.#working ?? this.#revisions.at(-1)!;
  }

  #sorted(): [string, KeyValue][] {
    return [...this.#contents()].sort(([x], [y]) => (x < y ? -1 : 1));
  }

  #put(request: PutRequest): { header: object; prevKv: KeyValue | undefined } {
    const key = s(request.key);
    const before = this.#contents().get(key);
    const main = this.#revisions.length;
    const kv = KeyValue.create({
      key: request.key,
      createRevision: before?.createRevision ?? main,
      modRevision: main,
      version: (before?.version ?? 0) + 1,
      value: request.ignoreValue ? before!.value : request.value,
      lease: request.ignoreLease ? before!.lease : request.lease,
    });
    this.#working!.set(key, kv);
    this.#changes.push({ kind: 'put', key, value: s(kv.value) });
    return { header: header(main), prevKv: request.prevKv ? before : undefined };
  }

  #delete(request: DeleteRangeRequest): object {
    const victims = this.#sorted().filter(([, kv]) => within(kv.key, request));
    for (const [key] of victims) this.#remove(key);
    const prevKvs = request.prevKv ? victims.map(([, kv]) => kv) : [];
    return { header: header(this.revision), deleted: victims.length, prevKvs };
  }

  #remove(key: string): void {
    this.#working!.delete(key);
    this.#changes.push({ kind: 'delete', key, value: '' });
  }

  #checkLease(request: PutRequest): void {
    if (request.lease !== 0n && !this.leases.has(request.lease)) refuse('lease-not-found');
  }

  #checkKept(request: PutRequest): void {
    if (!request.ignoreValue && !request.ignoreLease) return;
    if (!this.#contents().has(s(request.key))) refuse('key-not-found');
  }

  #plan(request: TxnRequest): Path {
    const succeeded = request.compare.every((compare) => this.#holds(compare));
    const ops = succeeded ? request.success : request.failure;
    const nested = ops.map((op) => (op.requestTxn ? this.#plan(op.requestTxn) : null));
    return { succeeded, ops, nested };
  }

  #walk(path: Path, visit: (op: RequestOp) => void): void {
    path.ops.forEach((op, i) => {
      visit(op);
      if (path.nested[i]) this.#walk(path.nested[i], visit);
    });
  }

  #execute(path: Path): ResponseOp[] {
    return path.ops.map((op, i) => {
      if (op.requestPut) {
        return ResponseOpCodec.create({ responsePut: this.#put(op.requestPut) as never });
      }
      if (op.requestDeleteRange) {
        const response = this.#delete(op.requestDeleteRange);
        return ResponseOpCodec.create({ responseDeleteRange: response as never });
      }
      if (op.requestRange) {
        return ResponseOpCodec.create({ responseRange: this.range(op.requestRange) });
      }
      const inner = path.nested[i];
      if (!inner) return ResponseOpCodec.create({});
      const responses = this.#execute(inner);
      const { succeeded } = inner;
      return ResponseOpCodec.create({ responseTxn: { header: header(0), succeeded, responses } });
    });
  }

  #holds(compare: Compare): boolean {
    const found = [...this.#contents().values()].filter((kv) => within(kv.key, compare));
    if (found.length === 0 && compare.target === CompareTarget.VALUE) return false;
    if (found.length === 0) found.push(KeyValue.create());
    return found.every((kv) => {
      const [x, y] = [
        [kv.version, compare.version ?? 0],
        [kv.createRevision, compare.createRevision ?? 0],
        [kv.modRevision, compare.modRevision ?? 0],
        [s(kv.value), s(compare.value)],
        [kv.lease, compare.lease ?? 0n],
      ][compare.target]! as [number, number];
      if (compare.result === CompareResult.EQUAL) return x === y;
      if (compare.result === CompareResult.NOT_EQUAL) return x !== y;
      return compare.result === CompareResult.GREATER ? x > y : x < y;
    });
  }
}

interface Path {
  readonly succeeded: boolean;
  readonly ops: readonly RequestOp[];
  readonly nested: readonly (Path | null)[];
}

function refuse(code: StoreErrorCode): never {
  throw new StoreError(code);
}

function within(
  key: Uint8Array,
  range: { readonly key: Uint8Array; readonly rangeEnd: Uint8Array },
): boolean {
  if (range.rangeEnd.length === 0) return Buffer.compare(key, range.key) === 0;
  if (Buffer.compare(key, range.key) < 0) return false;
  return s(range.rangeEnd) === '\0' || Buffer.compare(key, range.rangeEnd) < 0;
}

function sortValue(target: number): (kv: KeyValue) => string | number {
  return {
    [SortTarget.KEY]: (kv: KeyValue) => s(kv.key),
    [SortTarget.VERSION]: (kv: KeyValue) => kv.version,
    [SortTarget.CREATE]: (kv: KeyValue) => kv.createRevision,
    [SortTarget.MOD]: (kv: KeyValue) => kv.modRevision,
    [SortTarget.VALUE]: (kv: KeyValue) => s(kv.value),
  }[target]!;
}
