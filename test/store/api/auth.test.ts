import t from 'tap';
import type { Channel } from '../../../src/rpc/service.js';
import { PermissionType } from '../../../src/wire/gen/authpb.js';
import {
  Auth,
  Cluster,
  KV,
  Lease,
  Maintenance,
  Watch,
  type WatchCreateRequestInit,
} from '../../../src/wire/gen/etcdserverpb.js';
import { Election } from '../../../src/wire/gen/v3electionpb.js';
import { Lock } from '../../../src/wire/gen/v3lockpb.js';
import { b, failure, failureOf } from './client.js';
import { type ServedApi, serveApi } from './rig.js';

const { UserAdd, UserGet, RoleGet, AuthEnable, AuthStatus, Authenticate } = Auth.methods;

const denied = [7, 'etcdserver: permission denied'];
const nobody = [3, 'etcdserver: user name is empty'];
const wrong = [16, 'etcdserver: invalid auth token'];

/** A served rig with root and alice, who may read and write what begins with `a`, and their tokens. */
async function enabledApi(
  t: Parameters<typeof serveApi>[0],
): Promise<ServedApi & { root: Token; alice: Token }> {
  const served = await serveApi(t);
  const { channel } = served;
  const { methods } = Auth;
  for (const name of ['root', 'alice']) await channel.unary(UserAdd, { name, password: name });
  await channel.unary(UserAdd, { name: 'card', options: { noPassword: true } });
  await channel.unary(methods.UserGrantRole, { user: 'root', role: 'root' });
  await channel.unary(methods.RoleAdd, { name: 'some' });
  await channel.unary(methods.RoleGrantPermission, {
    name: 'some',
    perm: { permType: PermissionType.READWRITE, key: b('a'), rangeEnd: b('b') },
  });
  await channel.unary(methods.UserGrantRole, { user: 'alice', role: 'some' });
  await channel.unary(AuthEnable, {});
  return { ...served, root: await login(channel, 'root'), alice: await login(channel, 'alice') };
}

interface Token {
  readonly metadata: { readonly token: string };
}

async function login(channel: Channel, name: string): Promise<Token> {
  const { token } = await channel.unary(Authenticate, { name, password: name });
  return { metadata: { token } };
}

t.test('Authenticate refuses all but the right password', async (t) => {
  const { channel } = await enabledApi(t);
  const failed = [3, 'etcdserver: authentication failed, invalid user ID or password'];
  t.strictSame(await failure(channel, Authenticate, { name: 'alice', password: 'x' }), failed);
  t.strictSame(await failure(channel, Authenticate, { name: 'bob', password: 'bob' }), failed);
  t.strictSame(await failure(channel, Authenticate, { name: 'card', password: '' }), [
    2,
    'auth: authentication failed, password was given for no password user',
  ]);
});

t.test('a token says who calls, in either field, until it is good no more', async (t) => {
  const { rig, channel, root, alice } = await enabledApi(t);
  const get = { key: b('a') };
  t.strictSame(await failure(channel, KV.methods.Range, get), nobody);
  t.strictSame(await failure(channel, KV.methods.Range, get, alice), [0, 'ok']);
  const { token } = alice.metadata;
  const fields = { metadata: { authorization: token } };
  t.strictSame(await failure(channel, KV.methods.Range, get, fields), [0, 'ok']);
  for (const other of ['', 'x', '.1', `${token}9`, `${token}.1`, 'x.99999999999999999999']) {
    const call = { metadata: { token: other } };
    t.strictSame(await failure(channel, KV.methods.Range, get, call), wrong, other);
    t.strictSame(await failure(channel, KV.methods.Put, get, call), wrong, other);
  }
  rig.store.tokens.clear();
  t.strictSame(await failure(channel, KV.methods.Range, get, root), wrong);
});

t.test('what is about all of a member or of its users is for root', async (t) => {
  const { channel, root, alice } = await enabledApi(t);
  const { methods: cluster } = Cluster;
  const { methods: maintenance } = Maintenance;
  const calls = [
    () => failure(channel, KV.methods.Compact, { revision: 1 }, alice),
    () => failure(channel, cluster.MemberAdd, { peerURLs: ['http://new:1'] }, alice),
    () => failure(channel, cluster.MemberRemove, { ID: 1n }, alice),
    () => failure(channel, cluster.MemberUpdate, { ID: 1n, peerURLs: ['http://new:1'] }, alice),
    () => failure(channel, cluster.MemberPromote, { ID: 1n }, alice),
    () => failure(channel, maintenance.Status, {}, alice),
    () => failure(channel, maintenance.Defragment, {}, alice),
    () => failure(channel, maintenance.Hash, {}, alice),
    () => failure(channel, maintenance.HashKV, {}, alice),
    () => failure(channel, maintenance.MoveLeader, {}, alice),
    () => failure(channel, maintenance.Alarm, { action: 1 }, alice),
    () => failure(channel, AuthStatus, {}, alice),
    () => failure(channel, Auth.methods.AuthDisable, {}, alice),
    () => failure(channel, UserAdd, { name: 'bob', password: 'bob' }, alice),
    () => failure(channel, UserGet, { name: 'root' }, alice),
    () => failure(channel, Auth.methods.UserList, {}, alice),
    () => failure(channel, RoleGet, { role: 'root' }, alice),
    () => failure(channel, Auth.methods.RoleList, {}, alice),
    async () => {
      const stream = channel.stream(maintenance.Snapshot, alice);
      stream.send({});
      return failureOf(stream.responses[Symbol.asyncIterator]().next());
    },
  ];
  for (const [i, call] of calls.entries()) t.strictSame(await call(), denied, `call ${i}`);
  t.strictSame(await failure(channel, cluster.MemberAdd, { peerURLs: [] }, alice), [
    3,
    'etcdserver: given member URLs are invalid',
  ]);
  const status = await channel.unary(AuthStatus, {}, root);
  t.match(status, { enabled: true, authRevision: 8 });
  t.same((await channel.unary(Auth.methods.UserList, {}, root)).users, ['alice', 'card', 'root']);
});

