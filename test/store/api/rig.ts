import type { Test } from 'tap';
import { noMember } from '../../../src/base/ids.js';
import { silentLogger } from '../../../src/base/logger.js';
import { Prng } from '../../../src/base/prng.js';
import { applyConfChange } from '../../../src/raft/core/conf-change.js';
import type { ConfChange, CoreStatus } from '../../../src/raft/core/types.js';
import { NodeError } from '../../../src/raft/node/index.js';
import type { Channel } from '../../../src/rpc/service.js';
import type { ApiContext, ApplyWaiter } from '../../../src/store/api/context.js';
import { httpRoutes } from '../../../src/store/api/http.js';
import { apiServices } from '../../../src/store/api/services.js';
import type { Authenticator } from '../../../src/store/auth/authenticator.js';
import { simpleTokenScheme } from '../../../src/store/auth/default-settings.js';
import type { Backup } from '../../../src/store/backup/backup.js';
import { type ApplyResult, CommandKind, type LeaseRenewal } from '../../../src/store/contracts.js';
import { StoreError } from '../../../src/store/errors.js';
import { refuseConfChange } from '../../../src/store/member/admission.js';
import { authenticatorOf } from '../../../src/store/member/authentication.js';
import { backupOf } from '../../../src/store/member/backup.js';
import { toStoreError } from '../../../src/store/member/node-errors.js';
import type { Store } from '../../../src/store/store.js';
import { ResponseHeader } from '../../../src/wire/gen/etcdserverpb.js';
import { LeaseKeepAliveBatch } from '../../../src/wire/gen/store.js';
import { realClock, serve } from '../../rpc/support.js';
import { SimDbHome } from '../../sim/db.js';
import { SimDisk } from '../../sim/disk.js';
import { fakePasswords } from '../auth/fake-passwords.js';
import { openStore, testCluster, testMember } from '../store-harness.js';
import { apiEngine } from './engine.js';

const raftTerm = 2;

/** A member of one: the real store, with entries applied as soon as they are proposed. */
export class ApiRig implements ApiContext {
  readonly clusterId = testCluster;
  readonly memberId = testMember;
  readonly clock = realClock;
  readonly logger = silentLogger;
  readonly prng = new Prng(7);
  readonly version = { flotilla: '0.1.0', etcd: '3.7.0' };
  readonly store: Store;
  limits = {
    requestBytesMax: 1.5 * 1024 * 1024,
    txnOpsMax: 128,
    quotaBytes: 2 ** 31,
    strictReconfigCheck: true,
  };
  /** What is different about consensus in this test. */
  raftOverride: Partial<CoreStatus> = {};
  /** Commands proposed. */
  readonly proposed: CommandKind[] = [];
  /** How often a read asked the quorum. */
  barriers = 0;
  /** Rejects proposals and barriers. */
  failure: StoreError | null = null;
  /** Set to hold proposals back until it resolves. */
  gate: Promise<void> = Promise.resolve();
  lost = new AbortController();
  transferred: bigint[] = [];
  defragmented = 0;
  readonly backupDisk = new SimDisk(new Prng(3), realClock).mount();
  #nextIndex: number;

  constructor(store: Store) {
    this.store = store;
    this.auth = authenticatorOf(store, {
      settings: { passwords: fakePasswords, tokens: simpleTokenScheme, trustsCertificates: false },
      readBarrier: () => this.readBarrier(),
    });
    this.#nextIndex = store.appliedIndex + 1;
  }

  static async open(t: Test): Promise<ApiRig> {
    const header = (revision: number) =>
      ResponseHeader.encode({
        clusterId: testCluster,
        memberId: testMember,
        revision,
        raftTerm,
      });
    const home = new SimDbHome({ prng: new Prng(1) });
    const rig = new ApiRig(await openStore(home, { clock: realClock, header }));
    t.teardown(() => rig.store.close());
    return rig;
  }

  readonly auth: Authenticator;

  get mvcc() {
    return this.store.mvcc;
  }

  get leases() {
    return this.store.leases;
  }

  get watch() {
    return this.store.watch;
  }

