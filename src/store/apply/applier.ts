import { unreachable } from '../../base/assert.js';
import { memberId } from '../../base/ids.js';
import type { AppliedEntry } from '../../raft/node/contracts.js';
import { WireError } from '../../wire/errors.js';
import {
  AlarmRequest,
  AlarmType,
  CompactionRequest,
  DeleteRangeRequest,
  LeaseGrantRequest,
  LeaseRevokeRequest,
  PutRequest,
  type RequestOp,
  ResponseOp,
  TxnRequest,
} from '../../wire/gen/etcdserverpb.js';
import {
  LeaseCheckpointBatch,
  LeaseExpire,
  LeaseKeepAliveBatch,
  LeaseRecord,
  MemberPublish,
  MemberRecord,
} from '../../wire/gen/store.js';
import { emptyBytes } from '../../wire/reader.js';
import { AccessCheck } from '../auth/access.js';
import { type AuthParts, applyAuthOp } from '../auth/auth-changes.js';
import { type AuthInfo, nobody } from '../auth/auth-info.js';
import { AuthOp } from '../auth/auth-op.js';
import { decodeOnBehalf } from '../auth/on-behalf.js';
import { type ApplyResponse, CommandKind, type RevisionEvents } from '../contracts.js';
import type { StoreCounts } from '../counts.js';
import { StoreError } from '../errors.js';
import type { Lessor } from '../lease/lessor.js';
import type { Membership } from '../member/membership.js';
import { putPlainly } from '../mvcc/put-plainly.js';
import { boundsOf, revisionHeader } from '../mvcc/range-options.js';
import type { MvccState } from '../mvcc/state.js';
import { checkPath, executePath, planTxn } from '../mvcc/txn.js';
import { checkKept, checkLease, WriteTxn } from '../mvcc/write-txn.js';
import { leaseKey, memberKey, metaKey, removedMemberKey } from '../schema/keys.js';
import { encodeConf, encodeCounter } from '../schema/meta.js';
import { PlainPut } from '../schema/plain-put.js';
import type { Alarms } from './alarms.js';
import type { ApplyBatch } from './apply-batch.js';

/** The parts of the state machine that entries change. */
export interface ApplierParts {
  readonly state: MvccState;
  readonly lessor: Lessor;
  readonly membership: Membership;
  readonly alarms: Alarms;
  readonly auth: AuthParts;
  /** Called after each revision, once it is readable. */
  readonly publish: (events: RevisionEvents) => void;
  /** Starts the deletions of the compaction that was just applied. */
  readonly startCompaction: () => Promise<void>;
  readonly counts: StoreCounts;
}

const nothing: ApplyResponse = { kind: 'none' };
const lastKind = CommandKind.onBehalf;

/**
 * Carries out log entries, one at a time and synchronously. What an entry does is a function of the entries before it and
 * of nothing else; operating errors are outcomes like any other, and nothing is changed then.
 */
export class Applier {
  readonly #parts: ApplierParts;
  readonly #plainPut = new PlainPut();
  readonly #access: AccessCheck;
  /** Whom the command under way is for. */
  #user: AuthInfo = nobody;

  constructor(parts: ApplierParts) {
    this.#parts = parts;
    this.#access = new AccessCheck(parts.auth.state, parts.lessor);
  }

  /**
   * Applies one entry; what it writes beside revision records goes to `batch`. Returns an error rather than throw it when the
   * entry is refused. Throws only for bugs and broken storage.
   */
  apply(entry: AppliedEntry, batch: ApplyBatch): ApplyResponse | StoreError {
    try {
      return this.#run(entry, batch);
    } catch (error) {
      if (error instanceof StoreError) return error;
      if (!(error instanceof WireError)) throw error;
      return new StoreError('malformed-entry', { cause: error });
    }
  }

