import t from 'tap';
import { Cluster } from '../e2e/cluster.js';
import { freePorts } from '../e2e/ports.js';
import { needs } from '../e2e/project.js';
import { errorOf, RawClient } from '../e2e/raw-client.js';

/** The same JSON to etcd's gateway and to ours. */

const b = (text: string) => Buffer.from(text).toString('base64');
const key = b('k');

/** Path, body, and what is compared: all, or of an error whose words are the JSON library's the code alone. */
type Row = readonly [path: string, body: unknown, compared?: 'code'];

const rows: readonly Row[] = [
  ['kv/put', { key, value: b('v1'), lease: '0' }],
  ['kv/put', { key, value: b('v2'), prev_kv: true }],
  ['kv/put', { key: b('\u0000ü'), value: '' }],
  ['kv/put', { key: b('neg'), value: b('x'), lease: '-7' }],
  ['kv/range', { key }],
  ['kv/range', { key, rangeEnd: b('l'), sortOrder: 'DESCEND', sortTarget: 'MOD', limit: 1 }],
  ['kv/range', { key: 'AA==', range_end: 'AA==', keys_only: true }],
  ['kv/range', { key: 'AA==', range_end: 'AA==', count_only: true, serializable: true }],
  ['kv/range', { key, revision: '2' }],
  ['kv/range', { key, revision: 1000 }],
  ['kv/range', { key: null }],
  ['kv/range', {}],
  ['kv/range', ''],
  ['kv/range', { key, unknown_field: [{}, 1] }],
  ['kv/range', '{"key":"a2', 'code'],
  ['kv/range', '{"key":7}', 'code'],
  ['kv/range', '{"key":"!"}', 'code'],
  ['kv/range', '{"limit":"x"}', 'code'],
  ['kv/range', '{"limit":99999999999999999999}', 'code'],
  ['kv/range', '[]', 'code'],
  [
    'kv/txn',
    {
      compare: [{ key, target: 'VERSION', result: 'EQUAL', version: '2' }],
      success: [
        { request_put: { key: b('t'), value: b('1') } },
        { request_range: { key } },
        { request_txn: { failure: [{ requestDeleteRange: { key: b('t2') } }] } },
      ],
    },
  ],
  ['kv/txn', { compare: [{ key, result: 0, target: 1 }], failure: [{ requestRange: { key } }] }],
  ['kv/txn', { success: [{}] }],
  ['kv/txn', { success: [{ request_put: { key } }, { request_put: { key } }] }],
  ['kv/deleterange', { key, prev_kv: true }],
  ['kv/deleterange', { key }],
  ['kv/compaction', { revision: '3', physical: true }],
  ['kv/compaction', { revision: '3' }],
  ['kv/range', { key, revision: '2' }],
  ['lease/grant', { ID: '9007199254740993', TTL: '500' }],
  ['lease/grant', { ID: '9007199254740993', TTL: '500' }],
  ['lease/grant', { TTL: '9000000001' }],
  ['kv/put', { key: b('leased'), lease: '9007199254740993' }],
  ['lease/leases', {}],
  ['kv/lease/leases', ''],
  ['lease/keepalive', { ID: '9007199254740993' }],
  ['lease/keepalive', '{"ID":"1"}{"ID":"2"} \n {"ID":9007199254740993}'],
  ['lease/revoke', { ID: '9007199254740993' }],
  ['kv/lease/revoke', { ID: '9007199254740993' }],
  ['lease/timetolive', { ID: '77', keys: true }],
  ['cluster/member/remove', { ID: '1' }],
  ['cluster/member/add', { peerURLs: ['nonsense'] }],
  ['maintenance/transfer-leadership', { targetID: '5' }],
  ['maintenance/defragment', {}],
  ['election/leader', { name: b('nobody') }],
  ['election/proclaim', { value: b('v') }],
  ['election/resign', {}],
  ['auth/authenticate', { name: 'a', password: 'b' }],
];

t.test('the gateway answers as etcd does', needs('etcd'), async (t) => {
  const theirs = await endpointOf(t, 'etcd');
  const ours = await endpointOf(t, 'flotilla');
  for (const [path, body, compared] of rows) {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const name = `${path} ${text}`;
    const [their, our] = [await answer(theirs, path, text), await answer(ours, path, text)];
    if (compared === 'code') t.equal(codeOf(our), codeOf(their), name);
    else t.same(our, their, name);
  }
});

t.test('HTTP is served apart where it has URLs of its own', async (t) => {
  const [port] = await freePorts(1);
  const apart = `http://127.0.0.1:${port}`;
  const flags = [`--listen-client-http-urls=${apart}`];
  const cluster = await Cluster.forTest(t, { kind: 'flotilla', size: 1, flags });
  const { endpoint } = cluster.member(0);
  const grpc = new RawClient(endpoint);
  t.teardown(() => grpc.close());
  await grpc.put('k', 'v');
  t.match(await answer(`${apart}/v3/`, 'kv/range', JSON.stringify({ key })), [{ count: '1' }]);
  for (const path of ['/version', '/health', '/metrics', '/debug/vars']) {
    t.equal((await fetch(apart + path)).status, 200, path);
    t.equal((await fetch(`http://${endpoint}${path}`)).status, 404, `not ${path} beside gRPC`);
  }
  const call = new RawClient(`127.0.0.1:${port}`);
  t.teardown(() => call.close());
  t.match(await call.put('k', 'v').catch(errorOf), { code: 12 }, 'and no calls beside HTTP');
});

async function endpointOf(t: Parameters<typeof Cluster.forTest>[0], kind: 'etcd' | 'flotilla') {
  const cluster = await Cluster.forTest(t, { kind, size: 1 });
  return `http://${cluster.member(0).endpoint}/v3/`;
}

/** The lines of an answer, without what is each server's own. */
async function answer(endpoint: string, path: string, body: string): Promise<unknown[]> {
  const response = await fetch(endpoint + path, { method: 'POST', body });
  const text = (await response.text()).trim();
  return text.split('\n').map((line) => comparable(JSON.parse(line)));
}

function comparable(line: Record<string, unknown>): unknown {
  // Versions differ in how they frame it, and some give the words twice.
  const error = line.error ?? line;
  if (typeof error === 'string') return { code: line.code, message: line.message ?? error };
  const { code, grpc_code: grpcCode, message } = error as Record<string, unknown>;
  if (message !== undefined) return { code: grpcCode ?? code, message };
  return JSON.parse(JSON.stringify(line, withoutIds));
}

function withoutIds(name: string, value: unknown): unknown {
  return ['cluster_id', 'member_id', 'raft_term'].includes(name) ? undefined : value;
}

function codeOf(lines: readonly unknown[]): unknown {
  return (lines[0] as { code?: number }).code;
}
