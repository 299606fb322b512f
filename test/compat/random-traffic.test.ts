import t, { type Test } from 'tap';
import { Prng } from '../../src/base/prng.js';
import { createGrpcJsChannel } from '../../src/rpc/grpc-js/index.js';
import type { ClientStream } from '../../src/rpc/index.js';
import {
  KV,
  Lease,
  type MethodDescriptor,
  Watch,
  type WatchRequestInit,
  type WatchResponse,
} from '../../src/wire/index.js';
import { until } from '../client/until.js';
import { Cluster } from '../e2e/cluster.js';
import type { ServerKind } from '../e2e/member.js';
import { needs } from '../e2e/project.js';
import { errorOf, RawClient } from '../e2e/raw-client.js';
import { realClock } from '../rpc/support.js';
import { normalised } from '../store/api/odd-requests.js';
import {
  randomBounds,
  randomDelete,
  randomPut,
  randomRange,
  randomReadTxn,
  randomTxn,
  type World,
} from '../store/random-requests.js';

/**
 * One random sequence of requests, sent by gRPC to etcd and to ours: every answer and every error is the same, and so is what
 * watchers see. TRAFFIC_SEEDS=1,2,3 TRAFFIC_STEPS=5000 for more than CI's budget.
 */

const seeds = (process.env.TRAFFIC_SEEDS ?? '11').split(',').map(Number);
const steps = Number(process.env.TRAFFIC_STEPS ?? '400');
/** Steps between the moments at which the watchers of both must have seen the same. */
const stepsPerSync = 50;

t.setTimeout(900_000 + steps * seeds.length * 100);

// biome-ignore lint/suspicious/noExplicitAny: methods of different types.
type AnyMethod = MethodDescriptor<any, any, any, any>;
type Call = readonly [method: AnyMethod, request: object];

/** One of the two: a member of its own, and a watch stream to it. */
class Side {
  readonly #endpoint: string;
  readonly #client: RawClient;
  readonly #stream: ClientStream<WatchRequestInit, WatchResponse>;
  /** What watchers were told, by watch: that they were created or cancelled, and their events. */
  readonly seen = new Map<string, unknown[]>();
  #answers = 0;

  private constructor(
    endpoint: string,
    client: RawClient,
    stream: ClientStream<WatchRequestInit, WatchResponse>,
  ) {
    this.#endpoint = endpoint;
    this.#client = client;
    this.#stream = stream;
    void this.#read();
  }

  static async start(t: Test, kind: ServerKind): Promise<Side> {
    const cluster = await Cluster.forTest(t, { kind, size: 1 });
    const { endpoint } = cluster.member(0);
    const client = new RawClient(endpoint);
    const channel = createGrpcJsChannel(`http://${endpoint}`, { clock: realClock });
    const stream = channel.stream(Watch.methods.Watch);
    t.teardown(async () => {
      stream.cancel();
      client.close();
      await channel.close();
    });
    return new Side(endpoint, client, stream);
  }

  async call(method: AnyMethod, request: object): Promise<unknown> {
    try {
      return normalised(await this.#client.call(method, request));
    } catch (error) {
      return errorOf(error);
    }
  }

  watch(request: { readonly startRevision: number }): Promise<unknown> {
    return this.#ask({ createRequest: request });
  }

  cancel(watchId: bigint): Promise<unknown> {
    // A watch that is not there is cancelled without an answer.
    if (!this.isOpen(watchId)) return Promise.resolve();
    return this.#ask({ cancelRequest: { watchId } });
  }

  isOpen(watchId: bigint): boolean {
    const told = this.seen.get(String(watchId)) ?? [];
    const notices = told.filter((each) => (each as { kind?: string }).kind === 'notice');
    return (notices.at(-1) as { created: boolean } | undefined)?.created === true;
  }

  /** Waits until no watcher is behind: etcd lets those that begin in the past catch up ten times a second. */
  async caughtUp(): Promise<void> {
    await until('no watcher is behind', async () => {
      const metrics = await (await fetch(`http://${this.#endpoint}/metrics`)).text();
      return /^etcd_debugging_mvcc_slow_watcher_total 0$/m.test(metrics);
    });
  }

  #ask(request: WatchRequestInit): Promise<unknown> {
    const before = this.#answers;
    this.#stream.send(request);
    return until('the watch stream answers', () => this.#answers > before, 60_000);
  }

  async #read(): Promise<void> {
    try {
      for await (const { watchId, created, canceled, ...rest } of this.#stream.responses) {
        const told = this.seen.get(String(watchId)) ?? [];
        this.seen.set(String(watchId), told);
        const { compactRevision, cancelReason } = rest;
        if (created || canceled) {
          told.push({ kind: 'notice', created: !canceled, compactRevision, cancelReason });
          // One that is refused is created and cancelled in one response, or in two.
          this.#answers++;
        }
        for (const event of rest.events) told.push(normalised(event));
      }
    } catch {
      // The test is over.
    }
  }
}

