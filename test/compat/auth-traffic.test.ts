import { spawnSync } from 'node:child_process';
import t, { type Test } from 'tap';
import { Prng } from '../../src/base/prng.js';
import { createGrpcJsChannel } from '../../src/rpc/grpc-js/index.js';
import { type Channel, RpcError } from '../../src/rpc/index.js';
import { PermissionType } from '../../src/wire/gen/authpb.js';
import { Auth, KV, Lease, type MethodDescriptor, Watch } from '../../src/wire/index.js';
import { Cluster } from '../e2e/cluster.js';
import type { ServerKind } from '../e2e/member.js';
import { needs } from '../e2e/project.js';
import { realClock } from '../rpc/support.js';
import { normalised } from '../store/api/odd-requests.js';
import { b } from '../store/store-harness.js';

/**
 * One random sequence of changes of users and roles, and of requests of several users with tokens of different ages, sent to etcd
 * and to ours: every answer and every error is the same. AUTH_SEEDS=1,2,3 AUTH_STEPS=2000 for more than CI's budget;
 * AUTH_ETCD names another etcd than that on the path.
 */

const seeds = (process.env.AUTH_SEEDS ?? '5').split(',').map(Number);
const steps = Number(process.env.AUTH_STEPS ?? '250');

t.setTimeout(900_000 + steps * seeds.length * 200);

// biome-ignore lint/suspicious/noExplicitAny: methods of different types.
type AnyMethod = MethodDescriptor<any, any, any, any>;

/** A request, and which of the tokens that were given out it carries. */
interface Step {
  readonly method: AnyMethod;
  readonly request: object;
  /** Of whom, and the how manieth from the last; null: none. */
  readonly token: { readonly user: string; readonly age: number } | 'wrong' | null;
}

const users = ['root', 'alice', 'bob', 'nobody'];
const roles = ['root', 'readers', 'writers'];
const passwords = ['one', 'two'];
const tokensKept = 3;

/**
 * Who may do what with leases, nested txns and history, etcd looks at since 3.5.28; before 3.5 it refuses tokens that are good no more
 * where they do not matter, too. With an older etcd all that is left out: ours does as the newer ones do.
 */
const isRecent = isAtLeast(etcdVersion(), [3, 5, 28]);

/** One of the two, and the tokens that it has given out: they are the only thing in which answers may differ. */
class Side {
  readonly #channel: Channel;
  readonly #tokens = new Map<string, string[]>();

  private constructor(channel: Channel) {
    this.#channel = channel;
  }

  static async start(t: Test, kind: ServerKind): Promise<Side> {
    const program = kind === 'etcd' ? process.env.AUTH_ETCD : undefined;
    // Cheap hashes: what is compared is not how long they take.
    const flags = ['--bcrypt-cost=4'];
    const cluster = await Cluster.forTest(t, { kind, size: 1, program, flags });
    const { endpoint } = cluster.member(0);
    const channel = createGrpcJsChannel(`http://${endpoint}`, { clock: realClock });
    t.teardown(() => channel.close());
    return new Side(channel);
  }

  async take({ method, request, token }: Step): Promise<unknown> {
    const metadata = this.#metadata(token);
    try {
      const answer = await this.#channel.unary(method, request, { metadata, timeoutMs: 60_000 });
      if (method.name !== 'Authenticate') return normalised(answer);
      this.#keep((request as { name: string }).name, answer.token);
      return normalised({ ...answer, token: /^[A-Za-z]{16}\.\d+$/.test(answer.token) });
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      return { code: error.code, message: error.message };
    }
  }

  /** What a new watch is answered. */
  async watch(request: object, token: Step['token']): Promise<unknown> {
    const metadata = this.#metadata(token);
    const stream = this.#channel.stream(Watch.methods.Watch, { metadata, timeoutMs: 60_000 });
    stream.send({ createRequest: request });
    try {
      for await (const { header: _header, ...response } of stream.responses) {
        stream.cancel();
        return normalised(response);
      }
      throw new Error('the stream ended without an answer');
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      return { code: error.code, message: error.message };
    }
  }

  /** What one renewal is answered. */
  async renew(id: bigint, token: Step['token']): Promise<unknown> {
    const metadata = this.#metadata(token);
    const options = { metadata, timeoutMs: 60_000 };
    const stream = this.#channel.stream(Lease.methods.LeaseKeepAlive, options);
    stream.send({ ID: id });
    try {
      for await (const { ID, TTL } of stream.responses) {
        stream.cancel();
        return { ID: String(ID), isAlive: TTL > 0 };
      }
      throw new Error('the stream ended without an answer');
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      return { code: error.code, message: error.message };
    }
  }

  #metadata(token: Step['token']): Record<string, string> {
    if (token === null) return {};
    if (token === 'wrong') return { token: 'wrong' };
    const known = this.#tokens.get(token.user) ?? [];
    return { token: known.at(-1 - token.age) ?? `${'x'.repeat(16)}.1` };
  }

  #keep(user: string, token: string): void {
    this.#tokens.set(user, [...(this.#tokens.get(user) ?? []), token].slice(-tokensKept));
  }
}

