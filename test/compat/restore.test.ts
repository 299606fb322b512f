import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { Prng } from '../../src/base/prng.js';
import { Auth, KV, Lease, Cluster as Members } from '../../src/wire/index.js';
import { Cluster, staticFlags } from '../e2e/cluster.js';
import { Member, type MemberSpec, type ServerKind } from '../e2e/member.js';
import { freePorts } from '../e2e/ports.js';
import { flotillaBin, needs } from '../e2e/project.js';
import { errorOf, RawClient } from '../e2e/raw-client.js';
import { normalised } from '../store/api/odd-requests.js';

/** Members of ours that begin with what an etcd, or another store of ours, has left. */

const run = promisify(execFile);
const all = { key: Buffer.from([0]), rangeEnd: Buffer.from([0]) };
/** What a test runner has Node do is nothing for the programs under test. */
const { NODE_OPTIONS: _, ...plainEnv } = process.env;
const ctl = (...args: string[]) => run(flotillaBin, ['ctl', ...args], { env: plainEnv });

t.test('a snapshot becomes a cluster of ours, or is refused', async (t) => {
  const { cluster, client, revision } = await filledCluster(t, 'flotilla');
  const dir = await folder(t);
  const file = await saved(cluster, dir);
  const specs = await planned(dir, ['r0', 'r1', 'r2']);
  for (const spec of specs) await restore(file, spec);
  const restored = specs.map((spec) => started(t, spec));
  for (const member of restored) await member.ready();
  const clients = restored.map((member) => clientOf(t, member));
  const [, , ours] = clients;
  t.same(await answers(ours!, revision), await answers(client, revision));
  t.equal((await ours!.put('after', 'it')).header?.revision, revision + 1);
  const hashes = await Promise.all(clients.map((each) => each.hashKv(revision)));
  t.equal(new Set(hashes.map(({ hash }) => hash)).size, 1, 'all members have the same');

  const [spec] = await planned(dir, ['x']);
  const bytes = await readFile(file);
  const cut = join(dir, 'cut.db');
  await writeFile(cut, bytes.subarray(0, bytes.length - 32));
  await t.rejects(restore(cut, spec!), /has no checksum.*--skip-hash-check/s);
  const changed = join(dir, 'changed.db');
  bytes[bytes.length - 100]! ^= 1;
  await writeFile(changed, bytes);
  await t.rejects(restore(changed, spec!), /checksum is another/);
  await writeFile(changed, 'no database');
  await t.rejects(restore(changed, spec!, ['--skip-hash-check']), /none of etcd's databases/);
  await t.rejects(restore(join(dir, 'none.db'), spec!), /cannot open/);
  await t.rejects(restore(file, spec!, ['--bump-revision', '1000']), /mark-compacted/);
  await t.rejects(restore(file, specs[0]!), /not empty/);
});

t.test(
  "an etcd's snapshot and its data directory are taken over",
  needs('etcd', 'etcdctl'),
  async (t) => {
    const { cluster, client, revision } = await filledCluster(t, 'etcd');
    const dir = await folder(t);
    const file = await saved(cluster, dir);
    const env = { ...process.env, ETCDCTL_API: '3' };
    for (const format of ['simple', 'json', 'fields']) {
      const theirs = await run('etcdctl', ['snapshot', 'status', file, '-w', format], { env });
      const ours = await ctl('snapshot', 'status', file, '-w', format);
      t.equal(ours.stdout, theirs.stdout, `status as ${format}`);
    }

    const [spec] = await planned(dir, ['bumped']);
    await restore(file, spec!, ['--bump-revision', '1000', '--mark-compacted']);
    const bumped = started(t, spec!);
    await bumped.ready();
    const raised = clientOf(t, bumped);
    t.match(await answer(raised, { ...all, revision }), { code: 11, details: /compacted/ });
    t.same(await answer(raised, all), await answer(client, all));
    t.equal((await raised.put('after', 'it')).header?.revision, revision + 1001);

    const before = await answers(client, revision);
    const members = await memberList(client);
    await cluster.member(0).kill('SIGTERM');
    const member = started(t, { ...cluster.member(0).spec, kind: 'flotilla' });
    for (const round of ['first', 'second']) {
      await member.ready();
      const ours = clientOf(t, member);
      t.same(await answers(ours, revision), before, `after the ${round} start`);
      t.same(await memberList(ours), members, 'it is the same member of the same cluster');
      if (round === 'first')
        t.equal((await ours.put('after', 'it')).header?.revision, revision + 1);
      else t.equal((await ours.range('after')).count, 1);
      await member.kill();
      if (round === 'first') member.start();
    }
  },
);

async function saved(cluster: Cluster, dir: string): Promise<string> {
  const file = join(dir, 'saved.db');
  await ctl('--endpoints', cluster.member(0).endpoint, 'snapshot', 'save', file);
  return file;
}

function started(t: Test, spec: MemberSpec): Member {
  const member = new Member(spec);
  t.teardown(async () => {
    if (!t.passing()) t.comment(member.log.slice(-20).join('\n'));
    await member.kill();
  });
  member.start();
  return member;
}

/** One member with revisions, deletions, leases and a compaction. */
async function filledCluster(t: Test, kind: ServerKind) {
  const cluster = await Cluster.forTest(t, { kind, size: 1 });
  const client = clientOf(t, cluster.member(0));
  const { DeleteRange, Put, Txn, Compact } = KV.methods;
  for (const ID of [7n, 8n]) await client.call(Lease.methods.LeaseGrant, { ID, TTL: 5000 });
  const { RoleAdd, UserAdd, UserGrantRole } = Auth.methods;
  await client.call(RoleAdd, { name: 'reader' });
  await client.call(UserAdd, { name: 'somebody', password: 'secret' });
  await client.call(UserGrantRole, { user: 'somebody', role: 'reader' });
  const prng = new Prng(9);
  const put = (bytes: number) => ({
    key: Buffer.from(`k/${prng.int(0, 40)}`),
    value: Buffer.alloc(bytes, 'v'),
    lease: BigInt(prng.pick([0, 0, 7, 8])),
  });
  for (let step = 0; step < 120; step++) {
    const dice = prng.int(0, 10);
    if (dice < 7) await client.call(Put, put(prng.pick([0, 10, 3000, 70_000])));
    else if (dice < 8) await client.call(DeleteRange, { key: Buffer.from(`k/${prng.int(0, 40)}`) });
    else {
      const requestPut = (n: number) => ({ ...put(9), key: Buffer.from(`t/${step}/${n}`) });
      await client.call(Txn, { success: [1, 2, 3].map((n) => ({ requestPut: requestPut(n) })) });
    }
  }
  const { header } = await client.put('last', 'one');
  const revision = header?.revision ?? 0;
  await client.call(Compact, { revision: revision - 30, physical: true });
  return { cluster, client, revision };
}

async function folder(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-restore-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

async function planned(dir: string, names: readonly string[]): Promise<MemberSpec[]> {
  const ports = await freePorts(2 * names.length);
  const bases = names.map((name, i) => ({
    kind: 'flotilla' as const,
    name,
    clientUrl: `http://127.0.0.1:${ports[2 * i]}`,
    peerUrl: `http://127.0.0.1:${ports[2 * i + 1]}`,
    dataDir: join(dir, name),
  }));
  const initialCluster = bases.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
  return bases.map((base) => ({ ...base, flags: staticFlags({ ...base, initialCluster }) }));
}

async function restore(
  file: string,
  { name, dataDir, peerUrl, flags }: MemberSpec,
  more: string[] = [],
) {
  const cluster = flags[flags.indexOf('--initial-cluster') + 1]!;
  await ctl(
    ...['snapshot', 'restore', file, '--name', name, '--data-dir', dataDir],
    ...['--initial-cluster', cluster, '--initial-cluster-token', 'flotilla-e2e'],
    ...['--initial-advertise-peer-urls', peerUrl, ...more],
  );
}

function clientOf(t: Test, member: Member): RawClient {
  const client = new RawClient(member.endpoint);
  t.teardown(() => client.close());
  return client;
}

/** What is there at several revisions, and which keys the leases have. */
async function answers(client: RawClient, revision: number): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const back of [0, 1, 10, 29, 30, 31, 100]) {
    found.push(await answer(client, { ...all, revision: revision - back }));
  }
  for (const ID of [7n, 8n]) {
    const lease = await client.call(Lease.methods.LeaseTimeToLive, { ID, keys: true });
    const keys = (normalised(lease.keys) as string[]).sort();
    found.push({ grantedTtl: lease.grantedTTL, keys });
  }
  found.push((await client.call(Auth.methods.UserGet, { name: 'somebody' })).roles);
  found.push((await client.call(Auth.methods.RoleList, {})).roles);
  return found;
}

async function answer(client: RawClient, request: object): Promise<unknown> {
  try {
    const { kvs, count, more } = await client.call(KV.methods.Range, request);
    return normalised({ kvs, count, more });
  } catch (error) {
    return errorOf(error);
  }
}

/** Who is in, and of which cluster. */
async function memberList(client: RawClient): Promise<unknown> {
  const { header, members } = await client.call(Members.methods.MemberList, {});
  return normalised({ clusterId: header?.clusterId, members });
}
