import type { Registry } from 'prom-client';
import { formatId, noMember } from '../../base/ids.js';
import type { PeerTraffic } from '../../raft/transport/index.js';
import { clusterVersionOf } from '../api/cluster-version.js';
import type { HealthCounts } from '../api/http.js';
import type { Member } from '../member/member.js';
import { MetricSet } from './metric-set.js';

/** What the metrics of a member are read from. */
export interface MemberSources {
  readonly member: Member;
  readonly peers: () => readonly PeerTraffic[];
  readonly health: HealthCounts;
}

/** Adds what a member knows of itself, its data and its peers, under etcd's names. */
export function addMemberMetrics(registry: Registry, sources: MemberSources): void {
  const set = new MetricSet(registry);
  addServerMetrics(set, sources);
  addDataMetrics(set, sources.member);
  addAuthMetrics(set, sources.member);
  addLeaseAndWatchMetrics(set, sources.member);
  addPeerMetrics(set, sources);
}

function addServerMetrics(set: MetricSet, { member, health }: MemberSources): void {
  const { gauge, counter, info } = boundTo(set, 'etcd_server_');
  const { etcd } = member.version;
  info('version', 'The version whose API is offered.', 'server_version', () => etcd);
  info('id', "This member's id, in hexadecimal.", 'server_id', () => formatId(member.memberId));
  set.info(
    'etcd_cluster_version',
    'The version whose API the cluster offers.',
    'cluster_version',
    () => clusterVersionOf(etcd).replace(/\.0$/, ''),
  );
  gauge('has_leader', 'Whether a leader is known: 1 it is, 0 it is not.', () =>
    Number(member.leadership.leader !== noMember),
  );
  gauge('is_leader', 'Whether this member leads.', () => Number(member.leadership.isLeader));
  gauge('is_learner', 'Whether this member is a learner.', () =>
    Number(member.members.get(member.memberId)?.isLearner === true),
  );
  counter('leader_changes_seen_total', 'Changes of the leader.', () => activity().leaderChanges);
  gauge('proposals_committed_total', 'Entries committed.', () => member.raft().commit);
  gauge('proposals_applied_total', 'Entries applied.', () => member.appliedIndex());
  const activity = () => member.activity();
  gauge(
    'proposals_pending',
    'Proposals of this member that wait for their outcome.',
    () => activity().proposalsPending,
  );
  counter(
    'proposals_failed_total',
    'Proposals of this member that were refused or got no answer in time.',
    () => activity().proposalsFailed,
  );
  counter(
    'read_indexes_failed_total',
    'Linearizable reads of this member that no leader confirmed in time; those of one moment count as one.',
    () => activity().readsFailed,
  );
  gauge('quota_backend_bytes', 'Bytes of data at which writes are refused.', () =>
    Math.max(0, member.limits.quotaBytes),
  );
  counter('health_success', 'Health checks answered well.', () => health.healthy);
  counter('health_failures', 'Health checks answered otherwise.', () => health.unhealthy);
}

function addDataMetrics(set: MetricSet, member: Member): void {
  const { gauge, counter } = boundTo(set, 'etcd_mvcc_');
  const debugging = boundTo(set, 'etcd_debugging_mvcc_');
  const counts = () => member.store.counts;
  counter('put_total', 'Puts.', () => counts().puts);
  counter('delete_total', 'Deletions, of a key or a range.', () => counts().deletes);
  counter('range_total', 'Reads of a key or a range.', () => counts().ranges);
  counter('txn_total', 'Transactions of several operations.', () => counts().txns);
  gauge('db_total_size_in_bytes', 'Bytes of the database on disk.', () => member.sizeBytes().total);
  gauge(
    'db_total_size_in_use_in_bytes',
    'Bytes of the database that are in use, approximately.',
    () => member.sizeBytes().inUse,
  );
  debugging.gauge('keys_total', 'Keys that exist.', () => member.activity().liveKeys);
  debugging.gauge('current_revision', 'The newest revision.', () => member.mvcc.revision);
  debugging.gauge(
    'compact_revision',
    'The revision of the last compaction, -1 before the first.',
    () => member.mvcc.compactRevision,
  );
}

function addAuthMetrics(set: MetricSet, member: Member): void {
  const read = () => member.auth.users.revision;
  set.gauge('etcd_debugging_auth_revision', 'The revision of users and roles.', read);
}

function addLeaseAndWatchMetrics(set: MetricSet, member: Member): void {
  const { counter } = boundTo(set, 'etcd_debugging_lease_');
  const { gauge } = boundTo(set, 'etcd_debugging_mvcc_');
  const counts = () => member.store.counts;
  counter('granted_total', 'Leases granted.', () => counts().leasesGranted);
  counter('revoked_total', 'Leases ended, expired ones among them.', () => counts().leasesRevoked);
  counter('renewed_total', 'Renewals of leases.', () => counts().leasesRenewed);
  set.counter(
    'etcd_debugging_server_lease_expired_total',
    'Leases that have expired.',
    () => counts().leasesExpired,
  );
  const watches = () => member.activity().watches;
  gauge('watch_stream_total', 'Watch streams.', () => watches().streams);
  gauge('watcher_total', 'Watchers.', () => watches().watchers);
  gauge('slow_watcher_total', 'Watchers that are behind.', () => watches().slow);
}

function addPeerMetrics(set: MetricSet, { member, peers }: MemberSources): void {
  const self = formatId(member.memberId);
  const link = (read: (traffic: PeerTraffic) => number) => () =>
    peers().map(
      (traffic) => [{ Local: self, Remote: formatId(traffic.peer) }, read(traffic)] as const,
    );
  const peer = (label: string, read: (traffic: PeerTraffic) => number) => () =>
    peers().map((traffic) => [{ [label]: formatId(traffic.peer) }, read(traffic)] as const);
  const links = ['Local', 'Remote'];
  set.labelledGauge(
    'etcd_network_known_peers',
    'Peers that are members.',
    links,
    link(() => 1),
  );
  set.labelledGauge(
    'etcd_network_active_peers',
    'Peers that this member is connected to.',
    links,
    link(({ isConnected }) => Number(isConnected)),
  );
  set.labelledCounter(
    'etcd_network_disconnected_peers_total',
    'Connections to peers that were lost.',
    links,
    link(({ disconnects }) => disconnects),
  );
  set.labelledCounter(
    'etcd_network_peer_sent_bytes_total',
    'Bytes sent to peers.',
    ['To'],
    peer('To', ({ sentBytes }) => sentBytes),
  );
  set.labelledCounter(
    'etcd_network_peer_received_bytes_total',
    'Bytes received from peers.',
    ['From'],
    peer('From', ({ receivedBytes }) => receivedBytes),
  );
  set.labelledCounter(
    'etcd_network_peer_sent_failures_total',
    'Messages that could not be sent to peers.',
    ['To'],
    peer('To', ({ sendFailures }) => sendFailures),
  );
}

/** The set's methods for names that begin alike. */
function boundTo(set: MetricSet, prefix: string): Pick<MetricSet, 'gauge' | 'counter' | 'info'> {
  return {
    gauge: (name, help, read) => set.gauge(`${prefix}${name}`, help, read),
    counter: (name, help, read) => set.counter(`${prefix}${name}`, help, read),
    info: (name, help, label, read) => set.info(`${prefix}${name}`, help, label, read),
  };
}
