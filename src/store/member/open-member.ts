import { assert } from '../../base/assert.js';
import { formatId, type MemberId } from '../../base/ids.js';
import type { Entry } from '../../raft/core/index.js';
import {
  becomeSoleMember,
  type LeadershipStatus,
  type PeerTransport,
  planRecovery,
  RaftNode,
  type RecoveryPlan,
  rebuildState,
  SnapshotExchange,
} from '../../raft/node/index.js';
import { SnapshotStore } from '../../raft/snapshot/index.js';
import { WriteAheadLogFile } from '../../raft/wal/index.js';
import type { MemberRecord } from '../../wire/gen/store.js';
import type { ApplyResult } from '../contracts.js';
import { Store } from '../store.js';
import { separateValues } from '../values/separated-db.js';
import { refuseConfChange } from './admission.js';
import { LogMissingError, SoleMemberError } from './errors.js';
import { HeaderEncoder } from './header-encoder.js';
import { confOf } from './initial-conf.js';
import { MemberMailbox } from './mailbox.js';
import type { MemberOptions, MemberParts } from './member.js';

/** A new cluster's state begins here, as if by a snapshot that all members have: who joins later must fetch one. */
const bootstrapIndex = 1;
const retryMs = 1000;
/** Room for what gRPC adds to a message (etcd's grpcOverheadBytes). */
const requestOverheadBytes = 512 * 1024;

/**
 * Brings a member up from what its disk holds: opens log, database and snapshots, fits them together
 * (`planRecovery`), fetches a lost state from a peer, and starts the driver.
 */
export async function openMember(
  options: MemberOptions,
  onLeadership: (status: LeadershipStatus) => void,
): Promise<MemberParts> {
  const { disk, defects, onFatal, identity, limits } = options;
  let node: RaftNode<ApplyResult> | null = null;
  let onEarlyDurable: (() => void) | null = null;
  const store = await openStore(options, () => node?.term ?? 0);
  if (store.appliedIndex > bootstrapIndex && (await disk.list(options.walDir)).length === 0) {
    throw new LogMissingError(options.walDir);
  }
  const { wal, recovery, cut } = await WriteAheadLogFile.open({
    disk: options.walDisk ?? disk,
    dir: options.walDir,
    clusterId: identity.clusterId,
    memberId: identity.memberId,
    segmentBytes: limits.walSegmentBytes,
    defects,
    onDurable: (sequence) => {
      if (node !== null) node.onDurable(sequence);
      else onEarlyDurable?.();
    },
    onFailure: onFatal,
  });
  if (cut !== null) options.logger.warn('the end of the log was torn by a crash and has been cut');
  const snapshots = await SnapshotStore.open({
    disk,
    dir: options.snapshotDir,
    clusterId: identity.clusterId,
  });
  const mailbox = new MemberMailbox();
  const transport = options.transport(mailbox);
  const setPeers = () => transport.setPeers(peersOf(options, store.members.list()));
  setPeers();
  store.members.onChange(setPeers);

  let plan: RecoveryPlan | StartPlan = planRecovery(recovery, store);
  if (plan.kind === 'state-lost') {
    if (options.becomesSole === true) {
      throw new SoleMemberError(
        `this member cannot go on alone: it has lost its database, and its log begins only after entry ${plan.indexMin}`,
      );
    }
    await fetchState(options, { store, snapshots, mailbox, transport, indexMin: plan.indexMin });
    plan = planRecovery(recovery, store);
  }
  assert(plan.kind === 'start', 'a fetched state reaches the log');
  if (options.becomesSole === true) plan = withoutOthers(options, plan);
  await resetLog(wal, plan, (listener) => {
    onEarlyDurable = listener;
  });

  const exchange = makeExchange(options, { store, snapshots, transport });
  node = startNode(options, { plan, store, wal, transport, exchange, onLeadership });
  mailbox.open(node);
  exchange.attach({
    onFetched: (message) => node?.onSnapshotFetched(message),
    onSaved: (meta) => node?.onSnapshotSaved(meta),
  });
  return { store, wal, snapshots, exchange, transport, mailbox, node };
}

function openStore(options: MemberOptions, term: () => number): Promise<Store> {
  const { identity, limits, bootstrap } = options;
  const headers = new HeaderEncoder(identity, term);
  return Store.open({
    home: separateValues(options.db, {
      disk: options.disk,
      dir: options.valuesDir,
      valueBytesMin: limits.valueFileBytesMin,
      defects: options.defects,
    }),
    clock: options.clock,
    prng: options.prng.fork(),
    logger: options.logger,
    clusterId: identity.clusterId,
    memberId: identity.memberId,
    bootstrap: bootstrap === null ? null : { members: bootstrap, conf: confOf(bootstrap) },
    minLeaseTtlSeconds: Math.ceil((limits.electionMs * 1.5) / 1000),
    valueCacheBytesMax: limits.valueCacheBytesMax,
    watchResponseBytesMax: limits.requestBytesMax + requestOverheadBytes,
    progressNotifyMs: limits.progressNotifyMs,
    ...(options.tokenTtlSeconds !== undefined && { tokenTtlSeconds: options.tokenTtlSeconds }),
    defects: options.defects,
    header: (revision) => headers.encode(revision),
    onFatal: options.onFatal,
  });
}

