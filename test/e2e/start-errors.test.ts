import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Cluster, staticFlags } from './cluster.js';
import { type Exit, Member, type MemberSpec } from './member.js';
import { freePorts } from './ports.js';

/** A member of its own little cluster, which is not started yet. */
async function plan(dir: string, name = 'm0'): Promise<MemberSpec> {
  const [client, peer] = await freePorts(2);
  const clientUrl = `http://127.0.0.1:${client}`;
  const peerUrl = `http://127.0.0.1:${peer}`;
  const base = { name, clientUrl, peerUrl, dataDir: join(dir, name) };
  const flags = staticFlags({ ...base, initialCluster: `${name}=${peerUrl}` });
  return { ...base, kind: 'flotilla', flags };
}

/** Starts a member that must give up by itself. */
async function startRefused(spec: MemberSpec): Promise<{ exit: Exit; log: string }> {
  const member = new Member(spec);
  member.start();
  const timer = setTimeout(() => void member.kill(), 120_000);
  const exit = await member.exit;
  clearTimeout(timer);
  return { exit, log: member.log.join('\n') };
}

async function tempDir(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-start-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Command lines that are wrong in themselves: the message names the flag and quotes the value; exit code 2. */
const wrongFlags: readonly { flags: readonly string[]; says: RegExp }[] = [
  { flags: ['--frobnicate'], says: /unknown option '--frobnicate'/ },
  { flags: ['--frobnicate=1'], says: /unknown option '--frobnicate=?1?'/ },
  { flags: ['surplus'], says: /too many arguments|surplus/ },
  { flags: ['--listen-client-urls=nonsense'], says: /--listen-client-urls.*nonsense/ },
  { flags: ['--listen-client-urls=http://127.0.0.1'], says: /--listen-client-urls.*127\.0\.0\.1/ },
  { flags: ['--listen-client-urls=ftp://127.0.0.1:1'], says: /--listen-client-urls.*ftp/ },
  { flags: ['--listen-peer-urls=http://:'], says: /--listen-peer-urls/ },
  { flags: ['--listen-client-urls=http://127.0.0.1:99999'], says: /--listen-client-urls.*99999/ },
  { flags: ['--initial-cluster=m0'], says: /--initial-cluster/ },
  { flags: ['--initial-cluster=other=http://127.0.0.1:1'], says: /--initial-cluster|m0/ },
  { flags: ['--initial-cluster-state=sideways'], says: /--initial-cluster-state.*sideways/ },
  { flags: ['--heartbeat-interval=soon'], says: /--heartbeat-interval.*soon/ },
  { flags: ['--heartbeat-interval=500', '--election-timeout=600'], says: /--election-timeout/ },
  { flags: ['--snapshot-count=-1'], says: /--snapshot-count/ },
  { flags: ['--log-level=loud'], says: /--log-level.*loud/ },
  { flags: ['--auto-compaction-mode=never'], says: /--auto-compaction-mode.*never/ },
  { flags: ['--max-request-bytes'], says: /--max-request-bytes/ },
];

t.test('flotilla store: a wrong command line is refused with the reason', async (t) => {
  const dir = await tempDir(t);
  const spec = await plan(dir);
  for (const { flags, says } of wrongFlags) {
    const { exit, log } = await startRefused({ ...spec, flags: [...spec.flags, ...flags] });
    t.equal(exit.code, 2, flags.join(' '));
    t.match(log, says);
    t.notMatch(log, /^ {4}at /m, 'no stack trace');
  }
});

t.test('flotilla store: a data directory of something else is refused', async (t) => {
  const dir = await tempDir(t);
  const spec = await plan(dir);
  await mkdir(spec.dataDir);
  await writeFile(join(spec.dataDir, 'photo.jpg'), 'x');
  const foreign = await startRefused(spec);
  t.equal(foreign.exit.code, 1);
  t.match(foreign.log, /is not empty \(photo\.jpg\): choose an empty --data-dir/);

  const etcd = await plan(dir, 'm1');
  await mkdir(join(etcd.dataDir, 'member', 'snap'), { recursive: true });
  t.match((await startRefused(etcd)).log, /holds data of etcd's without a database/);

  const file = await plan(dir, 'm2');
  await writeFile(file.dataDir, 'x');
  t.equal((await startRefused(file)).exit.code, 1);

  const certificates = ['--cert-file=/nonexistent/cert.pem', '--key-file=/nonexistent/key.pem'];
  const tls = await plan(dir, 'm3');
  const flags = [...tls.flags, ...certificates, `--listen-client-urls=https://127.0.0.1:1`];
  const missing = await startRefused({ ...tls, flags });
  t.equal(missing.exit.code, 1);
  t.match(missing.log, /\/nonexistent\/cert\.pem/);
});

t.test('flotilla store: a data directory of another cluster is refused', async (t) => {
  const dir = await tempDir(t);
  const spec = await plan(dir);
  const member = new Member(spec);
  member.start();
  t.teardown(() => member.kill());
  await member.ready();

  const rival = await startRefused({ ...(await plan(dir, 'm1')), flags: spec.flags });
  t.equal(rival.exit.code, 1, 'while it is in use');
  t.match(rival.log, /in use/);

  t.same(await member.kill('SIGTERM'), { code: 0, signal: null }, 'SIGTERM ends with 0');
  const flags = [...spec.flags, '--initial-cluster-token=another'];
  const stranger = await startRefused({ ...spec, flags });
  t.equal(stranger.exit.code, 1);
  t.match(stranger.log, /belongs to member \w+ of cluster \w+, but the flags describe/);
});

t.test('flotilla store: a port in use is refused', async (t) => {
  const dir = await tempDir(t);
  for (const which of ['clientUrl', 'peerUrl'] as const) {
    const spec = await plan(dir, which);
    const port = Number(new URL(spec[which]).port);
    const squatter = createServer().listen({ port, host: '127.0.0.1' });
    await once(squatter, 'listening');
    const { exit, log } = await startRefused(spec);
    squatter.close();
    t.equal(exit.code, 1, which);
    t.match(log, `127.0.0.1:${port}`);
    t.match(log, /in use/);
  }
});

t.test('flotilla store: a member that lost its data is refused under its old name', async (t) => {
  const cluster = await Cluster.forTest(t, { kind: 'flotilla' });
  const member = cluster.member(2);
  await member.kill();
  await rm(member.spec.dataDir, { recursive: true });
  const { exit, log } = await startRefused(member.spec);
  t.equal(exit.code, 1);
  t.match(log, /has already been bootstrapped/);
});
