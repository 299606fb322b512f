import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { nameOf } from '../../../src/store/auth/auth-state.js';
import { commandData } from '../../../src/store/auth/on-behalf.js';
import { CommandKind } from '../../../src/store/contracts.js';
import { PermissionType } from '../../../src/wire/gen/authpb.js';
import { SimDbHome } from '../../sim/db.js';
import { b, command, del, grant, put, revoke, StoreRig, txn } from '../store-harness.js';
import {
  as,
  changePassword,
  disable,
  enable,
  roleAdd,
  roleDelete,
  roleGrant,
  roleRevoke,
  tokenGrant,
  userAdd,
  userDelete,
  userGrant,
  userRevoke,
} from './auth-commands.js';

const { READ, WRITE, READWRITE } = PermissionType;

/** Users root and alice, whose role `some` has nothing yet; enabled. */
async function enabledRig(): Promise<StoreRig> {
  const rig = await StoreRig.open();
  for (const data of [
    userAdd('root'),
    userGrant('root', 'root'),
    userAdd('alice'),
    roleAdd('some'),
    userGrant('alice', 'some'),
    enable(),
  ]) {
    rig.ok(data);
  }
  return rig;
}

t.test('changes of users and roles are refused as by etcd', async (t) => {
  const rig = await StoreRig.open();
  const table: readonly (readonly [what: string, data: Uint8Array, outcome: string])[] = [
    ['enable without a root user', enable(), 'root-user-missing'],
    ['disable what is disabled', disable(), 'ok'],
    ['add nobody', userAdd(''), 'user-empty'],
    ['add root', userAdd('root'), 'ok'],
    ['add root again', userAdd('root'), 'user-exists'],
    ['enable without the root role', enable(), 'root-role-missing'],
    ['grant a role that is not there', userGrant('root', 'some'), 'role-not-found'],
    ['grant the root role, which need not be there', userGrant('root', 'root'), 'ok'],
    ['grant it again', userGrant('root', 'root'), 'ok'],
    ['grant to nobody', userGrant('bob', 'root'), 'user-not-found'],
    ['change the password of nobody', changePassword('bob'), 'user-not-found'],
    ['delete nobody', userDelete('bob'), 'user-not-found'],
    ['revoke what was not granted', userRevoke('root', 'some'), 'role-not-granted'],
    ['add a role without a name', roleAdd(''), 'role-empty'],
    ['add a role', roleAdd('some'), 'ok'],
    ['add it again', roleAdd('some'), 'role-exists'],
    ['delete a role that is not there', roleDelete('other'), 'role-not-found'],
    ['permit an empty range', roleGrant('some', READ, 'b', 'a'), 'invalid-auth-mgmt'],
    ['permit no key', roleGrant('some', READ, '', 'a'), 'invalid-auth-mgmt'],
    ['permit to no role', roleGrant('other', READ, 'a'), 'role-not-found'],
    ['permit all', roleGrant('some', READ, '\0', '\0'), 'ok'],
    ['revoke what is not permitted', roleRevoke('some', 'a'), 'permission-not-granted'],
    ['revoke it all', roleRevoke('some', '\0', '\0'), 'ok'],
    ['log in while disabled', tokenGrant('root', 6), 'auth-not-enabled'],
    ['enable', enable(), 'ok'],
    ['enable again, as nobody', enable(), 'user-empty'],
    ['delete root', as('root', 6, userDelete('root')), 'invalid-auth-mgmt'],
    ['take its role', as('root', 6, userRevoke('root', 'root')), 'invalid-auth-mgmt'],
    ['delete the root role', as('root', 6, roleDelete('root')), 'invalid-auth-mgmt'],
    ['disable as somebody', as('alice', 6, disable()), 'user-not-found'],
    ['log in at another revision', tokenGrant('root', 5), 'auth-old-revision'],
  ];
  for (const [what, data, outcome] of table) t.equal(rig.refused(data), outcome, what);
});

