import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { type Client, connect, toText } from '../../src/client/index.js';
import { createHttp2Channel } from '../../src/rpc/http2/index.js';
import { type Channel, RpcError, Status } from '../../src/rpc/index.js';
import { PermissionType } from '../../src/wire/gen/authpb.js';
import { Auth, KV } from '../../src/wire/index.js';
import { ca, clientCert, clientKey, serverCert, serverKey } from '../rpc/certificates.js';
import { realClock } from '../rpc/support.js';
import { Cluster, staticFlags } from './cluster.js';
import { Member } from './member.js';
import { freePorts } from './ports.js';
import { flotillaBin, needs } from './project.js';

/** Users, roles and tokens over several members, as clients meet them. */

const run = promisify(execFile);
const flags = ['--bcrypt-cost=4'];

type Calls = Pick<Channel, 'unary'>;

/** Root with password `root`, and alice with `alice`, who may read and write what begins with `a`; then enables all that. */
async function enable(channel: Calls, alice = 'alice'): Promise<void> {
  const { methods } = Auth;
  const [key, rangeEnd] = [Buffer.from('a'), Buffer.from('b')];
  const perm = { permType: PermissionType.READWRITE, key, rangeEnd };
  for (const name of ['root', alice]) {
    await unlessDone(channel.unary(methods.UserAdd, { name, password: name }));
  }
  await channel.unary(methods.UserGrantRole, { user: 'root', role: 'root' });
  await unlessDone(channel.unary(methods.RoleAdd, { name: 'some' }));
  await channel.unary(methods.RoleGrantPermission, { name: 'some', perm });
  await channel.unary(methods.UserGrantRole, { user: alice, role: 'some' });
  await unlessDone(channel.unary(methods.AuthEnable, {}));
}

/** A change that was asked for again may have been made the first time. */
async function unlessDone(change: Promise<unknown>): Promise<void> {
  try {
    await change;
  } catch (error) {
    const text = error instanceof RpcError ? error.message : '';
    if (!/already exists|user name is empty/.test(text)) throw error;
  }
}

/** Asks again while a member has no leader that answers in time: on a slow machine that may be so at any moment. */
function patient(channel: Channel): Calls {
  return {
    async unary(method, request, call) {
      const deadline = Date.now() + 60_000;
      for (;;) {
        try {
          return await channel.unary(method, request, call);
        } catch (error) {
          const isTransient = error instanceof RpcError && error.code === Status.unavailable;
          if (!isTransient || Date.now() > deadline) throw error;
        }
      }
    },
  };
}

function channelTo(t: Test, url: string, tls?: Parameters<typeof createHttp2Channel>[1]['tls']) {
  const channel = createHttp2Channel(url, { clock: realClock, ...(tls && { tls }) });
  t.teardown(() => channel.close());
  return channel;
}

function clientOf(t: Test, cluster: Cluster, name: string, only?: number): Client {
  const endpoints =
    only === undefined
      ? cluster.endpoints
      : [cluster.endpoints[only] ?? cluster.endpoints[0] ?? ''];
  const client = connect({
    endpoints: endpoints.map((endpoint) => `http://${endpoint}`),
    user: { name, password: name },
    timeouts: { requestMs: 60_000 },
  });
  t.teardown(() => client.close());
  return client;
}

t.test('a token that one member has made is known to all of them at once', async (t) => {
  const cluster = await Cluster.forTest(t, { kind: 'flotilla', flags });
  const channels = cluster.endpoints.map((endpoint) => patient(channelTo(t, `http://${endpoint}`)));
  await enable(channels[0] as Calls);
  const put = { key: Buffer.from('a'), value: Buffer.from('1') };
  for (let i = 0; i < 30; i++) {
    const login = { name: 'alice', password: 'alice' };
    const maker = channels[i % 3] as Calls;
    const { token } = await maker.unary(Auth.methods.Authenticate, login, { timeoutMs: 60_000 });
    const call = { metadata: { token }, timeoutMs: 60_000 };
    const others = channels.filter((channel) => channel !== maker);
    await Promise.all(others.map((channel) => channel.unary(KV.methods.Put, put, call)));
    await Promise.all(others.map((channel) => channel.unary(KV.methods.Range, put, call)));
  }
  t.pass('all were let in');
});