t.test('users may look at themselves, at the members and at the alarms', async (t) => {
  const { channel, alice } = await enabledApi(t);
  t.same((await channel.unary(UserGet, { name: 'alice' }, alice)).roles, ['some']);
  t.equal((await channel.unary(RoleGet, { role: 'some' }, alice)).perm.length, 1);
  for (const [call, expected] of [
    [alice, [0, 'ok']],
    [undefined, nobody],
  ] as const) {
    const { MemberList } = Cluster.methods;
    t.strictSame(await failure(channel, MemberList, {}, call), expected);
    t.strictSame(await failure(channel, Maintenance.methods.Alarm, {}, call), expected);
    t.strictSame(await failure(channel, Lease.methods.LeaseGrant, { TTL: 9 }, call), expected);
  }
});

t.test('leases are for those who may read, or write, their keys', async (t) => {
  const { channel, root, alice } = await enabledApi(t);
  const { LeaseGrant, LeaseRevoke, LeaseTimeToLive, LeaseLeases } = Lease.methods;
  await channel.unary(LeaseGrant, { ID: 7n, TTL: 100 }, alice);
  await channel.unary(KV.methods.Put, { key: b('a'), lease: 7n }, alice);
  t.strictSame(await failure(channel, LeaseTimeToLive, { ID: 7n, keys: true }, alice), [0, 'ok']);
  t.equal(await renewed(channel, 7n, alice), 100);
  await channel.unary(KV.methods.Put, { key: b('b'), lease: 7n }, root);
  t.strictSame(await failure(channel, LeaseTimeToLive, { ID: 7n, keys: true }, alice), denied);
  t.strictSame(await failure(channel, LeaseTimeToLive, { ID: 7n }, alice), [0, 'ok']);
  t.strictSame(await failure(channel, LeaseLeases, {}, alice), denied);
  t.strictSame(await failure(channel, LeaseLeases, {}, root), [0, 'ok']);
  t.strictSame(await failureOf(renewed(channel, 7n, alice)), denied);
  t.strictSame(await failureOf(renewed(channel, 7n, undefined)), nobody);
  t.strictSame(await failure(channel, LeaseRevoke, { ID: 7n }, alice), denied);
  t.strictSame(await failure(channel, LeaseRevoke, { ID: 7n }), nobody);
  t.strictSame(await failure(channel, LeaseRevoke, { ID: 7n }, root), [0, 'ok']);
});

async function renewed(channel: Channel, ID: bigint, call: Token | undefined): Promise<number> {
  const stream = channel.stream(Lease.methods.LeaseKeepAlive, call);
  stream.send({ ID });
  for await (const { TTL } of stream.responses) {
    stream.cancel();
    return TTL;
  }
  throw new Error('no answer');
}

t.test('Watch refuses what may not be read in the words that clients look for', async (t) => {
  const { channel, alice } = await enabledApi(t);
  const prefix = 'rpc error: code =';
  const table: readonly (readonly [WatchCreateRequestInit, Token | undefined, string])[] = [
    [{ key: b('a') }, alice, ''],
    [{ key: b('a'), rangeEnd: b('b') }, alice, ''],
    [{ key: b('a'), rangeEnd: b('c') }, alice, `${prefix} PermissionDenied desc = ${denied[1]}`],
    // What one may read one key of, one may not watch all from there on.
    [{ key: b('a'), rangeEnd: b('\0') }, alice, `${prefix} PermissionDenied desc = ${denied[1]}`],
    [{ key: b('a') }, undefined, `${prefix} InvalidArgument desc = ${nobody[1]}`],
    [{ key: b('a') }, { metadata: { token: 'x' } }, `${prefix} Unauthenticated desc = ${wrong[1]}`],
  ];
  for (const [createRequest, call, reason] of table) {
    const stream = channel.stream(Watch.methods.Watch, call);
    stream.send({ createRequest });
    const { value } = await stream.responses[Symbol.asyncIterator]().next();
    t.match(value, { created: true, canceled: reason !== '', cancelReason: reason });
    stream.cancel();
  }
});

t.test('Lock and Election are for those who may write their keys', async (t) => {
  const { channel, alice } = await enabledApi(t);
  t.strictSame(await failure(channel, Lock.methods.Lock, { name: b('a') }), nobody);
  t.strictSame(await failure(channel, Lock.methods.Lock, { name: b('z') }, alice), denied);
  const { key } = await channel.unary(Lock.methods.Lock, { name: b('a') }, alice);
  t.strictSame(await failure(channel, Lock.methods.Unlock, { key }), nobody);
  t.strictSame(await failure(channel, Lock.methods.Unlock, { key }, alice), [0, 'ok']);
  const { Campaign, Leader } = Election.methods;
  t.strictSame(await failure(channel, Campaign, { name: b('z') }, alice), denied);
  const { leader } = await channel.unary(Campaign, { name: b('ab') }, alice);
  t.ok(leader);
  t.strictSame(await failure(channel, Leader, { name: b('ab') }), nobody);
});

t.test('while authentication is disabled tokens are not looked at', async (t) => {
  const { channel, root } = await enabledApi(t);
  await channel.unary(Auth.methods.AuthDisable, {}, root);
  const call = { metadata: { token: 'x' } };
  t.strictSame(await failure(channel, KV.methods.Put, { key: b('z') }, call), [0, 'ok']);
  t.strictSame(await failure(channel, KV.methods.Range, { key: b('z') }, call), [0, 'ok']);
});