t.test('an entry is carried out as far as its user may at that moment', async (t) => {
  const rig = await enabledRig();
  const now = () => rig.store.auth.revision;
  const alice = (data: Uint8Array) => rig.refused(as('alice', now(), data));
  t.equal(rig.refused(put('a', '1')), 'user-empty', 'nobody');
  t.equal(rig.refused(as('bob', now(), put('a', '1'))), 'permission-denied', 'not a user');
  t.equal(rig.refused(as('', now(), put('a', '1'))), 'permission-denied', 'without a name');
  t.equal(alice(put('a', '1')), 'permission-denied', 'nothing is permitted');
  const before = now();
  rig.ok(as('root', 0, roleGrant('some', WRITE, 'a', 'c')));
  t.equal(rig.refused(as('alice', before, put('a', '1'))), 'auth-old-revision');
  t.equal(alice(put('a', '1')), 'ok');
  t.equal(alice(put('a', '2', { prevKv: true })), 'permission-denied', 'reading is not permitted');
  t.equal(alice(put('c', '1')), 'permission-denied', 'the end is not in it');
  t.equal(alice(del('a', { rangeEnd: b('c') })), 'ok');
  t.equal(alice(del('a', { rangeEnd: b('d') })), 'permission-denied');
  t.equal(alice(del('a', { prevKv: true })), 'permission-denied');
  rig.ok(as('root', 0, roleGrant('some', READWRITE, 'a', 'c')));
  t.equal(alice(put('a', '2', { prevKv: true })), 'ok');
  rig.ok(as('root', 0, userRevoke('alice', 'some')));
  t.equal(alice(put('a', '3')), 'permission-denied', 'the role is gone');
  t.same(await rig.dump(), ['a=2']);
});

t.test('a txn may do what all that it has in it may, taken or not, nested or not', async (t) => {
  const rig = await enabledRig();
  rig.ok(as('root', 0, roleGrant('some', READWRITE, 'a')));
  const key = (name: string) => ({ key: b(name) });
  const allowed = { requestPut: key('a') };
  const table: readonly (readonly [what: string, request: Parameters<typeof txn>[0], string])[] = [
    ['its own key', { success: [allowed] }, 'ok'],
    ['a compare', { compare: [key('b')], success: [allowed] }, 'permission-denied'],
    [
      'the other branch',
      { success: [allowed], failure: [{ requestRange: key('b') }] },
      'permission-denied',
    ],
    ['a put', { success: [{ requestPut: key('b') }] }, 'permission-denied'],
    [
      'a delete',
      { success: [{ requestDeleteRange: { ...key('a'), rangeEnd: b('b') } }] },
      'permission-denied',
    ],
    [
      'nested',
      { success: [{ requestTxn: { success: [{ requestPut: key('b') }] } }] },
      'permission-denied',
    ],
    [
      'nested, in a compare',
      { success: [{ requestTxn: { compare: [key('b')], success: [allowed] } }] },
      'permission-denied',
    ],
  ];
  for (const [what, request, outcome] of table) {
    const data = as('alice', rig.store.auth.revision, txn(request));
    t.equal(rig.refused(data), outcome, what);
  }
});

t.test('who attaches to a lease, or ends it, may write all its keys', async (t) => {
  const rig = await enabledRig();
  rig.ok(as('root', 0, roleGrant('some', WRITE, 'a')));
  const { revision } = rig.store.auth;
  rig.ok(grant(7n));
  t.equal(rig.refused(as('alice', revision, put('a', '1', { lease: 7n }))), 'ok');
  rig.ok(as('root', revision, put('b', '1', { lease: 7n })));
  t.equal(rig.refused(as('alice', revision, put('a', '2', { lease: 7n }))), 'permission-denied');
  t.equal(rig.refused(as('alice', revision, revoke(7n))), 'permission-denied');
  t.equal(rig.refused(as('root', revision, revoke(7n))), 'ok');
});

t.test('a token ends with the password, the user and authentication', async (t) => {
  const rig = await enabledRig();
  const { auth, tokens } = rig.store;
  const login = (name: string) => {
    const response = rig.ok(tokenGrant(name, auth.revision));
    t.equal(response.kind, 'authToken');
    return response.kind === 'authToken' ? response.value : '';
  };
  const token = login('alice');
  t.match(token, /^prefix\.\d+$/);
  t.equal(tokens.use(token), 'alice');
  rig.ok(as('root', 0, changePassword('alice')));
  t.equal(tokens.use(token), undefined);
  const [next, other] = [login('alice'), login('root')];
  rig.ok(as('root', 0, userDelete('alice')));
  t.equal(tokens.use(next), undefined);
  t.equal(tokens.use(other), 'root');
  rig.ok(as('root', 0, disable()));
  t.equal(tokens.use(other), undefined);
});

