import type { Defect } from '../../src/base/defect.js';
import { clusterId, type MemberId, memberId } from '../../src/base/ids.js';
import { silentLogger } from '../../src/base/logger.js';
import type { OrderedDbHome } from '../../src/base/ordered-db.js';
import { Prng } from '../../src/base/prng.js';
import type { ConfState } from '../../src/raft/core/types.js';
import type { AppliedEntry } from '../../src/raft/node/contracts.js';
import { type ApplyResponse, type ApplyResult, CommandKind } from '../../src/store/contracts.js';
import { Store, type StoreOptions } from '../../src/store/store.js';
import {
  AlarmRequest,
  CompactionRequest,
  DeleteRangeRequest,
  type DeleteRangeRequestInit,
  LeaseGrantRequest,
  LeaseRevokeRequest,
  PutRequest,
  type PutRequestInit,
  RangeRequest,
  type RangeRequestInit,
  type RangeResponse,
  ResponseHeader,
  TxnRequest,
  type TxnRequestInit,
} from '../../src/wire/gen/etcdserverpb.js';
import { MemberRecord } from '../../src/wire/gen/store.js';
import { SimDbHome } from '../sim/db.js';
import { instantClock } from '../sim/instant-clock.js';

export const testCluster = clusterId(0xc1n);
export const testMember: MemberId = memberId(0xa1n);
export const testConf: ConfState = {
  voters: [testMember],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};

/** The bytes of a latin1 text. */
export const b = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
/** The text of bytes. */
export const s = (bytes: Uint8Array | undefined): string =>
  bytes === undefined ? '' : Buffer.from(bytes).toString('latin1');

/** An entry's data: the command's kind and its request. */
export function command(kind: CommandKind, payload: Uint8Array): Uint8Array {
  return new Uint8Array([kind, ...payload]);
}

export const put = (key: string, value: string, more: PutRequestInit = {}) =>
  command(CommandKind.put, PutRequest.encode({ key: b(key), value: b(value), ...more }));
export const del = (key: string, more: DeleteRangeRequestInit = {}) =>
  command(CommandKind.deleteRange, DeleteRangeRequest.encode({ key: b(key), ...more }));
export const txn = (request: TxnRequestInit) =>
  command(CommandKind.txn, TxnRequest.encode(request));
export const compact = (revision: number) =>
  command(CommandKind.compact, CompactionRequest.encode({ revision }));
export const grant = (id: bigint, ttl = 100) =>
  command(CommandKind.leaseGrant, LeaseGrantRequest.encode({ ID: id, TTL: ttl }));
export const revoke = (id: bigint) =>
  command(CommandKind.leaseRevoke, LeaseRevokeRequest.encode({ ID: id }));
export const alarm = (action: number, alarmType: number, member = 0n) =>
  command(CommandKind.alarm, AlarmRequest.encode({ action, alarm: alarmType, memberID: member }));

/** A store in a test, with the log that feeds it: after a crash the log is applied again from where the store stands. */
export class StoreRig {
  readonly home: OrderedDbHome;
  readonly log: Uint8Array[] = [];
  readonly fatal: unknown[] = [];
  readonly #options: Partial<StoreOptions>;
  store!: Store;

  private constructor(home: OrderedDbHome, options: Partial<StoreOptions>) {
    this.home = home;
    this.#options = options;
  }

  static async open(
    home: OrderedDbHome = new SimDbHome({ prng: new Prng(1) }),
    options: Partial<StoreOptions> = {},
  ): Promise<StoreRig> {
    const rig = new StoreRig(home, options);
    await rig.reopen();
    return rig;
  }

  /** Opens the store again and applies what its database lacks of the log, at once or in random parts. */
  async reopen(prng?: Prng): Promise<void> {
    this.store = await openStore(this.home, {
      onFatal: (error) => this.fatal.push(error),
      ...this.#options,
    });
    let from = this.store.appliedIndex - 1;
    while (from < this.log.length) {
      const to = prng === undefined ? this.log.length : prng.int(from, this.log.length) + 1;
      this.store.apply(this.log.slice(from, to).map((data, i) => entryOf(data, from + i, false)));
      from = to;
    }
  }

  /** Applies commands as one batch; their results. */
  applyAll(commands: readonly Uint8Array[], local = true): (ApplyResult | undefined)[] {
    const from = this.log.length;
    this.log.push(...commands);
    return [...this.store.apply(commands.map((data, i) => entryOf(data, from + i, local)))];
  }

  /** Applies one command; its result. */
  apply(data: Uint8Array): ApplyResult {
    return this.applyAll([data])[0]!;
  }

  /** Applies one command that must succeed; its response. */
  ok(data: Uint8Array): ApplyResponse {
    const result = this.apply(data);
    if (!result.ok) throw result.error;
    return result.response;
  }

  /** Applies one command that must fail; its error code. */
  refused(data: Uint8Array): string {
    const result = this.apply(data);
    return result.ok ? 'ok' : result.error.code;
  }

  range(request: RangeRequestInit): Promise<RangeResponse> {
    return this.store.mvcc.range(RangeRequest.create(request as Partial<RangeRequest>));
  }

  /** All keys with values, as text. */
  async dump(revision = 0): Promise<string[]> {
    const { kvs } = await this.range({ key: b('\0'), rangeEnd: b('\0'), revision });
    return kvs.map((kv) => `${s(kv.key)}=${s(kv.value)}`);
  }
}

/** Opens a store of the test cluster. */
export function openStore(
  home: OrderedDbHome,
  options: Partial<StoreOptions> = {},
): Promise<Store> {
  return Store.open({
    home,
    clock: instantClock,
    logger: silentLogger,
    clusterId: testCluster,
    bootstrap: {
      conf: testConf,
      members: [
        MemberRecord.create({ id: testMember, name: 'one', peerUrls: ['http://one:2380'] }),
      ],
    },
    header: (revision) => ResponseHeader.encode({ revision }),
    onFatal: (error) => {
      throw error;
    },
    ...options,
  });
}

/** Options with defects. */
export const withDefects = (...defects: Defect[]): Partial<StoreOptions> => ({
  defects: new Set(defects),
});

/** The log of a new cluster begins after index 1. */
function entryOf(data: Uint8Array, position: number, local: boolean): AppliedEntry {
  return { index: position + 2, term: 1, data, conf: null, local };
}
