import type { Clock } from '../../base/clock.js';
import type { Defect } from '../../base/defect.js';
import type { Disk } from '../../base/disk.js';
import { type ClusterId, formatId, type MemberId, noMember } from '../../base/ids.js';
import type { Logger } from '../../base/logger.js';
import type { OrderedDbHome } from '../../base/ordered-db.js';
import type { Prng } from '../../base/prng.js';
import type { ConfChange, CoreStatus } from '../../raft/core/index.js';
import {
  heirOf,
  type LeadershipStatus,
  type NodeProbe,
  type PeerTransport,
  type RaftNode,
  type SnapshotExchange,
} from '../../raft/node/index.js';
import type { SnapshotStore } from '../../raft/snapshot/index.js';
import type { WriteAheadLogFile } from '../../raft/wal/index.js';
import { ResponseHeader } from '../../wire/gen/etcdserverpb.js';
import { MemberPublish, type MemberRecord } from '../../wire/gen/store.js';
import type { ApiContext, ApplyWaiter } from '../api/context.js';
import type { AuthSettings } from '../auth/auth-settings.js';
import type { Authenticator } from '../auth/authenticator.js';
import type { Backup } from '../backup/backup.js';
import { type ApplyResult, CommandKind, type LeaseRenewal } from '../contracts.js';
import { StoreError } from '../errors.js';
import { KeepAliveBatcher } from '../lease/keep-alive.js';
import { LeaseKeeper } from '../lease/keeper.js';
import type { Store } from '../store.js';
import type { MemberActivity } from './activity.js';
import { authenticatorOf } from './authentication.js';
import { backupOf } from './backup.js';
import { HeaderEncoder } from './header-encoder.js';
import { LeaderWatch } from './leader-watch.js';
import type { MemberMailbox } from './mailbox.js';
import { toStoreError } from './node-errors.js';
import { openMember } from './open-member.js';
import { untilAborted, waiterOf } from './waiting.js';

/** Who a member is. */
export interface MemberIdentity {
  readonly clusterId: ClusterId;
  readonly memberId: MemberId;
  readonly name: string;
  /** What this member tells the cluster about how clients reach it. */
  readonly clientUrls: readonly string[];
}

/** Timing and bounds of a member. Milliseconds and bytes, as the names say. */
export interface MemberLimits {
  readonly heartbeatMs: number;
  readonly electionMs: number;
  readonly preVote: boolean;
  readonly requestTimeoutMs: number;
  readonly pendingProposalsMax: number;
  readonly messageBytesMax: number;
  readonly inflightMessagesMax: number;
  readonly inflightBytesMax: number;
  readonly uncommittedBytesMax: number;
  readonly committedBytesMax: number;
  readonly catchUpEntries: number;
  readonly catchUpBytes: number;
  readonly syncAfterEntries: number;
  readonly syncAfterBytes: number;
  readonly walSegmentBytes: number;
  readonly snapshotChunkBytes: number;
  readonly snapshotBytesPerSecond: number;
  readonly valueCacheBytesMax: number;
  /** Values from this size on are kept in files of their own ({@link separateValues}). */
  readonly valueFileBytesMin: number;
  readonly requestBytesMax: number;
  readonly txnOpsMax: number;
  readonly quotaBytes: number;
  readonly strictReconfigCheck: boolean;
  readonly progressNotifyMs: number;
}

/** What a member runs on. All is injected: the same member runs in production and in the simulator. */
export interface MemberOptions {
  readonly identity: MemberIdentity;
  /** Members that begin a new cluster together; null for one that joins. Used only while this member has no data. */
  readonly bootstrap: readonly MemberRecord[] | null;
  /** The others are lost for good: goes on as the only member, with all that this one has. Default false. */
  readonly becomesSole?: boolean;
  /** Where peers may be found before the membership is known here (a joining member). */
  readonly initialPeers: ReadonlyMap<MemberId, readonly string[]>;
  readonly disk: Disk;
  /** Where the log is, when it has a disk of its own; default `disk`. */
  readonly walDisk?: Disk;
  /** Folder of the log on its disk, and of the snapshots on `disk`. */
  readonly walDir: string;
  readonly snapshotDir: string;
  /** Folder on `disk` of the database's large values; goes where the database goes. */
  readonly valuesDir: string;
  readonly db: OrderedDbHome;
  /** Makes the transport that delivers to the mailbox. */
  readonly transport: (mailbox: MemberMailbox) => PeerTransport;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
  readonly limits: MemberLimits;
  readonly version: { readonly flotilla: string; readonly etcd: string };
  /** How users are told apart, once authentication is enabled. Default: as in etcd without flags. */
  readonly auth?: AuthSettings;
  /** Default 300. */
  readonly tokenTtlSeconds?: number;
  readonly defects: ReadonlySet<Defect>;
  /** This member cannot go on: its disk failed or an invariant is broken. Called once; the process is to end. */
  readonly onFatal: (error: Error) => void;
  /** The cluster has removed this member; it has told the others what it knew and is to be closed for good. */
  readonly onRemoved?: () => void;
  /** Tests only. */
  readonly probe?: NodeProbe;
}