for (const seed of seeds) {
  t.test(
    `users, roles and accesses are answered as by etcd, seed ${seed}`,
    needs('etcd'),
    async (t) => {
      const [theirs, ours] = await Promise.all([Side.start(t, 'etcd'), Side.start(t, 'flotilla')]);
      const prng = new Prng(seed);
      const seen = new Map<string, number>();
      const known: Passwords = new Map();
      for (let step = 0; step < steps; step++) {
        const { what, take, learn } = randomStep(prng, step, known);
        const where = `seed ${seed}, step ${step}: ${what}`;
        const [expected, actual] = await Promise.all([take(theirs), take(ours)]);
        if (!t.same(actual, expected, where)) return;
        const text = String((actual as { message?: string }).message ?? 'ok');
        if (text === 'ok') learn();
        seen.set(text, (seen.get(text) ?? 0) + 1);
      }
      t.comment([...seen].map(([text, count]) => `${count} ${text}`).join('; '));
      t.ok(seen.size > 8, 'the steps come to many different ends');
    },
  );
}

/** The password of each user, as last set. */
type Passwords = Map<string, string>;

interface Planned {
  readonly what: string;
  readonly take: (side: Side) => Promise<unknown>;
  /** Called when it went well. */
  readonly learn: () => void;
}

/** The first steps bring authentication about; it goes and comes back now and then. */
function randomStep(prng: Prng, step: number, known: Passwords): Planned {
  const first = setUp[step];
  const token = first === undefined ? randomToken(prng) : null;
  const learn = () => {};
  const id = isRecent ? BigInt(prng.int(1, 4)) : 0n;
  if (first === undefined && prng.chance(0.06)) {
    const request = { ...randomRange(prng), startRevision: 0 };
    const what = `Watch ${show(request)} ${show(token)}`;
    return { what, take: (side) => side.watch(request, token), learn };
  }
  if (first === undefined && isRecent && prng.chance(0.06)) {
    const what = `LeaseKeepAlive ${id} ${show(token)}`;
    return { what, take: (side) => side.renew(id, token), learn };
  }
  const [method, request] = first ?? randomCall(prng, id, known);
  const isLogin = method === Auth.methods.Authenticate;
  return {
    what: `${method.name} ${show(request)} ${show(token)}`,
    take: (side) => side.take({ method, request, token: isLogin && !isRecent ? null : token }),
    learn() {
      const { name, password } = request as { name?: string; password?: string };
      const isSet = method.name === 'UserAdd' || method.name === 'UserChangePassword';
      if (isSet && name !== undefined && password !== undefined) known.set(name, password);
    },
  };
}

const setUp: readonly (readonly [AnyMethod, object])[] = [
  [Auth.methods.AuthEnable, {}],
  [Auth.methods.UserAdd, { name: 'root', password: 'one' }],
  [Auth.methods.AuthEnable, {}],
  [Auth.methods.UserGrantRole, { user: 'root', role: 'root' }],
  [Auth.methods.UserAdd, { name: 'alice', password: 'one' }],
  [Auth.methods.RoleAdd, { name: 'readers' }],
  [Auth.methods.UserGrantRole, { user: 'alice', role: 'readers' }],
  [Auth.methods.AuthEnable, {}],
  [Auth.methods.Authenticate, { name: 'root', password: 'one' }],
  [Auth.methods.Authenticate, { name: 'alice', password: 'one' }],
];

function randomToken(prng: Prng): Step['token'] {
  const dice = prng.int(0, 20);
  if (dice === 0) return null;
  if (dice === 1) return 'wrong';
  const user = dice < 10 ? 'root' : prng.pick(users);
  return { user, age: prng.chance(0.9) ? 0 : prng.int(0, tokensKept) };
}