t.test(
  'the client library logs in again when members forget, and when passwords stay',
  async (t) => {
    const cluster = await Cluster.forTest(t, { kind: 'flotilla', flags });
    await enable(patient(channelTo(t, `http://${cluster.endpoints[0]}`)));
    const alice = clientOf(t, cluster, 'alice', 1);
    const root = clientOf(t, cluster, 'root', 0);
    await alice.kv.put('a1', '1', { isRepeatable: true });
    const watch = alice.watch({ prefix: 'a' });
    await watch.started;
    const session = await alice.session({ ttlSeconds: 600 });
    await t.rejects(alice.kv.put('b', '1'), { code: 'permission-denied' });
    await t.rejects(alice.watch('b').started, { code: 'permission-denied' });

    // A member that was started again knows no tokens.
    const member = cluster.member(1);
    await member.kill();
    member.start();
    await member.ready();
    await alice.kv.put('a2', '2', { isRepeatable: true });
    t.equal(await textOf(alice, 'a2'), '2');
    const seen: string[] = [];
    for await (const { events } of watch) {
      for (const { kv } of events) seen.push(Buffer.from(kv?.key ?? []).toString());
      if (seen.includes('a2')) break;
    }
    t.ok(seen.includes('a2'), 'the watch goes on');
    t.notOk(session.lost.aborted, 'and so does the session');
    await root.kv.put('b', '1', { isRepeatable: true });
    t.equal(await textOf(root, 'b'), '1');
  },
);

