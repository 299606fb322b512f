import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { Prng } from '../../src/base/prng.js';
import { KV, Lease } from '../../src/wire/index.js';
import { Cluster, staticFlags } from '../e2e/cluster.js';
import { Member } from '../e2e/member.js';
import { freePorts } from '../e2e/ports.js';
import { needs } from '../e2e/project.js';
import { errorOf, RawClient } from '../e2e/raw-client.js';
import { normalised } from '../store/api/odd-requests.js';

/** What stock etcdctl saves of a member of ours, stock tools check and restore, and a real etcd serves. */

const run = promisify(execFile);
const all = { key: Buffer.from([0]), rangeEnd: Buffer.from([0]) };

for (const isCompacted of [false, true]) {
  const what = isCompacted ? 'compacted' : 'whole';
  t.test(`a snapshot, ${what}, becomes an etcd`, needs('etcd', 'etcdctl'), async (t) => {
    const cluster = await Cluster.forTest(t, { kind: 'flotilla', size: 1 });
    const { endpoint } = cluster.member(0);
    const ours = new RawClient(endpoint);
    t.teardown(() => ours.close());
    const revision = await fill(ours);
    if (isCompacted)
      await ours.call(KV.methods.Compact, { revision: revision - 20, physical: true });

    const dir = await mkdtemp(join(tmpdir(), 'flotilla-snapshot-'));
    t.teardown(() => rm(dir, { recursive: true, force: true }));
    const file = join(dir, 'saved.db');
    const env = { ...process.env, ETCDCTL_API: '3' };
    await run('etcdctl', ['--endpoints', endpoint, 'snapshot', 'save', file], { env });
    const { stdout } = await run('etcdctl', ['snapshot', 'status', file, '-w', 'json'], { env });
    const status = JSON.parse(stdout) as { revision: number; totalKey: number };
    t.equal(status.revision, revision);
    t.ok(status.totalKey > 0);

    const theirs = await restored(t, { dir, file, env });
    const revisions = [0, revision - 1, revision - 10, revision - 19, revision - 21, 2];
    for (const at of revisions) {
      const request = { ...all, revision: at };
      t.same(await answer(ours, request), await answer(theirs, request), `at ${at}`);
    }
    for (const ID of [7n, 8n]) {
      const request = { ID, keys: true };
      const one = await ours.call(Lease.methods.LeaseTimeToLive, request);
      const other = await theirs.call(Lease.methods.LeaseTimeToLive, request);
      const keysOf = ({ keys }: typeof one) => normalised(keys) as string[];
      t.same(keysOf(one).sort(), keysOf(other).sort(), `keys of lease ${ID}`);
      t.equal(one.grantedTTL, other.grantedTTL);
    }
    const next = await theirs.put('after', 'it');
    t.equal(next.header?.revision, revision + 1, 'it goes on from there');
  });
}

/** Puts, deletions, txns of several keys, leases, small values and large; the revision after them. */
async function fill(client: RawClient): Promise<number> {
  const prng = new Prng(5);
  for (const ID of [7n, 8n]) await client.call(Lease.methods.LeaseGrant, { ID, TTL: 5000 });
  const put = (key: string, bytes: number) => ({
    key: Buffer.from(key),
    value: Buffer.alloc(bytes, key),
    lease: BigInt(prng.pick([0, 0, 7, 8])),
  });
  for (let step = 0; step < 300; step++) {
    const key = `k/${prng.int(0, 120)}`;
    const dice = prng.int(0, 10);
    const { DeleteRange, Put, Txn } = KV.methods;
    if (dice < 7) await client.call(Put, put(key, prng.pick([0, 10, 100, 3000, 9000, 70_000])));
    else if (dice < 8) await client.call(DeleteRange, { key: Buffer.from(key) });
    else {
      const success = [1, 2, 3].map((n) => ({ requestPut: put(`${key}/${n}`, 20) }));
      await client.call(Txn, { success });
    }
  }
  const { header } = await client.put('last', 'one');
  return header?.revision ?? 0;
}

async function restored(
  t: Test,
  { dir, file, env }: { dir: string; file: string; env: NodeJS.ProcessEnv },
): Promise<RawClient> {
  const [clientPort, peerPort] = await freePorts(2);
  const base = {
    kind: 'etcd' as const,
    name: 'restored',
    clientUrl: `http://127.0.0.1:${clientPort}`,
    peerUrl: `http://127.0.0.1:${peerPort}`,
    dataDir: join(dir, 'restored'),
  };
  const initialCluster = `${base.name}=${base.peerUrl}`;
  const flags = [
    ...['--name', base.name, '--data-dir', base.dataDir, '--initial-cluster', initialCluster],
    ...['--initial-advertise-peer-urls', base.peerUrl],
    ...['--initial-cluster-token', 'flotilla-e2e'],
  ];
  await run('etcdctl', ['snapshot', 'restore', file, ...flags], { env });
  const member = new Member({ ...base, flags: staticFlags({ ...base, initialCluster }) });
  t.teardown(() => member.kill());
  member.start();
  await member.ready(60_000);
  const client = new RawClient(member.endpoint);
  t.teardown(() => client.close());
  return client;
}

async function answer(client: RawClient, request: object): Promise<unknown> {
  try {
    const { kvs, count, more } = await client.call(KV.methods.Range, request);
    return normalised({ kvs, count, more });
  } catch (error) {
    return errorOf(error);
  }
}