for (const seed of seeds) {
  t.test(`random requests are answered as by etcd, seed ${seed}`, needs('etcd'), async (t) => {
    const [theirs, ours] = await Promise.all([Side.start(t, 'etcd'), Side.start(t, 'flotilla')]);
    const prng = new Prng(seed);
    const world: World = {
      prng,
      revision: 1,
      compactRevision: -1,
      leases: [],
      hasCompacted: false,
    };
    let floor = Number.MAX_SAFE_INTEGER;
    for (let step = 0; step < steps; step++) {
      const [method, request] = randomCall(world, floor);
      const text = JSON.stringify(normalised(request));
      const where = `seed ${seed}, step ${step}: ${method.name} ${text}`;
      const [expected, actual] = await Promise.all([
        theirs.call(method, request),
        ours.call(method, request),
      ]);
      const hasTies = text.includes('"sortTarget"');
      if (!t.same(comparable(actual, hasTies), comparable(expected, hasTies), where)) return;
      note(world, method, request, actual);
      if (step % 10 === 5) {
        const watch = randomWatch(world, BigInt(step));
        floor = Math.min(floor, watch.startRevision || world.revision);
        await Promise.all([theirs.watch(watch), ours.watch(watch)]);
      }
      if (step % stepsPerSync !== stepsPerSync - 1 && step !== steps - 1) continue;
      if (!(await areSame(t, ours, theirs, `seed ${seed}, step ${step}`))) return;
      const cancelled = BigInt(prng.int(0, step / 10) * 10 + 5);
      await Promise.all([theirs.cancel(cancelled), ours.cancel(cancelled)]);
      floor = world.revision;
    }
  });
}

function randomCall(world: World, floor: number): Call {
  const { prng } = world;
  const { Range, Put, DeleteRange, Txn, Compact } = KV.methods;
  const { LeaseGrant, LeaseRevoke, LeaseTimeToLive, LeaseLeases } = Lease.methods;
  const leaseId = BigInt(prng.int(1, 6));
  const dice = prng.int(0, 100);
  if (dice < 30) return [Put, spoiled(world, randomPut(world), { ignoreValue: true })];
  if (dice < 38) return [DeleteRange, spoiled(world, randomDelete(world), {})];
  if (dice < 60) return [Range, spoiled(world, randomRange(world), {})];
  if (dice < 78) return [Txn, randomTxn(world)];
  if (dice < 83) return [Txn, randomReadTxn(world)];
  if (dice < 85) return [Txn, twice(world)];
  if (dice < 90) return [LeaseGrant, { ID: leaseId, TTL: prng.pick([5000, 9000, 10_000_000_000]) }];
  if (dice < 93) return [LeaseRevoke, { ID: leaseId }];
  if (dice < 96) return [LeaseTimeToLive, { ID: leaseId, keys: true }];
  if (dice < 97) return [LeaseLeases, {}];
  // Below where any watcher has begun: what is compacted while one catches up is a matter of time.
  const newest = Math.min(floor - 1, world.revision + 2);
  const oldest = Math.min(newest, Math.max(0, world.compactRevision - 1));
  return [Compact, { revision: prng.int(oldest, newest + 1), physical: true }];
}

/** Now and then, what the server must refuse: an empty key, or fields that it does not take. */
function spoiled(world: World, request: object, fields: object): object {
  if (world.prng.chance(0.03)) return { ...request, key: Buffer.alloc(0) };
  return world.prng.chance(0.03) ? { ...request, ...fields } : request;
}

/** A txn that puts a key twice, on one path or on two. */
function twice(world: World): object {
  const put = { requestPut: randomPut(world) };
  return world.prng.chance(0.5) ? { success: [put, put] } : { success: [put], failure: [put] };
}

/** Ids are used once, but for that of the first: etcd does not take again the id of a watch that a compaction has ended. */
function randomWatch(world: World, id: bigint) {
  const { prng } = world;
  return {
    ...randomBounds(world),
    watchId: prng.chance(0.1) ? 5n : id,
    startRevision: id === 5n || prng.chance(0.5) ? 0 : prng.int(1, world.revision + 2),
    prevKv: prng.chance(0.3),
    fragment: prng.chance(0.2),
    filters: prng.chance(0.2) ? [prng.int(0, 2)] : [],
  };
}

function note(world: World, { name }: AnyMethod, request: object, answer: unknown): void {
  const header = (answer as { header?: { revision: number } }).header;
  if (header === undefined) return;
  world.revision = Math.max(world.revision, header.revision);
  if (name === 'Compact') world.compactRevision = (request as { revision: number }).revision;
}

/** Waits until the watchers of both have caught up and been told the same. */
async function areSame(t: Test, ours: Side, theirs: Side, where: string): Promise<boolean> {
  await Promise.all([ours.caughtUp(), theirs.caughtUp()]);
  const textOf = ({ seen }: Side) => JSON.stringify([...seen].sort());
  try {
    await until('both say the same', () => textOf(ours) === textOf(theirs), 60_000);
  } catch {
    return t.same([...ours.seen].sort(), [...theirs.seen].sort(), `watchers, ${where}`);
  }
  return true;
}

/** Without the orders that etcd leaves to chance: of a sort that may have ties, for it is not stable, and of a lease's keys. */
function comparable(answer: unknown, hasTies: boolean): unknown {
  return JSON.parse(
    JSON.stringify(answer, (name, value) => {
      if (name === 'kvs' && hasTies) {
        return (value as { key: string }[]).toSorted((a, b) => (a.key < b.key ? -1 : 1));
      }
      return name === 'keys' && Array.isArray(value) ? value.toSorted() : value;
    }),
  );
}