t.test('signed tokens are good at every member, and with them the revision of users', async (t) => {
  const dir = await folder(t);
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = join(dir, 'token.key');
  await writeFile(key, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const jwt = `--auth-token=jwt,priv-key=${key},sign-method=RS256,ttl=1h`;
  const cluster = await Cluster.forTest(t, { kind: 'flotilla', size: 1, flags: [...flags, jwt] });
  const channel = channelTo(t, `http://${cluster.endpoints[0]}`);
  await enable(channel);
  const login = { name: 'alice', password: 'alice' };
  const { token } = await channel.unary(Auth.methods.Authenticate, login);
  const put = { key: Buffer.from('a') };
  const call = { metadata: { token } };
  await channel.unary(KV.methods.Put, put, call);
  // It says as of when, and something has changed since.
  const root = await channel.unary(Auth.methods.Authenticate, { name: 'root', password: 'root' });
  const asRoot = { metadata: { token: root.token } };
  await channel.unary(Auth.methods.RoleAdd, { name: 'other' }, asRoot);
  await t.rejects(channel.unary(KV.methods.Put, put, call), {
    message: 'etcdserver: revision of auth store is old',
  });
  await t.rejects(channel.unary(KV.methods.Range, put, call), {
    message: 'etcdserver: revision of auth store is old',
  });
  const alice = clientOf(t, cluster, 'alice');
  for (const name of ['more', 'and more']) {
    await alice.kv.put('a', name);
    await clientRoleAdd(channel, name);
  }
  t.equal(await textOf(alice, 'a'), 'and more', 'the client library gets new ones');
});

async function textOf(client: Client, key: string): Promise<string> {
  const { kv } = await client.kv.get(key);
  return toText(kv?.value ?? new Uint8Array(0));
}

/** As root, whose own token is old each time. */
async function clientRoleAdd(channel: Channel, name: string): Promise<void> {
  const login = { name: 'root', password: 'root' };
  const { token } = await channel.unary(Auth.methods.Authenticate, login);
  await channel.unary(Auth.methods.RoleAdd, { name }, { metadata: { token } });
}

t.test('--client-cert-auth has the common name of a certificate say who calls', async (t) => {
  const { url } = await secureMember(t);
  const tls = { ca, cert: clientCert, key: clientKey };
  const channel = channelTo(t, url, tls);
  await enable(channel, 'test client');
  const call = { timeoutMs: 60_000 };
  await channel.unary(KV.methods.Put, { key: Buffer.from('a') }, call);
  const refusal = await channel.unary(KV.methods.Put, { key: Buffer.from('b') }, call).then(
    () => null,
    (error: unknown) => (error instanceof RpcError ? error.message : String(error)),
  );
  t.equal(refusal, 'etcdserver: permission denied');
  // A token counts more than a certificate.
  const login = { name: 'root', password: 'root' };
  const { token } = await channel.unary(Auth.methods.Authenticate, login, call);
  await channel.unary(KV.methods.Put, { key: Buffer.from('b') }, { ...call, metadata: { token } });
});

t.test(
  'stock etcdctl logs in over TLS, and is who its certificate says',
  needs('etcdctl'),
  async (t) => {
    const { url, dir } = await secureMember(t);
    const tls = { ca, cert: clientCert, key: clientKey };
    await enable(channelTo(t, url, tls), 'test client');
    const env = { ...process.env, ETCDCTL_API: '3' };
    const files = [
      '--cacert',
      join(dir, 'ca'),
      '--cert',
      join(dir, 'cert'),
      '--key',
      join(dir, 'key'),
    ];
    const etcdctl = async (...args: string[]) => {
      const waits = ['--command-timeout=60s', '--dial-timeout=60s'];
      const all = ['--endpoints', url, ...waits, ...files, ...args];
      const { stdout } = await run('etcdctl', all, { env });
      return stdout.trim();
    };
    t.equal(await etcdctl('put', 'a', '1'), 'OK');
    t.equal(await etcdctl('--user', 'root:root', 'put', 'b', '2'), 'OK');
    t.equal(await etcdctl('--user', 'root:root', 'get', 'b', '--print-value-only'), '2');
    await t.rejects(etcdctl('get', 'b'), { message: /permission denied/ });
    await t.rejects(etcdctl('--user', 'root:wrong', 'get', 'b'), {
      message: /authentication failed/,
    });
  },
);

async function folder(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-auth-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A member that asks clients for certificates, and the folder with theirs. */
async function secureMember(t: Test): Promise<{ readonly url: string; readonly dir: string }> {
  const dir = await folder(t);
  const texts = { ca, cert: clientCert, key: clientKey, server: serverCert, secret: serverKey };
  for (const [name, text] of Object.entries(texts)) await writeFile(join(dir, name), text);
  const [client, peer] = await freePorts(2);
  const base = {
    name: 'secure',
    clientUrl: `https://127.0.0.1:${client}`,
    peerUrl: `http://127.0.0.1:${peer}`,
    dataDir: join(dir, 'data'),
  };
  const initialCluster = `${base.name}=${base.peerUrl}`;
  const member = new Member({
    ...base,
    kind: 'flotilla',
    flags: [
      ...staticFlags({ ...base, initialCluster }),
      ...['--cert-file', join(dir, 'server'), '--key-file', join(dir, 'secret')],
      ...['--trusted-ca-file', join(dir, 'ca'), '--client-cert-auth', ...flags],
    ],
  });
  t.teardown(() => member.kill());
  member.start();
  await member.ready();
  return { url: base.clientUrl, dir };
}

t.test('flotilla ctl logs in with --user', async (t) => {
  const cluster = await Cluster.forTest(t, { kind: 'flotilla', size: 1, flags });
  const endpoint = cluster.endpoints[0] ?? '';
  await enable(channelTo(t, `http://${endpoint}`));
  const ctl = async (...args: string[]) => {
    const limits = ['--command-timeout', '60s'];
    const all = ['ctl', '--endpoints', endpoint, ...limits, ...args];
    return (await run(flotillaBin, all)).stdout.trim();
  };
  t.equal(await ctl('--user', 'alice:alice', 'put', 'a', '1'), 'OK');
  t.equal(await ctl('--user', 'alice', '--password', 'alice', 'get', 'a'), 'a\n1');
  const refusals: readonly (readonly [args: readonly string[], text: RegExp])[] = [
    [['--user', 'alice:alice', 'put', 'b', '1'], /permission denied/],
    [['--user', 'alice:bob', 'put', 'a', '1'], /authentication failed/],
    [['--user', 'alice', 'put', 'a', '1'], /needs a password/],
    [['put', 'a', '1'], /user name is empty/],
  ];
  for (const [args, text] of refusals) {
    const outcome = await ctl(...args).catch((error: { readonly stderr: string }) => error.stderr);
    t.match(outcome, text);
  }
});
