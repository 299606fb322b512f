import { fromLatin1 } from '../../src/base/bytes.js';
import type { Prng } from '../../src/base/prng.js';
import { CallError, type CallOptions, type Channel } from '../../src/rpc/service.js';
import type { MethodDescriptor } from '../../src/wire/descriptor.js';
import { PermissionType } from '../../src/wire/gen/authpb.js';
import { Auth } from '../../src/wire/gen/etcdserverpb.js';
import type { AuthLog } from './auth-log.js';
import { type ClientWorld, pause } from './client.js';
import { describe } from './history.js';
import { isCertainlyWithoutEffect, perform } from './kv-calls.js';
import type { KvOp } from './kv-model.js';

const { methods } = Auth;
const passwords = ['one', 'two'];
const guest = 'guest';
const role = 'guests';
/** The keys that guests write. */
const keys = { key: fromLatin1('g'), rangeEnd: fromLatin1('h') };

// biome-ignore lint/suspicious/noExplicitAny: methods of different types.
type Step = readonly [method: MethodDescriptor<any, any, any, any>, request: object];

const grant: Step = [
  methods.RoleGrantPermission,
  { name: role, perm: { permType: PermissionType.READWRITE, ...keys } },
];

/** In this order they lead from a store without users to one that guests may use. */
const setUp: readonly Step[] = [
  [methods.UserAdd, { name: 'root', password: 'one' }],
  [methods.UserGrantRole, { user: 'root', role: 'root' }],
  [methods.UserAdd, { name: guest, password: 'one' }],
  [methods.RoleAdd, { name: role }],
  [methods.UserGrantRole, { user: guest, role }],
  grant,
  [methods.AuthEnable, {}],
];

/** Gives guests permissions and takes them away again, in every way there is, and has authentication come and go. */
export class AuthAdmin {
  readonly #name: string;
  readonly #world: ClientWorld;
  readonly #prng: Prng;

  constructor(name: string, world: ClientWorld, prng: Prng) {
    this.#name = name;
    this.#world = world;
    this.#prng = prng;
  }

  async run(): Promise<void> {
    for (const step of setUp) {
      while (!this.#world.isClosing() && !(await this.#take(step))) await this.#think(300);
    }
    while (!this.#world.isClosing()) {
      await this.#think(this.#prng.pick([50, 400]));
      await this.#take(this.#draw());
    }
  }

  #draw(): Step {
    const { permType } = { permType: this.#prng.int(0, 3) };
    return this.#prng.pick<Step>([
      grant,
      grant,
      [methods.RoleGrantPermission, { name: role, perm: { permType, ...keys } }],
      [methods.RoleRevokePermission, { role, ...keys }],
      [methods.UserGrantRole, { user: guest, role }],
      [methods.UserGrantRole, { user: guest, role }],
      [methods.UserRevokeRole, { name: guest, role }],
      [methods.UserChangePassword, { name: guest, password: this.#prng.pick(passwords) }],
      [methods.UserDelete, { name: guest }],
      [methods.UserAdd, { name: guest, password: this.#prng.pick(passwords) }],
      [methods.UserAdd, { name: guest, password: this.#prng.pick(passwords) }],
      this.#prng.chance(0.3) ? [methods.AuthDisable, {}] : [methods.AuthEnable, {}],
      [methods.AuthEnable, {}],
    ]);
  }

  /** True: it is done, or there was nothing to do. */
  async #take([method, request]: Step): Promise<boolean> {
    const { channel, server } = this.#world.connect(this.#name, this.#prng);
    const { timeoutMs } = this.#world.knobs.clients;
    try {
      await channel.unary(method, request, { timeoutMs });
      this.#world.trace.note(this.#name, 'changed', () => `${method.name} at ${server}`);
      return true;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      const { message } = error;
      this.#world.trace.note(
        this.#name,
        'refused',
        () => `${method.name} at ${server}: ${message}`,
      );
      return message.endsWith('already exists');
    }
  }

  #think(meanMs: number): Promise<void> {
    const ms = -Math.log(1 - this.#prng.float()) * meanMs;
    return pause(this.#world.scheduler, this.#name, ms);
  }
}

/** A user that writes, with whatever token it has, and whose every answer is compared with what the log says. */
export class Guest {
  readonly #name: string;
  readonly #world: ClientWorld;
  readonly #prng: Prng;
  readonly #log: AuthLog;
  #token: string | null = null;
  #writes = 0;

  constructor(name: string, world: ClientWorld, options: { prng: Prng; log: AuthLog }) {
    this.#name = name;
    this.#world = world;
    this.#prng = options.prng;
    this.#log = options.log;
  }

  async run(): Promise<void> {
    const { scheduler, knobs } = this.#world;
    while (!this.#world.isClosing()) {
      const ms = -Math.log(1 - this.#prng.float()) * knobs.clients.thinkMs;
      await pause(scheduler, this.#name, ms);
      const { channel } = this.#world.connect(this.#name, this.#prng);
      if (this.#token === null || this.#prng.chance(0.05)) await this.#login(channel);
      else await this.#put(channel);
    }
  }

  async #login(channel: Channel): Promise<void> {
    const user = { name: guest, password: this.#prng.pick(passwords) };
    try {
      this.#token = (await channel.unary(methods.Authenticate, user, this.#options(''))).token;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      // While authentication is disabled any token is as good.
      if (error.message.endsWith('not enabled')) this.#token = 'none.1';
    }
  }

  async #put(channel: Channel): Promise<void> {
    const { history, scheduler, trace } = this.#world;
    const value = `${this.#name}.${this.#writes++}:1~`;
    const key = `g${this.#prng.int(0, 2)}`;
    const step = { kind: 'put', key, value, lease: '' } as const;
    const op: KvOp & { kind: 'txn' } = {
      kind: 'txn',
      compares: [],
      success: [step],
      failure: [],
      result: null,
    };
    const operation = history.begin(this.#name, scheduler.now, op, false);
    try {
      const options = this.#options(this.#token ?? '');
      const loggedIn: Pick<Channel, 'unary'> = {
        unary: (method, request, call) => channel.unary(method, request, { ...call, ...options }),
      };
      const { timeoutMs } = options;
      const result = await perform(loggedIn, op, { timeoutMs, serializable: false });
      history.end(operation, scheduler.now, result);
      trace.note(this.#name, 'answer', () => describe(operation));
      this.#log.check(value, 'allowed');
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      const { message } = error;
      trace.note(this.#name, 'refused', () => `${message}: ${describe(operation)}`);
      if (isCertainlyWithoutEffect(error)) history.refuse(operation);
      if (message.endsWith('invalid auth token')) this.#token = null;
      if (isVerdict(message)) this.#log.check(value, message);
    }
  }

  /** It shows its token, and not the certificate that simulated clients have. */
  #options(token: string): CallOptions & { readonly timeoutMs: number } {
    const { timeoutMs } = this.#world.knobs.clients;
    const metadata = { 'grpcgateway-accept': '', ...(token === '' ? {} : { token }) };
    return { timeoutMs, metadata };
  }
}

/** Refusals that a put meets when it is applied. */
function isVerdict(message: string): boolean {
  return /permission denied|revision of auth store is old|user name is empty/.test(message);
}