function randomCall(prng: Prng, lease: bigint, known: Passwords): readonly [AnyMethod, object] {
  const name = prng.pick(users);
  const role = prng.pick(roles);
  const password = prng.pick(passwords);
  const { methods } = Auth;
  const dice = prng.int(0, 100);
  if (dice < 14) {
    const isRight = prng.chance(0.9);
    return [methods.Authenticate, { name, password: isRight ? known.get(name) : password }];
  }
  if (dice < 17) return [methods.UserAdd, randomUser(prng, name, password)];
  if (dice < 19) return [methods.UserDelete, { name }];
  if (dice < 20) return [methods.UserChangePassword, { name, password }];
  if (dice < 25) return [methods.UserGrantRole, { user: name, role }];
  if (dice < 27) return [methods.UserRevokeRole, { name, role }];
  if (dice < 29) return [methods.UserGet, { name }];
  if (dice < 30) return [methods.UserList, {}];
  if (dice < 32) return [methods.RoleAdd, { name: prng.chance(0.1) ? '' : role }];
  if (dice < 33) return [methods.RoleDelete, { role }];
  if (dice < 41) return [methods.RoleGrantPermission, randomGrant(prng, role)];
  if (dice < 43) return [methods.RoleRevokePermission, { role, ...randomPermitted(prng) }];
  if (dice < 45) return [methods.RoleGet, { role }];
  if (dice < 46) return [methods.RoleList, {}];
  if (dice < 47) return [methods.AuthEnable, {}];
  if (dice < 48) return [isRecent ? methods.AuthDisable : methods.UserList, {}];
  if (dice < 50) return [methods.AuthEnable, {}];
  if (dice < 54 && !isRecent) return [methods.UserList, {}];
  if (dice < 52) return [Lease.methods.LeaseGrant, { ID: lease, TTL: 5000 }];
  if (dice < 54) return [Lease.methods.LeaseRevoke, { ID: lease }];
  if (dice < 55) return isRecent ? [KV.methods.Compact, { revision: 1 }] : [methods.UserList, {}];
  if (dice < 70) return [KV.methods.Put, randomPut(prng)];
  if (dice < 85) return [KV.methods.Range, randomRange(prng)];
  if (dice < 90) return [KV.methods.DeleteRange, randomDelete(prng)];
  return [KV.methods.Txn, randomTxn(prng, isRecent ? 1 : 0)];
}

function randomUser(prng: Prng, name: string, password: string): object {
  if (prng.chance(0.1)) return { name: '', password };
  if (prng.chance(0.15)) return { name, options: { noPassword: true } };
  return { name, password, options: prng.chance(0.5) ? { noPassword: false } : undefined };
}

/** Of each key one range, for etcd looks at the first that begins with the key alone. */
const permitted: readonly (readonly [key: string, end: string])[] = [
  ['a', ''],
  ['b', 'd'],
  ['c', 'e'],
  ['e', '\0'],
  ['ab', 'b'],
  ['\0', '\0'],
];

function randomPermitted(prng: Prng): { key: Uint8Array; rangeEnd: Uint8Array } {
  const [key, end] = prng.pick(permitted);
  return { key: b(key), rangeEnd: b(end) };
}

function randomGrant(prng: Prng, name: string): object {
  const { READ, WRITE, READWRITE } = PermissionType;
  const permType = prng.pick([READ, WRITE, READWRITE]);
  return { name, perm: { permType, ...randomPermitted(prng) } };
}

const keys = ['a', 'aa', 'ab', 'b', 'c', 'd', 'e', 'f'];

/** Of one key, from one on, all, or a range with a key: whether a range without one may be read, etcd leaves to chance. */
function randomRange(prng: Prng): { key: Uint8Array; rangeEnd: Uint8Array } {
  const key = prng.pick(keys);
  const dice = prng.int(0, 10);
  if (dice < 5) return { key: b(key), rangeEnd: b('') };
  if (dice < 6) return { key: b('\0'), rangeEnd: b('\0') };
  if (dice < 7) return { key: b(key), rangeEnd: b('\0') };
  return { key: b(key), rangeEnd: b(prng.pick(keys.filter((end) => end > key).concat('g'))) };
}

function randomPut(prng: Prng): object {
  const lease = isRecent && prng.chance(0.3) ? BigInt(prng.int(1, 4)) : 0n;
  const prevKv = isRecent && prng.chance(0.3);
  return { key: b(prng.pick(keys)), value: b('v'), lease, prevKv };
}

function randomDelete(prng: Prng): object {
  return { ...randomRange(prng), prevKv: prng.chance(0.3) };
}

function randomTxn(prng: Prng, depth: number): object {
  const ops = () => Array.from({ length: prng.int(0, 2) }, () => randomOp(prng, depth));
  const compare = prng.chance(0.5) ? [{ ...randomRange(prng), target: 0, version: 0 }] : [];
  return { compare, success: ops(), failure: ops() };
}

function randomOp(prng: Prng, depth: number): object {
  const dice = prng.int(0, 10);
  if (dice < 4) return { requestRange: randomRange(prng) };
  if (dice < 7) return { requestPut: randomPut(prng) };
  if (dice < 9 || depth === 0) return { requestDeleteRange: randomDelete(prng) };
  return { requestTxn: randomTxn(prng, depth - 1) };
}

function etcdVersion(): readonly number[] {
  const program = process.env.AUTH_ETCD ?? 'etcd';
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return (/\d+\.\d+\.\d+/.exec(stdout ?? '')?.[0] ?? '0').split('.').map(Number);
}

function isAtLeast(version: readonly number[], least: readonly number[]): boolean {
  const at = least.findIndex((part, i) => (version[i] ?? 0) !== part);
  return at < 0 || (version[at] ?? 0) > (least[at] ?? 0);
}

function show(value: unknown): string {
  return JSON.stringify(normalised(value));
}
