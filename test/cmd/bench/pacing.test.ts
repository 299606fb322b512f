import t from 'tap';
import type { LoadClient } from '../../../src/cmd/bench/load.js';
import { Meter } from '../../../src/cmd/bench/meter.js';
import { ClosedLoop, OpenLoop } from '../../../src/cmd/bench/pacing.js';
import { until } from '../../client/until.js';

/** A client whose calls are answered when the test says so. */
class ManualClient implements LoadClient {
  readonly series = 0;
  readonly weight = 1;
  readonly starts: number[] = [];
  #onDone: ((error: Error | null) => void) | null = null;

  call(onDone: (error: Error | null) => void, startMs: number): void {
    this.starts.push(startMs);
    this.#onDone = onDone;
  }

  get isBusy(): boolean {
    return this.#onDone !== null;
  }

  answer(error: Error | null = null): void {
    const onDone = this.#onDone;
    this.#onDone = null;
    onDone?.(error);
  }
}

function newMeter(): Meter {
  const meter = new Meter(['call'], { isFixedTotal: false });
  meter.begin(0);
  return meter;
}

t.test('ClosedLoop: a client calls again once it is answered, and not before', async (t) => {
  const clients = [new ManualClient(), new ManualClient()];
  const loop = new ClosedLoop(clients, newMeter());
  loop.start();
  t.same(
    clients.map(({ starts }) => starts.length),
    [1, 1],
  );
  clients[0]!.answer();
  t.same(
    clients.map(({ starts }) => starts.length),
    [2, 1],
  );
  t.equal(loop.busy, 2);
  loop.stop();
  for (const client of clients) client.answer();
  await loop.whenQuiet();
  t.same(
    clients.map(({ starts }) => starts.length),
    [2, 1],
    'none after the stop',
  );
  t.equal(loop.busy, 0);
});

t.test('ClosedLoop: makes as many calls as it is limited to', async (t) => {
  const clients = Array.from({ length: 3 }, () => new ManualClient());
  const loop = new ClosedLoop(clients, newMeter());
  loop.limit(7);
  loop.start();
  for (let i = 0; i < 20; i++) clients[i % 3]!.answer();
  await loop.whenQuiet();
  t.equal(
    clients.reduce((sum, { starts }) => sum + starts.length, 0),
    7,
  );
});

t.test('ClosedLoop: fewer calls than clients', async (t) => {
  const clients = Array.from({ length: 5 }, () => new ManualClient());
  const loop = new ClosedLoop(clients, newMeter());
  loop.limit(2);
  t.equal(clients.filter(({ isBusy }) => isBusy).length, 2);
});

t.test('ClosedLoop: a failure is followed by a pause, not by the next call at once', async (t) => {
  const client = new ManualClient();
  const meter = newMeter();
  const loop = new ClosedLoop([client], meter);
  loop.start();
  client.answer(new Error('refused'));
  t.equal(client.starts.length, 1);
  await until('the next call', () => client.starts.length === 2);
  t.same(meter.snapshot(0).errors, { Error: 1 });
  loop.stop();
  client.answer();
});

t.test(
  'OpenLoop: what is due while no client is free starts late, but its latency is from when it was due',
  async (t) => {
    const client = new ManualClient();
    const meter = newMeter();
    const loop = new OpenLoop([client], meter, 500);
    loop.start();
    t.equal(client.starts.length, 1);
    await until('a backlog', () => loop.backlog >= 10);
    t.equal(client.starts.length, 1, 'nobody is free');
    const answeredMs = performance.now();
    for (let i = 0; i < 10; i++) client.answer();
    loop.stop();
    client.answer();
    const { starts } = client;
    t.ok(starts.length >= 11, `${starts.length}`);
    // The first was free to start; the others count from when they were due.
    const [first, ...late] = starts as [number, ...number[]];
    late.forEach((startMs, i) => {
      t.ok(Math.abs(startMs - late[0]! - i * 2) < 1e-6, `call ${i + 1}: ${startMs - first} ms`);
    });
    t.ok(late[0]! - first <= 2, 'the second was due 2 ms after the beginning');
    const [series] = meter.snapshot(0).series;
    const slowest = series!.latencies.at(-1)![0] / 1000;
    t.ok(slowest >= (answeredMs - first) * 0.99, 'the first waited all the time, and says so');
  },
);

t.test('OpenLoop: stops making calls at its limit', async (t) => {
  const clients = Array.from({ length: 50 }, () => new ManualClient());
  const loop = new OpenLoop(clients, newMeter(), 10_000);
  loop.limit(20);
  loop.start();
  await until('all calls', () => clients.filter(({ isBusy }) => isBusy).length === 20);
  for (const client of clients) client.answer();
  await loop.whenQuiet();
  t.equal(
    clients.reduce((sum, { starts }) => sum + starts.length, 0),
    20,
  );
});