t.test('deleting a role takes it from its users; a user without password keeps none', async (t) => {
  const rig = await enabledRig();
  rig.ok(as('root', 0, roleDelete('some')));
  t.same(rig.store.auth.user('alice')?.roles, []);
  rig.ok(as('root', 0, userAdd('card', { noPassword: true })));
  rig.ok(as('root', 0, changePassword('card')));
  t.equal(rig.store.auth.user('card')?.password.length, 0);
  t.same(rig.store.auth.users().map(nameOf), ['alice', 'card', 'root']);
});

t.test('entries that no member writes are refused, and change nothing', async (t) => {
  const rig = await StoreRig.open();
  const entries: readonly Uint8Array[] = [
    command(CommandKind.auth, new Uint8Array(0)),
    command(CommandKind.auth, Uint8Array.of(0)),
    command(CommandKind.onBehalf, new Uint8Array(0)),
    command(CommandKind.onBehalf, Uint8Array.of(200)),
    command(CommandKind.onBehalf, Uint8Array.of(1, 0x61)),
    // A user, and nothing to do.
    command(CommandKind.onBehalf, Uint8Array.of(1, 0x61, 1)),
    // For somebody, for somebody.
    command(
      CommandKind.onBehalf,
      Uint8Array.of(1, 0x61, 1, CommandKind.onBehalf, 0, 1, CommandKind.put),
    ),
    command(CommandKind.onBehalf, new Uint8Array(20).fill(0xff)),
  ];
  for (const data of entries) {
    t.equal(rig.refused(data), 'malformed-entry', Buffer.from(data).toString('hex'));
    t.type(commandData(data), Uint8Array);
  }
});

t.test('users and roles are there again after a crash, and in a snapshot', async (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const prng = new Prng(seed);
    const home = new SimDbHome({ prng });
    const rig = await StoreRig.open(home);
    for (let i = 0; i < 60; i++) {
      rig.apply(randomEntry(prng, rig.store.auth.revision));
      if (prng.chance(0.05)) await rig.store.sync();
    }
    const expected = pictureOf(rig);
    const hash = rig.store.appliedHash;

    const image = await rig.store.openSnapshot();
    const other = await StoreRig.open(new SimDbHome({ prng: new Prng(seed + 1000) }));
    other.store.tokens.assign('old', 'alice');
    await other.store.restoreSnapshot(image.meta, image.chunks);
    await image.close();
    t.same(pictureOf(other), expected, `seed ${seed}: restored`);
    t.equal(other.store.tokens.use('old'), undefined, 'tokens from before are forgotten');

    home.crash();
    await rig.reopen(prng);
    t.same(pictureOf(rig), expected, `seed ${seed}: after a crash`);
    t.equal(rig.store.appliedHash, hash);
  }
});

function randomEntry(prng: Prng, revision: number): Uint8Array {
  const name = prng.pick(['root', 'alice', 'bob']);
  const role = prng.pick(['root', 'some', 'other']);
  const key = prng.pick(['a', 'b', 'c']);
  const end = prng.pick(['', 'd', '\0']);
  const data = prng.pick([
    enable(),
    userAdd(name),
    userAdd('root'),
    userGrant('root', 'root'),
    prng.chance(0.2) ? userDelete(name) : userAdd(name, { noPassword: true }),
    prng.chance(0.2) ? disable() : enable(),
    changePassword(name),
    userGrant(name, role),
    userRevoke(name, role),
    roleAdd(role),
    roleAdd(role),
    prng.chance(0.3) ? roleDelete(role) : roleAdd(role),
    roleGrant(role, prng.int(0, 3), key, end),
    roleRevoke(role, key, end),
    put(key, 'v'),
  ]);
  const user = prng.chance(0.8) ? 'root' : name;
  return as(user, prng.chance(0.9) ? revision : revision - 1, data);
}

function pictureOf({ store: { auth } }: StoreRig): unknown {
  const { isEnabled, revision } = auth;
  const users = auth.users().map(({ name, password, roles, options }) => {
    return { name: Buffer.from(name), password: Buffer.from(password), roles, options };
  });
  return { isEnabled, revision, users, roles: auth.roles() };
}
