import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { createGrpcJsChannel } from '../../src/rpc/grpc-js/index.js';
import type { Channel } from '../../src/rpc/index.js';
import { PermissionType } from '../../src/wire/gen/authpb.js';
import { Auth, KV } from '../../src/wire/index.js';
import { Cluster, staticFlags } from '../e2e/cluster.js';
import { Member } from '../e2e/member.js';
import { freePorts } from '../e2e/ports.js';
import { needs } from '../e2e/project.js';
import { realClock } from '../rpc/support.js';
import { failure } from '../store/api/client.js';

/** Users of ours, with their passwords and what they may, are users of a real etcd that is restored from our snapshot. */

const run = promisify(execFile);
const { methods } = Auth;
const key = Buffer.from('a');
const call = { timeoutMs: 60_000 };

t.test('a snapshot with users becomes an etcd with users', needs('etcd', 'etcdctl'), async (t) => {
  const flags = ['--bcrypt-cost=4'];
  const cluster = await Cluster.forTest(t, { kind: 'flotilla', size: 1, flags });
  const { endpoint } = cluster.member(0);
  const ours = createGrpcJsChannel(`http://${endpoint}`, { clock: realClock });
  t.teardown(() => ours.close());
  for (const name of ['root', 'alice']) await ours.unary(methods.UserAdd, { name, password: name });
  await ours.unary(methods.UserGrantRole, { user: 'root', role: 'root' });
  await ours.unary(methods.RoleAdd, { name: 'some' });
  const perm = { permType: PermissionType.READ, key };
  await ours.unary(methods.RoleGrantPermission, { name: 'some', perm });
  await ours.unary(methods.UserGrantRole, { user: 'alice', role: 'some' });
  await ours.unary(methods.AuthEnable, {});

  const dir = await mkdtemp(join(tmpdir(), 'flotilla-auth-snapshot-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const file = join(dir, 'saved.db');
  const env = { ...process.env, ETCDCTL_API: '3' };
  const waits = ['--command-timeout=60s', '--dial-timeout=60s'];
  const asRoot = ['--endpoints', endpoint, '--user', 'root:root', ...waits];
  await run('etcdctl', [...asRoot, 'snapshot', 'save', file], { env });

  const theirs = await restored(t, { dir, file, env });
  const token = await login(theirs, 'alice', 'alice');
  const alice = { ...call, metadata: { token } };
  t.strictSame(await failure(theirs, KV.methods.Range, { key }, alice), [0, 'ok']);
  t.strictSame(await failure(theirs, KV.methods.Put, { key }, alice), [
    7,
    'etcdserver: permission denied',
  ]);
  const failed = [3, 'etcdserver: authentication failed, invalid user ID or password'];
  const wrong = { name: 'alice', password: 'bob' };
  t.strictSame(await failure(theirs, methods.Authenticate, wrong, call), failed);
  const root = { ...call, metadata: { token: await login(theirs, 'root', 'root') } };
  const { users } = await theirs.unary(methods.UserList, {}, root);
  t.same(users, ['alice', 'root']);
  await theirs.unary(KV.methods.Put, { key }, root);
});

async function login(channel: Channel, name: string, password: string): Promise<string> {
  return (await channel.unary(methods.Authenticate, { name, password }, call)).token;
}

async function restored(
  t: { teardown(handler: () => Promise<unknown>): void },
  { dir, file, env }: { dir: string; file: string; env: NodeJS.ProcessEnv },
): Promise<Channel> {
  const [client, peer] = await freePorts(2);
  const base = {
    kind: 'etcd' as const,
    name: 'restored',
    clientUrl: `http://127.0.0.1:${client}`,
    peerUrl: `http://127.0.0.1:${peer}`,
    dataDir: join(dir, 'restored'),
  };
  const initialCluster = `${base.name}=${base.peerUrl}`;
  await run(
    'etcdctl',
    [
      ...['snapshot', 'restore', file, '--name', base.name, '--data-dir', base.dataDir],
      ...['--initial-cluster', initialCluster, '--initial-advertise-peer-urls', base.peerUrl],
      ...['--initial-cluster-token', 'flotilla-e2e'],
    ],
    { env },
  );
  const member = new Member({ ...base, flags: staticFlags({ ...base, initialCluster }) });
  t.teardown(() => member.kill());
  member.start();
  await member.ready();
  const channel = createGrpcJsChannel(base.clientUrl, { clock: realClock });
  t.teardown(() => channel.close());
  return channel;
}
