import type { Prng } from '../../src/base/prng.js';
import type { Channel } from '../../src/rpc/service.js';
import { describe, type History } from './history.js';
import type { Knobs } from './knobs.js';
import { isCertainlyWithoutEffect, padValue, perform } from './kv-calls.js';
import type { KvOp, KvResult, KvStep } from './kv-model.js';
import type { Scheduler } from './scheduler.js';
import type { Trace } from './trace.js';

type Txn = KvOp & { kind: 'txn' };

/** What a client's requests go through. `server` is for traces. */
export interface Connection<C> {
  readonly channel: C;
  readonly server: string;
}

/** What simulated clients share. */
export interface ClientWorld {
  readonly scheduler: Scheduler;
  readonly history: History;
  readonly trace: Trace;
  readonly knobs: Knobs;
  /** A connection of `client` to some member that should be there. */
  connect(client: string, prng: Prng): Connection<Channel>;
  /** The client library of `client`, which knows all members that are there now. */
  connectLibrary(client: string, prng: Prng): Connection<Pick<Channel, 'unary'>>;
  /** The safety phase is over: finish the present request and stop. */
  isClosing(): boolean;
}

/** Resolves after virtual milliseconds, in an event of `owner`. */
export function pause(scheduler: Scheduler, owner: string, ms: number): Promise<void> {
  return new Promise((resolve) => {
    scheduler.after(ms, owner, 'think', resolve);
  });
}

/** A session stays with its member for about so many requests, unless one fails. */
const requestsPerServerMean = 15;

/**
 * A client with one request at a time: puts, gets, deletes, compare-and-swaps and transactions over a few keys, at members
 * of its choice. Everything goes into the history; a request that fails in a way that promises nothing stays unknown.
 */
export class Session {
  readonly #name: string;
  readonly #world: ClientWorld;
  readonly #prng: Prng;
  readonly #usesLibrary: boolean;
  #connection: Connection<Pick<Channel, 'unary'>>;
  /** Modification revisions as last read here (linearizably); 0 for absent. What compare-and-swap compares with. */
  readonly #seen = new Map<string, number>();
  /** Newest revision that the present member showed, for serializable reads of one connection. */
  #writes = 0;

  constructor(name: string, world: ClientWorld, prng: Prng) {
    this.#name = name;
    this.#world = world;
    this.#prng = prng;
    this.#usesLibrary = prng.chance(0.4);
    this.#connection = this.#connect();
  }

  async run(): Promise<void> {
    const { scheduler, knobs } = this.#world;
    for (;;) {
      await pause(scheduler, this.#name, -Math.log(1 - this.#prng.float()) * knobs.clients.thinkMs);
      if (this.#world.isClosing()) return;
      const isFine = await this.#request();
      if (!isFine || this.#prng.chance(1 / requestsPerServerMean)) {
        this.#connection = this.#connect();
      }
    }
  }

  #connect(): Connection<Pick<Channel, 'unary'>> {
    return this.#usesLibrary
      ? this.#world.connectLibrary(this.#name, this.#prng)
      : this.#world.connect(this.#name, this.#prng);
  }

  /** False: the request failed. */
  async #request(): Promise<boolean> {
    const serializable = this.#prng.chance(0.1);
    const op = serializable ? txn([{ kind: 'get', key: this.#pickKey() }]) : this.#pickOp();
    const { scheduler, history, knobs, trace } = this.#world;
    const operation = history.begin(this.#name, scheduler.now, op, serializable);
    const { channel, server } = this.#connection;
    try {
      const timeoutMs = knobs.clients.timeoutMs;
      const result = await perform(channel, op, { timeoutMs, serializable });
      history.end(operation, scheduler.now, result);
      trace.note(this.#name, 'answer', () => `of ${server}: ${describe(operation)}`);
      if (!serializable) this.#learn(op, result);
      return true;
    } catch (error) {
      const isRead = op.success.every((step) => step.kind === 'get') && op.compares.length === 0;
      if (isRead || isCertainlyWithoutEffect(error)) history.refuse(operation);
      trace.note(
        this.#name,
        'failed',
        () => `at ${server} (${(error as Error).message}): ${describe(operation)}`,
      );
      return false;
    }
  }

  #pickOp(): Txn {
    const key = this.#pickKey();
    if (this.#prng.chance(this.#world.knobs.clients.readShare)) {
      return this.#prng.chance(0.8) ? txn([{ kind: 'get', key }]) : this.#readPair();
    }
    switch (this.#prng.int(0, 6)) {
      case 0:
      case 1:
        return txn([this.#put(key)]);
      case 2:
        return txn([{ kind: 'delete', key }]);
      case 3:
        return this.#compareAndSwap(key);
      case 4:
        return this.#createOrRead(key);
      default:
        return this.#writePair();
    }
  }

  /** Writes only over the version that this client has seen, else reads. */
  #compareAndSwap(key: string): Txn {
    const equals = this.#seen.get(key);
    if (equals === undefined) return txn([{ kind: 'get', key }]);
    return {
      ...txn([this.#put(key)]),
      compares: [{ key, target: 'mod', equals }],
      failure: [{ kind: 'get', key }],
    };
  }

  #createOrRead(key: string): Txn {
    return {
      ...txn([this.#put(key), { kind: 'get', key }]),
      compares: [{ key, target: 'version', equals: 0 }],
      failure: [
        { kind: 'get', key },
        this.#prng.chance(0.5) ? { kind: 'delete', key } : this.#put(key),
      ],
    };
  }

  /** Two keys that are only ever written together. */
  #writePair(): Txn {
    const [a, b] = this.#pickPair();
    return this.#prng.chance(0.2)
      ? txn([
          { kind: 'delete', key: a },
          { kind: 'delete', key: b },
        ])
      : txn([this.#put(a), this.#put(b)]);
  }

  #readPair(): Txn {
    const [a, b] = this.#pickPair();
    return txn([
      { kind: 'get', key: a },
      { kind: 'get', key: b },
    ]);
  }

  #pickKey(): string {
    return `k${this.#prng.int(0, this.#world.knobs.clients.keys)}`;
  }

  #pickPair(): [string, string] {
    const pair = this.#prng.int(0, 2);
    return [`p${pair}a`, `p${pair}b`];
  }

  #put(key: string): KvStep {
    const bytes = this.#prng.int(1, this.#world.knobs.clients.valueBytesMax);
    const text = padValue(`${this.#name}.${this.#writes++}`, bytes);
    return { kind: 'put', key, value: text.slice(0, text.indexOf('~') + 1), lease: '' };
  }

  #learn(op: Txn, result: KvResult): void {
    const steps = result.succeeded ? op.success : op.failure;
    for (const [i, step] of steps.entries()) {
      const outcome = result.steps[i];
      if (step.kind === 'put') this.#seen.set(step.key, result.revision);
      else if (step.kind === 'delete') this.#seen.set(step.key, 0);
      else if (outcome?.kind === 'get') this.#seen.set(step.key, outcome.found?.modRevision ?? 0);
    }
  }
}

function txn(success: readonly KvStep[]): Txn {
  return { kind: 'txn', compares: [], success, failure: [], result: null };
}