/** Everyone else, where the membership says; where it is not known yet, where the command line says. */
function peersOf(
  options: MemberOptions,
  members: readonly MemberRecord[],
): ReadonlyMap<MemberId, readonly string[]> {
  if (members.length === 0) return options.initialPeers;
  return new Map(members.map((member) => [member.id as MemberId, member.peerUrls]));
}

async function fetchState(
  options: MemberOptions,
  parts: {
    readonly store: Store;
    readonly snapshots: SnapshotStore;
    readonly mailbox: MemberMailbox;
    readonly transport: PeerTransport;
    readonly indexMin: number;
  },
): Promise<void> {
  const { logger, clock, initialPeers, identity } = options;
  logger.warn('the database is lost; fetching the state from a peer', {
    indexMin: parts.indexMin,
  });
  parts.transport.setPeers(initialPeers);
  await rebuildState({
    indexMin: parts.indexMin,
    peers: [...initialPeers.keys()].filter((id) => id !== identity.memberId),
    files: parts.snapshots,
    transport: parts.transport,
    receive: (handler) => parts.mailbox.receiveEarly(handler),
    stateMachine: parts.store,
    clock,
    logger,
    retryMs,
  });
}

/** A plan to start with, and what the log lacks for it. */
interface StartPlan extends Extract<RecoveryPlan, { kind: 'start' }> {
  /** Entries of the recovered ones that are not in the log yet. */
  readonly added?: readonly Entry[];
}

/** The plan by which this member goes on as the only one. Throws {@link SoleMemberError}. */
function withoutOthers({ identity, logger }: MemberOptions, plan: StartPlan): StartPlan {
  const { memberId } = identity;
  const recovered = becomeSoleMember(plan.recovered, memberId);
  if (recovered === 'not-a-member') {
    const id = formatId(memberId);
    throw new SoleMemberError(`this member cannot go on alone: ${id} was removed from its cluster`);
  }
  if (recovered === null) return plan;
  const added = recovered.entries.slice(plan.recovered.entries.length);
  logger.warn('going on as the only member; all others are removed', { removals: added.length });
  return { ...plan, recovered, added };
}

/**
 * Makes the log start after the state, where the plan says so, and writes the entries that it lacks; resolves once that is durable.
 */
async function resetLog(
  wal: WriteAheadLogFile,
  { reset, recovered, added = [] }: StartPlan,
  onDurable: (listener: () => void) => void,
): Promise<void> {
  if (reset === null && added.length === 0) return;
  await new Promise<void>((resolve) => {
    onDurable(resolve);
    const { hardState } = recovered;
    wal.append({ sequence: 0, entries: added, hardState, snapshot: reset?.snapshot ?? null });
  });
}

function makeExchange(
  options: MemberOptions,
  parts: {
    readonly store: Store;
    readonly snapshots: SnapshotStore;
    readonly transport: PeerTransport;
  },
): SnapshotExchange {
  const { clock, logger, limits } = options;
  return new SnapshotExchange({
    files: parts.snapshots,
    stateMachine: parts.store,
    transport: parts.transport,
    clock,
    logger,
    chunkBytes: limits.snapshotChunkBytes,
    sendBytesPerSecond: limits.snapshotBytesPerSecond,
    retryMs,
    retainMs: 30 * limits.electionMs,
  });
}

function startNode(
  options: MemberOptions,
  parts: {
    readonly plan: StartPlan;
    readonly store: Store;
    readonly wal: WriteAheadLogFile;
    readonly transport: PeerTransport;
    readonly exchange: SnapshotExchange;
    readonly onLeadership: (status: LeadershipStatus) => void;
  },
): RaftNode<ApplyResult> {
  const { limits, identity } = options;
  return new RaftNode<ApplyResult>({
    core: {
      id: identity.memberId,
      electionTicks: Math.max(2, Math.round(limits.electionMs / limits.heartbeatMs)),
      heartbeatTicks: 1,
      preVote: limits.preVote,
      checkQuorum: true,
      reads: 'quorum',
      messageBytesMax: limits.messageBytesMax,
      inflightMessagesMax: limits.inflightMessagesMax,
      inflightBytesMax: limits.inflightBytesMax,
      uncommittedBytesMax: limits.uncommittedBytesMax,
      committedBytesMax: limits.committedBytesMax,
    },
    recovered: parts.plan.recovered,
    clock: options.clock,
    prng: options.prng,
    logger: options.logger,
    wal: parts.wal,
    stateMachine: parts.store,
    transport: parts.transport,
    snapshots: parts.exchange,
    tickMs: limits.heartbeatMs,
    requestTimeoutMs: limits.requestTimeoutMs,
    pendingProposalsMax: limits.pendingProposalsMax,
    catchUpEntries: limits.catchUpEntries,
    catchUpBytes: limits.catchUpBytes,
    syncAfterEntries: limits.syncAfterEntries,
    syncAfterBytes: limits.syncAfterBytes,
    admits: (change, leader) =>
      refuseConfChange(parts.store.members, change, leader, {
        isStrict: limits.strictReconfigCheck,
      }),
    defects: options.defects,
    onFatal: options.onFatal,
    onLeadership: parts.onLeadership,
    ...(options.probe === undefined ? {} : { probe: options.probe }),
  });
}