  #run(entry: AppliedEntry, batch: ApplyBatch): ApplyResponse {
    if (entry.conf !== null) return this.#changeConf(entry, entry.conf, batch);
    if (entry.data.length === 0) return nothing;
    if (entry.data[0] === CommandKind.onBehalf) return this.#runOnBehalf(entry, batch);
    return this.#runCommand(entry.data, entry, batch);
  }

  #runOnBehalf(entry: AppliedEntry, batch: ApplyBatch): ApplyResponse {
    const { user, data } = decodeOnBehalf(entry.data);
    if (data[0] === CommandKind.onBehalf) throw new StoreError('malformed-entry');
    this.#user = user;
    try {
      return this.#runCommand(data, entry, batch);
    } finally {
      this.#user = nobody;
    }
  }

  #runCommand(data: Uint8Array, entry: AppliedEntry, batch: ApplyBatch): ApplyResponse {
    const kind = data[0] ?? 0;
    if (kind < CommandKind.put || kind > lastKind) throw new StoreError('malformed-entry');
    if (kind === CommandKind.put && this.#plainPut.read(data, 1)) {
      return this.#putPlainly(entry.local);
    }
    if (kind === CommandKind.txn && !this.#isAuthEnabled && this.#plainPut.readTxn(data, 1)) {
      return this.#txnPlainly(entry.local);
    }
    return this.#command(kind as CommandKind, data.subarray(1), entry, batch);
  }

  #command(
    kind: CommandKind,
    payload: Uint8Array,
    entry: AppliedEntry,
    batch: ApplyBatch,
  ): ApplyResponse {
    switch (kind) {
      case CommandKind.put:
        return this.#put(PutRequest.decode(payload), entry.local);
      case CommandKind.deleteRange:
        return this.#deleteRange(DeleteRangeRequest.decode(payload), entry.local);
      case CommandKind.txn:
        return this.#txn(TxnRequest.decode(payload), entry.local);
      case CommandKind.compact:
        return this.#compact(CompactionRequest.decode(payload), batch);
      case CommandKind.leaseGrant:
        return this.#leaseGrant(LeaseGrantRequest.decode(payload), entry, batch);
      case CommandKind.leaseRevoke:
        return this.#leaseRevoke(LeaseRevokeRequest.decode(payload), batch);
      case CommandKind.leaseKeepAlive:
        return this.#leaseKeepAlive(LeaseKeepAliveBatch.decode(payload), entry, batch);
      case CommandKind.leaseExpire:
        return this.#leaseExpire(LeaseExpire.decode(payload), batch);
      case CommandKind.leaseCheckpoint:
        return this.#leaseCheckpoint(LeaseCheckpointBatch.decode(payload), batch);
      case CommandKind.memberPublish:
        return this.#memberPublish(MemberPublish.decode(payload), batch);
      case CommandKind.alarm:
        return { kind: 'alarm', value: this.#alarm(AlarmRequest.decode(payload), batch) };
      case CommandKind.memberUpdate:
        return this.#memberUpdate(MemberRecord.decode(payload), batch);
      case CommandKind.auth:
        return this.#auth(payload, entry, batch);
      case CommandKind.onBehalf:
        throw new StoreError('malformed-entry');
      default:
        return unreachable(kind);
    }
  }

  #put(request: PutRequest, want: boolean): ApplyResponse {
    this.#refuseWhenCorrupt();
    this.#refuseWhenFull();
    if (this.#isAuthEnabled) this.#access.put(this.#user, request);
    const { state, lessor } = this.#parts;
    checkLease(lessor, request);
    checkKept(state, request);
    const txn = this.#begin();
    const prevKv = txn.put(request, want && request.prevKv);
    this.#finish(txn);
    if (!want) return nothing;
    return { kind: 'put', value: { header: revisionHeader(state.revision), prevKv } };
  }

  /** The same for the request that was just read, as nearly all are. */
  #putPlainly(want: boolean): ApplyResponse {
    this.#refuseWhenCorrupt();
    this.#refuseWhenFull();
    if (this.#isAuthEnabled) this.#access.putPlainly(this.#user, this.#plainPut);
    const { state, lessor, counts } = this.#parts;
    counts.puts++;
    this.#parts.publish(putPlainly(state, lessor, this.#plainPut));
    if (!want) return nothing;
    const value = { header: revisionHeader(state.revision), prevKv: undefined };
    return { kind: 'put', value };
  }

  /** The same for a txn that is such a put and nothing else. */
  #txnPlainly(want: boolean): ApplyResponse {
    const response = this.#putPlainly(want);
    if (response.kind !== 'put') return response;
    const header = response.value.header;
    const responses = [ResponseOp.create({ responsePut: response.value })];
    return { kind: 'txn', value: { header, succeeded: true, responses } };
  }

  #deleteRange(request: DeleteRangeRequest, want: boolean): ApplyResponse {
    this.#refuseWhenCorrupt();
    if (this.#isAuthEnabled) this.#access.deleteRange(this.#user, request);
    const txn = this.#begin();
    const bounds = boundsOf(request.key, request.rangeEnd);
    const { deleted, previous } = txn.deleteRange(bounds, want && request.prevKv);
    this.#finish(txn);
    if (!want) return nothing;
    const header = revisionHeader(this.#parts.state.revision);
    return { kind: 'deleteRange', value: { header, deleted, prevKvs: previous } };
  }

  #txn(request: TxnRequest, want: boolean): ApplyResponse {
    this.#refuseWhenCorrupt();
    if (hasPut(request)) this.#refuseWhenFull();
    if (this.#isAuthEnabled) this.#access.txn(this.#user, request);
    const { state, lessor } = this.#parts;
    const path = planTxn(state, request);
    checkPath(state, lessor, path);
    const txn = this.#begin();
    const responses = executePath(state, path, txn, want);
    this.#finish(txn);
    if (!want) return nothing;
    const header = revisionHeader(state.revision);
    return { kind: 'txn', value: { header, succeeded: path.succeeded, responses } };
  }

  #compact(request: CompactionRequest, batch: ApplyBatch): ApplyResponse {
    this.#refuseWhenCorrupt();
    const { state } = this.#parts;
    if (request.revision <= state.compactRevision) throw new StoreError('compacted');
    if (request.revision > state.revision) throw new StoreError('future-revision');
    state.compactRevision = request.revision;
    batch.put(metaKey.compactScheduled, encodeCounter(request.revision));
    const physical = this.#parts.startCompaction();
    return { kind: 'compact', value: { header: revisionHeader(state.revision) }, physical };
  }

  #leaseGrant(request: LeaseGrantRequest, entry: AppliedEntry, batch: ApplyBatch): ApplyResponse {
    this.#refuseWhenCorrupt();
    this.#refuseWhenFull();
    const { record } = this.#parts.lessor.grant(request, entry.index);
    putLease(batch, record);
    this.#parts.counts.leasesGranted++;
    const header = revisionHeader(this.#parts.state.revision);
    const value = { header, ID: record.id, TTL: record.ttlSeconds, error: '' };
    return { kind: 'leaseGrant', value };
  }

  #leaseRevoke(request: LeaseRevokeRequest, batch: ApplyBatch): ApplyResponse {
    this.#refuseWhenCorrupt();
    if (this.#isAuthEnabled) this.#access.writeLease(this.#user, request.ID);
    this.#revoke(request.ID, batch);
    return {
      kind: 'leaseRevoke',
      value: { header: revisionHeader(this.#parts.state.revision) },
    };
  }

  #leaseKeepAlive(
    request: LeaseKeepAliveBatch,
    entry: AppliedEntry,
    batch: ApplyBatch,
  ): ApplyResponse {
    const { ttlSeconds, changed } = this.#parts.lessor.renew(request.ids, entry.index);
    for (const record of changed) putLease(batch, record);
    this.#parts.counts.leasesRenewed += changed.length;
    return { kind: 'leaseKeepAlive', value: { ttlSeconds } };
  }

  /** Each lease is a revision of its own. */
  #leaseExpire(request: LeaseExpire, batch: ApplyBatch): ApplyResponse {
    this.#refuseWhenCorrupt();
    for (const id of this.#parts.lessor.expirable(request.items)) {
      this.#revoke(id, batch);
      this.#parts.counts.leasesExpired++;
    }
    return nothing;
  }

  #leaseCheckpoint(request: LeaseCheckpointBatch, batch: ApplyBatch): ApplyResponse {
    for (const record of this.#parts.lessor.checkpoint(request.items).changed) {
      putLease(batch, record);
    }
    return nothing;
  }

  #memberPublish(request: MemberPublish, batch: ApplyBatch): ApplyResponse {
    const record = this.#parts.membership.publish(request);
    if (record !== undefined) batch.put(memberKey(record.id), MemberRecord.encode(record));
    return nothing;
  }

  #memberUpdate(request: MemberRecord, batch: ApplyBatch): ApplyResponse {
    const { membership } = this.#parts;
    const record = membership.updatePeerUrls(memberId(request.id), request.peerUrls);
    batch.put(memberKey(record.id), MemberRecord.encode(record));
    return { kind: 'members', value: membership.list() };
  }

  /** Logging in is for everybody: whoever asked has been found to know the password. */
  #auth(payload: Uint8Array, entry: AppliedEntry, batch: ApplyBatch): ApplyResponse {
    const { auth } = this.#parts;
    const needsRoot = this.#isAuthEnabled && payload[0] !== AuthOp.grantToken;
    if (needsRoot) this.#access.root(this.#user);
    return applyAuthOp(payload, entry.index, auth, batch);
  }

  get #isAuthEnabled(): boolean {
    return this.#parts.auth.state.isEnabled;
  }

  #alarm(request: AlarmRequest, batch: ApplyBatch) {
    return this.#parts.alarms.apply(request, batch);
  }

  #changeConf(
    entry: AppliedEntry,
    conf: NonNullable<AppliedEntry['conf']>,
    batch: ApplyBatch,
  ): ApplyResponse {
    const { membership } = this.#parts;
    const { put, removed } = membership.applyConfChange(usableContext(entry.data), conf);
    for (const record of put) batch.put(memberKey(record.id), MemberRecord.encode(record));
    for (const id of removed) {
      batch.delete(memberKey(id));
      batch.put(removedMemberKey(id), emptyBytes);
    }
    batch.put(metaKey.conf, encodeConf(conf));
    return { kind: 'members', value: membership.list() };
  }

  /** Ends a lease and deletes its keys, in key order, in one revision. */
  #revoke(id: bigint, batch: ApplyBatch): void {
    const keys = this.#parts.lessor.revoke(id);
    batch.delete(leaseKey(id));
    const txn = this.#begin();
    txn.deleteKeys(keys);
    this.#parts.counts.leasesRevoked++;
    this.#finish(txn);
  }

  #begin(): WriteTxn {
    return new WriteTxn(this.#parts.state, this.#parts.lessor);
  }

  #finish(txn: WriteTxn): void {
    this.#parts.counts.addOperations(txn);
    const events = txn.finish();
    if (events !== null) this.#parts.publish(events);
  }

  /** What stores more is refused while a NOSPACE alarm is raised: the alarm is replicated, so all members refuse alike. */
  #refuseWhenFull(): void {
    if (this.#parts.alarms.has(AlarmType.NOSPACE)) throw new StoreError('no-space');
  }

  #refuseWhenCorrupt(): void {
    if (this.#parts.alarms.has(AlarmType.CORRUPT)) throw new StoreError('corrupt');
  }
}

/** Consensus has changed its membership in any case: a context that says nothing readable counts as none. */
function usableContext(context: Uint8Array): Uint8Array {
  try {
    MemberRecord.decode(context);
    return context;
  } catch (error) {
    if (error instanceof WireError) return emptyBytes;
    throw error;
  }
}

/** A put in either branch, at any depth, makes a txn one that needs space. */
function hasPut(request: TxnRequest): boolean {
  const isPut = (op: RequestOp): boolean =>
    op.requestPut !== undefined || (op.requestTxn !== undefined && hasPut(op.requestTxn));
  return request.success.some(isPut) || request.failure.some(isPut);
}

function putLease(batch: ApplyBatch, record: LeaseRecord): void {
  batch.put(leaseKey(record.id), LeaseRecord.encode(record));
}
