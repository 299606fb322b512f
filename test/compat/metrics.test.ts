import t, { type Test } from 'tap';
import { KV, Lease } from '../../src/wire/index.js';
import { until } from '../client/until.js';
import { Cluster } from '../e2e/cluster.js';
import type { ServerKind } from '../e2e/member.js';
import { freePorts } from '../e2e/ports.js';
import { needs } from '../e2e/project.js';
import { errorOf, RawClient } from '../e2e/raw-client.js';

/** The same requests to etcd and to ours, and then their metrics side by side. */

const key = (text: string) => Buffer.from(text);

/** Metrics that say the same of both after the same requests. Debian's etcd is older and lacks some. */
const comparable = [
  'etcd_server_has_leader',
  'etcd_server_is_leader',
  'etcd_server_leader_changes_seen_total',
  'etcd_server_proposals_failed_total',
  'etcd_server_quota_backend_bytes',
  'etcd_mvcc_put_total',
  'etcd_mvcc_delete_total',
  'etcd_mvcc_txn_total',
  'etcd_debugging_mvcc_keys_total',
  'etcd_debugging_mvcc_watch_stream_total',
  'etcd_debugging_lease_granted_total',
  'etcd_debugging_lease_revoked_total',
  ...callsOf('KV', 'Put'),
  ...callsOf('KV', 'Txn'),
  ...callsOf('KV', 'DeleteRange'),
  ...callsOf('Lease', 'LeaseGrant'),
  ...callsOf('Lease', 'LeaseRevoke'),
  'grpc_server_handled_total{grpc_code="NotFound",grpc_method="LeaseRevoke",grpc_service="etcdserverpb.Lease",grpc_type="unary"}',
];

function callsOf(service: string, method: string): string[] {
  const labels = `grpc_method="${method}",grpc_service="etcdserverpb.${service}",grpc_type="unary"`;
  return [
    `grpc_server_started_total{${labels}}`,
    `grpc_server_handled_total{grpc_code="OK",${labels}}`,
    `grpc_server_msg_received_total{${labels}}`,
    `grpc_server_msg_sent_total{${labels}}`,
  ];
}

t.test('/metrics counts what etcd counts', needs('etcd'), async (t) => {
  const theirs = await metricsAfterRequests(t, 'etcd');
  const ours = await metricsAfterRequests(t, 'flotilla');
  for (const name of comparable) t.equal(ours.get(name), theirs.get(name), name);
  t.equal(ours.get('etcd_mvcc_put_total'), '5');
});

t.test('/metrics is served beside the client port too, with durations when asked', async (t) => {
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const flags = [`--listen-metrics-urls=${url}`, '--metrics=extensive'];
  const cluster = await Cluster.forTest(t, { kind: 'flotilla', size: 1, flags });
  const client = new RawClient(cluster.member(0).endpoint);
  t.teardown(() => client.close());
  await client.put('k', 'v');
  const metrics = await scrape(url);
  const labels = 'grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary"';
  t.equal(metrics.get(`grpc_server_handling_seconds_count{${labels}}`), '1');
  t.equal(metrics.get(`grpc_server_handling_seconds_bucket{le="+Inf",${labels}}`), '1');
  t.ok(Number(metrics.get(`grpc_server_handling_seconds_sum{${labels}}`)) > 0);
  t.ok(Number(metrics.get('etcd_disk_wal_fsync_duration_seconds_count')) > 0);
  t.ok(Number(metrics.get('etcd_disk_wal_write_bytes_total')) > 0);
  t.ok(Number(metrics.get('process_resident_memory_bytes')) > 0);
  await until('a batch is committed', async () => {
    return Number((await scrape(url)).get('etcd_disk_backend_commit_duration_seconds_count')) > 0;
  });
  t.equal((await fetch(`${url}/health`)).status, 200);
  t.equal((await fetch(`${url}/readyz`)).status, 200);
  t.equal((await scrape(url)).get('etcd_server_health_success'), '1');
  t.equal((await fetch(`${url}/version`)).status, 404, 'only what observes is served there');
  const call = await new RawClient(`127.0.0.1:${port}`).put('k', 'v').catch(errorOf);
  t.equal((call as { code: number }).code, 12, 'and no calls');
});

t.test('/metrics tells about the other members', async (t) => {
  const cluster = await Cluster.forTest(t, { kind: 'flotilla' });
  const [first] = cluster.members;
  const sum = async (name: string) => {
    const metrics = await scrape(`http://${first!.endpoint}`);
    const values = [...metrics].filter(([series]) => series.startsWith(`${name}{`));
    return values.reduce((all, [, value]) => all + Number(value), 0);
  };
  await until('both are connected', async () => (await sum('etcd_network_active_peers')) === 2);
  for (const way of ['sent', 'received']) {
    await until(`bytes are ${way}`, async () => {
      return (await sum(`etcd_network_peer_${way}_bytes_total`)) > 0;
    });
  }
  await cluster.member(1).kill();
  await until('one is not', async () => (await sum('etcd_network_active_peers')) === 1);
  t.equal(await sum('etcd_network_known_peers'), 2);
  await until('it is counted', async () => {
    return (await sum('etcd_network_disconnected_peers_total')) >= 1;
  });
});

async function metricsAfterRequests(
  t: Test,
  kind: ServerKind,
): Promise<ReadonlyMap<string, string>> {
  const cluster = await Cluster.forTest(t, { kind, size: 1 });
  const client = new RawClient(cluster.member(0).endpoint);
  t.teardown(() => client.close());
  await client.put('a', '1');
  await client.put('a', '2');
  await client.put('b', '1');
  const put = (name: string) => ({ requestPut: { key: key(name), value: key('v') } });
  const remove = (from: string, to: string) => ({
    requestDeleteRange: { key: key(from), rangeEnd: key(to) },
  });
  await client.call(KV.methods.Txn, { success: [put('c'), put('d'), remove('a', 'c')] });
  await client.call(KV.methods.Txn, { success: [remove('x', 'y')] });
  const { LeaseGrant, LeaseRevoke } = Lease.methods;
  await client.call(LeaseGrant, { ID: 7n, TTL: 100 });
  await client.call(LeaseRevoke, { ID: 7n });
  await client.call(LeaseRevoke, { ID: 8n }).catch(errorOf);
  return scrape(`http://${cluster.member(0).endpoint}`);
}

/** Values by series, labels sorted by name but for `le`, which is first. */
async function scrape(url: string): Promise<ReadonlyMap<string, string>> {
  const response = await fetch(`${url}/metrics`);
  t.match(response.headers.get('content-type'), /^text\/plain; version=0.0.4/);
  const values = new Map<string, string>();
  for (const line of (await response.text()).split('\n')) {
    const [, name = '', labels, value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === '') continue;
    const sorted = labels?.match(/\w+="[^"]*"/g)?.sort((a, b) => rank(a).localeCompare(rank(b)));
    values.set(sorted === undefined ? name : `${name}{${sorted.join()}}`, String(Number(value)));
  }
  return values;
}

function rank(label: string): string {
  return label.startsWith('le=') ? '' : label;
}