/** The parts that {@link openMember} has recovered and joined. */
export interface MemberParts {
  readonly store: Store;
  readonly wal: WriteAheadLogFile;
  readonly snapshots: SnapshotStore;
  readonly exchange: SnapshotExchange;
  readonly transport: PeerTransport;
  readonly mailbox: MemberMailbox;
  readonly node: RaftNode<ApplyResult>;
}

/** Waits before a failed publication is tried again. */
const publishRetryMs = 500;
/** A leader change is waited for in these steps after a transfer was asked for. */
const leaderLostElections = 3;

/**
 * One running member of a store cluster: log, consensus, state machine and peers, joined. It is the {@link ApiContext}
 * of the gRPC services, which reach everything through it.
 */
export class Member implements ApiContext {
  readonly clusterId: ClusterId;
  readonly memberId: MemberId;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly prng: Prng;
  readonly limits: MemberLimits;
  readonly version: MemberOptions['version'];
  readonly store: Store;
  readonly auth: Authenticator;
  /** Resolves once the cluster knows this member's name and client URLs: it serves. Never rejects. */
  readonly published: Promise<void>;
  readonly #options: MemberOptions;
  readonly #parts: MemberParts;
  readonly #node: RaftNode<ApplyResult>;
  readonly #leaseKeeper: LeaseKeeper;
  readonly #keepAlives: KeepAliveBatcher;
  readonly #headers: HeaderEncoder;
  readonly #leaderWatch: LeaderWatch;
  /** Leaders seen since the start, each change counted. */
  #leaderChanges = 0;
  #leaderSeen: MemberId = noMember;
  readonly #closing = new AbortController();
  /** The node's last read barrier, which all reads of a turn share, and the same with the errors that callers know. */
  #barrier = { reached: Promise.resolve(), translated: Promise.resolve() };
  /** Waiting for this member to see another leader. */
  #onLeader: (() => void)[] = [];
  #closed: Promise<void> | null = null;
  #isRemoved = false;

  /** Recovers the member from its disk and starts it. Rejects with the typed errors of the log, the database and the disk. */
  static async open(options: MemberOptions): Promise<Member> {
    let member: Member | null = null;
    const parts = await openMember(options, (status) => member?.onLeadership(status));
    member = new Member(options, parts);
    return member;
  }

