import t, { type Test } from 'tap';
import { silentLogger } from '../../../src/base/logger.js';
import { Prng } from '../../../src/base/prng.js';
import { apiResource, ControlClient, Informer } from '../../../src/control/client/index.js';
import type { KubeObject } from '../../../src/control/machinery/object.js';
import { ManualClock } from '../../store/manual-clock.js';
import { FaultyTransport } from './faulty-transport.js';

const things = apiResource('v1', 'things', 'Thing', 'cluster');
const seeds = Array.from({ length: 12 }, (_, index) => 1000 + index);

/** Checks what a handler is told against what a handler may be told, and keeps what it believes. */
class Witness {
  readonly believed = new Map<string, string>();
  readonly #t: Test;
  readonly #seed: number;
  told = 0;

  constructor(t: Test, seed: number) {
    this.#t = t;
    this.#seed = seed;
  }

  onAdd({ metadata: { name = '', resourceVersion = '' } }: KubeObject): void {
    this.#expect(!this.believed.has(name), `${name} is added twice`);
    this.believed.set(name, resourceVersion);
  }

  onUpdate({ metadata: before }: KubeObject, { metadata: after }: KubeObject): void {
    const { name = '', resourceVersion = '' } = after;
    this.#expect(this.believed.get(name) === before.resourceVersion, `${name} changes unknown`);
    this.#expect(before.uid === after.uid, `${name} changes its identity`);
    const isNewer = Number(resourceVersion) > Number(before.resourceVersion);
    this.#expect(isNewer, `${name} goes back in time, or is told again`);
    this.believed.set(name, resourceVersion);
  }

  onDelete({ metadata: { name = '' } }: KubeObject): void {
    this.#expect(this.believed.delete(name), `${name} is deleted unknown`);
  }

  #expect(isSo: boolean, otherwise: string): void {
    this.told++;
    if (!isSo) this.#t.fail(`${otherwise} (seed ${this.#seed})`);
  }
}

function truth(server: FaultyTransport): Map<string, string> {
  const objects = [...server.objects.values()];
  return new Map(
    objects.map(({ metadata: { name = '', resourceVersion = '' } }) => [name, resourceVersion]),
  );
}

for (const begins of ['list', 'watch-list'] as const) {
  t.test(`an informer that begins with a ${begins} ends with what the server has`, async (t) => {
    for (const seed of seeds) await simulate(t, seed, begins);
  });
}

async function simulate(t: Test, seed: number, begins: 'list' | 'watch-list'): Promise<void> {
  const prng = new Prng(seed);
  const clock = new ManualClock();
  const server = new FaultyTransport(clock, prng.fork());
  const client = new ControlClient(server, { clock });
  const informer = new Informer({
    ...{ clock, logger: silentLogger, prng: prng.fork(), begins },
    objects: client.objects(things),
  });
  const early = new Witness(t, seed);
  const late = new Witness(t, seed);
  informer.addHandler(early);
  const stop = new AbortController();
  const running = informer.run(stop.signal);
  server.faults = { drop: 0.05, refuse: 0.2, expire: 0.01 };
  for (let step = 0; step < 150; step++) {
    const name = `thing-${prng.int(0, 8)}`;
    if (prng.chance(0.3)) server.remove(name);
    else server.put(name);
    // The same name for another object, often while nobody watches.
    if (prng.chance(0.1)) {
      server.remove(name);
      server.put(name);
    }
    if (prng.chance(0.05)) server.compact();
    if (step === 75) informer.addHandler(late);
    await clock.advance(prng.int(0, 500));
  }
  server.faults = { drop: 0, refuse: 0, expire: 0 };
  await clock.advance(120_000);
  const wanted = truth(server);
  const found = new Map(
    [...informer.lister.all()].map(({ metadata: { name, resourceVersion } }) => [
      name,
      resourceVersion,
    ]),
  );
  t.same(sorted(found), sorted(wanted), `the cache is right (seed ${seed})`);
  t.same(sorted(early.believed), sorted(wanted), `the first handler is right (seed ${seed})`);
  t.same(sorted(late.believed), sorted(wanted), `the later handler is right (seed ${seed})`);
  t.ok(early.told > 20, `something happened (seed ${seed})`);
  stop.abort();
  await clock.advance(1000);
  await running;
}

function sorted(map: ReadonlyMap<string | undefined, string | undefined>) {
  return [...map].sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
}

t.test('an informer resumes a watch that ends, and lists again only when it must', async (t) => {
  const prng = new Prng(7);
  const clock = new ManualClock();
  const server = new FaultyTransport(clock, prng.fork());
  const client = new ControlClient(server, { clock });
  const informer = new Informer({
    ...{ clock, logger: silentLogger, prng: prng.fork() },
    objects: client.objects(things),
  });
  const stop = new AbortController();
  server.put('a');
  const running = informer.run(stop.signal);
  t.notOk(informer.hasSynced);
  await clock.advance(1000);
  t.ok(informer.hasSynced);
  server.faults = { drop: 1, refuse: 0, expire: 0 };
  await clock.advance(100);
  server.faults = { drop: 0, refuse: 0, expire: 0 };
  server.put('b');
  await clock.advance(60_000);
  t.equal(informer.lister.size, 2);
  t.equal(server.lists, 1, 'a dropped watch is resumed');
  server.faults = { drop: 1, refuse: 0, expire: 0 };
  await clock.advance(10);
  server.put('c');
  server.compact();
  server.faults = { drop: 0, refuse: 0, expire: 0 };
  await clock.advance(60_000);
  t.equal(informer.lister.size, 3);
  t.equal(server.lists, 2, 'one that cannot be is replaced by a list');
  stop.abort();
  await clock.advance(100);
  await running;
});

t.test('an informer finds objects by index, and tells of all again on a resync', async (t) => {
  const prng = new Prng(3);
  const clock = new ManualClock();
  const server = new FaultyTransport(clock, prng.fork());
  const informer = new Informer({
    ...{ clock, logger: silentLogger, prng: prng.fork(), resyncMs: 1000 },
    objects: new ControlClient(server, { clock }).objects(things),
    indexes: { letter: ({ metadata: { name = '' } }) => [name.slice(0, 1)] },
  });
  for (const name of ['apple', 'avocado', 'bean']) server.put(name);
  const stop = new AbortController();
  const running = informer.run(stop.signal);
  await clock.advance(500);
  const names = () => informer.lister.byIndex('letter', 'a').map(({ metadata }) => metadata.name);
  t.same(names().sort(), ['apple', 'avocado']);
  server.remove('apple');
  await clock.advance(100);
  t.same(names(), ['avocado']);
  t.throws(() => informer.lister.byIndex('colour', 'red'), /the index "colour"/);
  let again = 0;
  informer.addHandler({ onUpdate: (before, after) => (again += before === after ? 1 : 0) });
  await clock.advance(1000);
  t.equal(again, 2);
  stop.abort();
  await clock.advance(100);
  await running;
});