  get members() {
    return this.store.members;
  }

  alarms() {
    return this.store.alarms.list();
  }

  proposeFor(kind: CommandKind, payload: Uint8Array, waiter: ApplyWaiter): void {
    this.propose(kind, payload).then(
      (result) => waiter.resolve(result),
      (error: unknown) => waiter.reject(error),
    );
  }

  async propose(kind: CommandKind, payload: Uint8Array): Promise<ApplyResult> {
    if (this.failure !== null) throw this.failure;
    this.proposed.push(kind);
    await this.gate;
    return this.#apply({ data: new Uint8Array([kind, ...payload]), conf: null });
  }

  keepAlive(renewal: LeaseRenewal): void {
    this.renew(renewal.id).then(
      (ttlSeconds) => renewal.onRenewed(ttlSeconds),
      (error: unknown) => renewal.onFailed(error),
    );
  }

  /** A renewal of one lease is a command here. */
  async renew(leaseId: bigint): Promise<number> {
    const payload = LeaseKeepAliveBatch.encode({ ids: [leaseId] });
    const result = await this.propose(CommandKind.leaseKeepAlive, payload);
    if (!result.ok) throw result.error;
    if (result.response.kind !== 'leaseKeepAlive') throw new Error('not a keep-alive result');
    return result.response.value.ttlSeconds[0]!;
  }

  async readBarrier(): Promise<void> {
    if (this.failure !== null) throw this.failure;
    this.barriers++;
  }

  async proposeConfChange(change: ConfChange): Promise<ApplyResult> {
    const conf = applyConfChange(this.store.conf, change);
    const refusal = refuseConfChange(this.members, change, this.raft(), {
      isStrict: this.limits.strictReconfigCheck,
    });
    if (refusal !== null) throw toStoreError(new NodeError('config-refused', refusal));
    if (typeof conf === 'string') throw new StoreError('unhealthy');
    return this.#apply({ data: change.context, conf });
  }

  async transferLeadership(target: bigint): Promise<void> {
    this.transferred.push(target);
  }

  raft(): CoreStatus {
    const index = this.store.appliedIndex;
    return {
      id: testMember,
      role: 'leader',
      term: raftTerm,
      vote: testMember,
      leader: testMember,
      commit: index,
      applied: index,
      firstIndex: 1,
      lastIndex: index,
      durableIndex: index,
      conf: this.store.conf,
      transferee: noMember,
      progress: new Map(),
      ...this.raftOverride,
    };
  }

  appliedIndex(): number {
    return this.store.appliedIndex;
  }

  leaderLost(): AbortSignal {
    return this.lost.signal;
  }

  header(revision: number): ResponseHeader {
    const { clusterId, memberId } = this;
    return ResponseHeader.create({ clusterId, memberId, revision, raftTerm });
  }

  encodedHeader(revision: number): Uint8Array {
    return ResponseHeader.encode(this.header(revision));
  }

  sizeBytes() {
    return this.store.sizeBytes();
  }

  backup(): Promise<Backup> {
    return backupOf(this, this.backupDisk);
  }

  async defragment(): Promise<void> {
    this.defragmented++;
    await this.store.defragment();
  }

  #apply(entry: { data: Uint8Array; conf: CoreStatus['conf'] | null }): ApplyResult {
    const index = this.#nextIndex++;
    const [result] = this.store.apply([{ ...entry, index, term: raftTerm, local: true }]);
    return result!;
  }
}

/** A rig that is served on a free port, and a channel to it. */
export interface ServedApi {
  readonly rig: ApiRig;
  readonly endpoint: string;
  readonly channel: Channel;
  /** Bugs that handlers ran into. */
  readonly errors: readonly string[];
}

/** Serves a new rig until the test ends. */
export async function serveApi(t: Test): Promise<ServedApi> {
  const rig = await ApiRig.open(t);
  const engine = apiEngine();
  const { endpoint, errors } = await serve(t, engine, apiServices(rig), {
    http: httpRoutes(rig),
  });
  const channel = engine.createChannel(endpoint);
  t.teardown(() => channel.close());
  return { rig, endpoint, channel, errors };
}