  private constructor(options: MemberOptions, parts: MemberParts) {
    const { clock, logger, limits, identity } = options;
    this.clusterId = identity.clusterId;
    this.memberId = identity.memberId;
    this.clock = clock;
    this.logger = logger;
    this.prng = options.prng;
    this.limits = limits;
    this.version = options.version;
    this.store = parts.store;
    this.auth = authenticatorOf(parts.store, {
      settings: options.auth,
      readBarrier: () => this.readBarrier(),
    });
    this.#options = options;
    this.#parts = parts;
    this.#node = parts.node;
    const propose = (kind: CommandKind, payload: Uint8Array) => this.propose(kind, payload);
    const { electionMs: electionTimeoutMs } = limits;
    const leases = parts.store.leases;
    this.#leaseKeeper = new LeaseKeeper({ leases, clock, electionTimeoutMs, propose, logger });
    this.#headers = new HeaderEncoder(identity, () => parts.node.term);
    this.#keepAlives = new KeepAliveBatcher({ clock, propose });
    this.#leaderWatch = new LeaderWatch(clock, leaderLostElections * limits.electionMs);
    this.onLeadership(this.#node.leadership);
    this.published = this.#publish();
    this.members.onChange(() => this.#noteRemoval());
    this.#noteRemoval();
  }

  get mvcc(): Store['mvcc'] {
    return this.store.mvcc;
  }

  get leases(): Store['leases'] {
    return this.store.leases;
  }

  get watch(): Store['watch'] {
    return this.store.watch;
  }

  get members(): Store['members'] {
    return this.store.members;
  }

  alarms(): ReturnType<ApiContext['alarms']> {
    return this.store.alarms.list();
  }

  propose(kind: CommandKind, payload: Uint8Array, signal?: AbortSignal): Promise<ApplyResult> {
    return new Promise((resolve, reject) => {
      this.#node.propose(kind, payload, waiterOf(resolve, reject), signal);
    });
  }

  proposeFor(kind: CommandKind, payload: Uint8Array, waiter: ApplyWaiter): void {
    this.#node.propose(kind, payload, waiter);
  }

  keepAlive(renewal: LeaseRenewal): void {
    this.#keepAlives.add(renewal);
  }

  readBarrier(signal?: AbortSignal): Promise<void> {
    const reached = this.#node.readBarrier();
    if (reached !== this.#barrier.reached) {
      this.#barrier = { reached, translated: this.#translate(reached) };
      // Everyone who waits for it may have given up.
      this.#barrier.translated.catch(() => {});
    }
    return untilAborted(this.#barrier.translated, signal);
  }

  proposeConfChange(change: ConfChange, signal?: AbortSignal): Promise<ApplyResult> {
    return new Promise((resolve, reject) => {
      this.#node.proposeConfChange(change, waiterOf(resolve, reject), signal);
    });
  }

  async transferLeadership(target: MemberId, signal: AbortSignal): Promise<void> {
    try {
      this.#node.transferLeadership(target);
    } catch (error) {
      throw toStoreError(error);
    }
    const deadline = this.clock.now() + this.limits.electionMs;
    while (this.#node.leadership.leader !== target) {
      const leftMs = deadline - this.clock.now();
      if (leftMs <= 0 || signal.aborted || this.#closing.signal.aborted)
        throw new StoreError('timeout');
      await this.#leaderChange(leftMs);
    }
  }

  raft(): CoreStatus {
    return this.#node.status();
  }

  get leadership(): LeadershipStatus {
    return this.#node.leadership;
  }

  appliedIndex(): number {
    return this.#node.appliedIndex;
  }

  /** What this member has done and seen since it was opened, for its metrics. */
  activity(): MemberActivity {
    const { store } = this;
    return {
      ...this.#node.activity,
      leaderChanges: this.#leaderChanges,
      counts: store.counts,
      liveKeys: store.liveKeys,
      watches: store.watch.stats(),
    };
  }

  leaderLost(): AbortSignal {
    return this.#leaderWatch.lost;
  }

  header(revision: number): ResponseHeader {
    return ResponseHeader.create({
      clusterId: this.clusterId,
      memberId: this.memberId,
      revision,
      raftTerm: this.#node.term,
    });
  }

  encodedHeader(revision: number): Uint8Array {
    return this.#headers.encode(revision);
  }

  sizeBytes(): { readonly total: number; readonly inUse: number } {
    return this.store.sizeBytes();
  }

  backup(): Promise<Backup> {
    return backupOf(this, this.#options.disk);
  }

  defragment(): Promise<void> {
    return this.store.defragment();
  }

  /** The driver's view of who leads; called by the driver. */
  onLeadership(status: LeadershipStatus): void {
    this.#leaseKeeper.onLeadership(status.isLeader, status.term);
    this.#leaderWatch.onLeader(status.leader);
    if (status.leader !== noMember && status.leader !== this.#leaderSeen) {
      this.#leaderSeen = status.leader;
      this.#leaderChanges++;
    }
    const waiting = this.#onLeader;
    this.#onLeader = [];
    for (const wake of waiting) wake();
  }

  /** Hands leadership over if it can, stops, and makes everything applied durable. Serving must have ended before. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#handOver();
    this.#closing.abort();
    this.#leaderWatch.close();
    const { node, exchange, transport, wal, snapshots, store } = this.#parts;
    await node.stop();
    await Promise.all([this.#leaseKeeper.close(), this.#keepAlives.close()]);
    exchange.close();
    await transport.close();
    await wal.close();
    await snapshots.close();
    await store.close();
  }

  /** A leader that stops gracefully first gives its office to the follower that is furthest on. */
  async #handOver(): Promise<void> {
    const status = this.raft();
    const heir = status.role === 'leader' ? heirOf(status) : undefined;
    if (heir === undefined) return;
    await this.transferLeadership(heir, this.#closing.signal).catch((error: unknown) =>
      this.logger.warn('leadership was not handed over', {
        to: formatId(heir),
        error: String(error),
      }),
    );
  }

  /** After its removal a member stays for one election timeout: others may learn of the removal from it alone. */
  #noteRemoval(): void {
    if (this.#isRemoved || !this.members.isRemoved(this.memberId)) return;
    this.#isRemoved = true;
    this.logger.warn('this member has been removed from the cluster');
    this.clock.setTimer(this.limits.electionMs, () => this.#options.onRemoved?.());
  }

  /** Tells the cluster this member's name and client URLs, until it knows them and this member is up to date. */
  async #publish(): Promise<void> {
    const { name, clientUrls } = this.#options.identity;
    const payload = MemberPublish.encode({ id: this.memberId, name, clientUrls: [...clientUrls] });
    const { signal } = this.#closing;
    while (!signal.aborted) {
      if (this.#node.leadership.leader === noMember) {
        await this.#leaderChange(publishRetryMs);
        continue;
      }
      try {
        if (this.#isPublished()) return await this.readBarrier(signal);
        await this.propose(CommandKind.memberPublish, payload, signal);
        if (this.#isPublished()) continue;
      } catch (error) {
        this.logger.debug('member not published yet', { error: String(error) });
      }
      // After a failure too: a member that has come to a stop refuses at once.
      await this.#leaderChange(publishRetryMs);
    }
  }

  #isPublished(): boolean {
    const { name, clientUrls } = this.#options.identity;
    const record = this.members.get(this.memberId);
    return record?.name === name && record.clientUrls.join() === clientUrls.join();
  }

  /** Resolves at the next change of leadership, or after `withinMs`. */
  #leaderChange(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.clock.setTimer(withinMs, resolve);
      this.#onLeader.push(() => {
        this.clock.clearTimer(timer);
        resolve();
      });
    });
  }

  async #translate<T>(result: Promise<T>): Promise<T> {
    try {
      return await result;
    } catch (error) {
      throw toStoreError(error);
    }
  }
}
