import t from 'tap';
import { concatBytes } from '../../../src/base/bytes.js';
import { Prng } from '../../../src/base/prng.js';
import type { RevisionEvents, WatchSink } from '../../../src/store/contracts.js';
import { WatchHub, type WatchHubOptions } from '../../../src/store/watch/hub.js';
import {
  Event,
  KeyValue,
  ResponseHeader,
  WatchCreateRequest,
  WatchResponse,
} from '../../../src/wire/index.js';
import { cpuMsOf } from '../../base/cpu-time.js';
import { ManualClock } from '../manual-clock.js';
import { FakeHistory } from './fake-history.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const header = (revision: number) =>
  ResponseHeader.encode({ clusterId: 7n, memberId: 8n, revision, raftTerm: 3 });

class Inbox implements WatchSink {
  readonly received: Uint8Array[] = [];
  isOpen = true;

  /** The pieces of the response that came last. */
  lastPieces: readonly Uint8Array[] = [];

  send(response: readonly Uint8Array[]): boolean {
    this.lastPieces = response;
    this.received.push(concatBytes(response));
    return this.isOpen;
  }

  get events(): Event[] {
    return this.received.flatMap((response) => WatchResponse.decode(response).events);
  }
}

function newHub(options: Partial<WatchHubOptions> = {}) {
  const clock = new ManualClock();
  const history = new FakeHistory(clock);
  const hub = new WatchHub({ history, clock, header, ...options });
  const watch = (request: Parameters<typeof WatchCreateRequest.create>[0]) => {
    const inbox = new Inbox();
    const stream = hub.openStream(inbox);
    stream.create(WatchCreateRequest.create(request));
    return { inbox, stream };
  };
  /** Publishes what was applied, and dispatches it. */
  const publish = (events: RevisionEvents) => {
    hub.publish(events);
    hub.flush();
  };
  const close = async () => {
    const closing = hub.close();
    await clock.settle();
    await closing;
  };
  return { clock, history, hub, publish, watch, close };
}

t.test('WatchHub sends the canonical encoding of what happened', async (t) => {
  const { history, publish, watch, close } = newHub();
  const plain = watch({ key: bytes('a'), watchId: -3n });
  const withPrevious = watch({ key: bytes('a'), prevKv: true });
  publish(history.apply([['a', 'one']]));
  publish(history.apply([['a', null]]));
  const one = KeyValue.create({
    key: bytes('a'),
    value: bytes('one'),
    createRevision: 2,
    modRevision: 2,
    version: 1,
  });
  const gone = KeyValue.create({ key: bytes('a'), modRevision: 3 });
  const put = Event.create({ kv: one });
  const response = (watchId: bigint, revision: number, event: Event) =>
    WatchResponse.encode({
      header: { clusterId: 7n, memberId: 8n, revision, raftTerm: 3 },
      watchId,
      events: [event],
    });
  const removed = Event.create({ type: 1, kv: gone });
  t.same(plain.inbox.received.slice(1), [response(-3n, 2, put), response(-3n, 3, removed)]);
  const removedOne = Event.create({ type: 1, kv: gone, prevKv: one });
  t.same(withPrevious.inbox.received.slice(1), [response(0n, 2, put), response(0n, 3, removedOne)]);
  await close();
});

t.test('WatchHub makes one response of all revisions that come together', async (t) => {
  const { history, hub, watch, close } = newHub({ responseBytesMax: 1000 });
  const all = watch({ key: bytes('a'), rangeEnd: bytes('c') }).inbox;
  const one = watch({ key: bytes('b') }).inbox;
  for (const key of ['a', 'b', 'a', 'b', 'c']) hub.publish(history.apply([[key, 'x']]));
  t.equal(all.received.length, 1, 'nothing before the flush');
  hub.flush();
  const summary = (inbox: Inbox) =>
    inbox.received.slice(1).map((response) => {
      const { header, events } = WatchResponse.decode(response);
      return [header?.revision, ...events.map((event) => event.kv?.modRevision)];
    });
  t.same(summary(all), [[6, 2, 3, 4, 5]]);
  t.same(summary(one), [[6, 3, 5]]);
  for (let i = 0; i < 3; i++) hub.publish(history.apply([['b', 'x'.repeat(600)]]));
  hub.flush();
  t.same(
    summary(one).slice(1),
    [
      [8, 7, 8],
      [9, 9],
    ],
    'closed when it is large enough',
  );
  hub.flush();
  t.equal(one.received.length, 4);
  await close();
});

t.test(
  'WatchHub sends a full stream some more, all of them together not without end',
  async (t) => {
    const { clock, history, publish, watch, close } = newHub({
      overflowStreamBytesMax: 3_000,
      overflowTotalBytesMax: 6_000,
    });
    const clients = Array.from({ length: 4 }, () => watch({ key: bytes('a') }));
    for (const { inbox } of clients) inbox.isOpen = false;
    for (let i = 0; i < 20; i++) publish(history.apply([['a', 'x'.repeat(950)]]));
    const counts = () => clients.map(({ inbox }) => inbox.events.length);
    t.same(counts(), [3, 3, 2, 2], 'at most the share, then the total');
    for (const { inbox, stream } of clients) {
      inbox.isOpen = true;
      stream.onDrained();
    }
    await clock.settle();
    t.same(counts(), [20, 20, 20, 20]);
    for (const { inbox } of clients) inbox.isOpen = false;
    for (let i = 0; i < 5; i++) publish(history.apply([['a', 'x'.repeat(950)]]));
    t.same(counts(), [23, 23, 22, 22], 'what was taken has been given back');
    await close();
  },
);

t.test('WatchHub sends the same bytes to streams with like watchers', async (t) => {
  const { history, publish, watch, close } = newHub();
  const inboxes = Array.from({ length: 5 }, () => watch({ key: bytes('a') }).inbox);
  publish(history.apply([['a', 'x']]));
  const heads = new Set(inboxes.map((inbox) => inbox.lastPieces[0]));
  const events = new Set(inboxes.map((inbox) => inbox.lastPieces[1]));
  t.same([heads.size, events.size], [1, 1], 'one encoding');
  await close();
});

t.test('WatchHub reads a stretch of history once for all that come for it', async (t) => {
  const { clock, history, publish, watch, close } = newHub();
  for (let i = 0; i < 500; i++) publish(history.apply([['a', `${i}`]]));
  const inboxes = Array.from(
    { length: 200 },
    (_, i) => watch({ key: bytes('a'), startRevision: 2 + (i % 3) }).inbox,
  );
  await clock.settle();
  t.same(
    inboxes.map((inbox) => inbox.events.length),
    inboxes.map((_, i) => 500 - (i % 3)),
  );
  t.ok(history.reads <= 3, `${history.reads} reads`);
  await close();
});

t.test('WatchHub serves the rest from history when a revision has too many watchers', async (t) => {
  const { clock, history, publish, watch, close } = newHub();
  const inboxes = Array.from({ length: 1_000 }, () => watch({ key: bytes('a') }).inbox);
  clock.lookMs = 1;
  publish(history.apply([['a', 'x']]));
  const atOnce = inboxes.filter((inbox) => inbox.events.length === 1).length;
  t.ok(atOnce > 0 && atOnce < 1_000, `${atOnce} at once, within 5 ms`);
  publish(history.apply([['a', 'y']]));
  await clock.settle();
  t.ok(
    inboxes.every(({ events }) => events.map((event) => event.kv?.modRevision).join() === '2,3'),
  );
  t.ok(history.reads <= 2, `${history.reads} reads`);
  await close();
});

t.test('WatchHub gives the loop back while it catches many watchers up', async (t) => {
  const { clock, history, publish, watch, close } = newHub();
  for (let i = 0; i < 10; i++) publish(history.apply([['a', 'x']]));
  const inboxes = Array.from(
    { length: 100 },
    () => watch({ key: bytes('a'), startRevision: 2 }).inbox,
  );
  clock.lookMs = 1;
  let turns = 0;
  while (inboxes.some((inbox) => inbox.events.length === 0)) {
    await clock.turn();
    turns++;
  }
  t.ok(turns > 10, `${turns} turns`);
  await close();
});

t.test('WatchHub takes turns between one far behind and one a little behind (17529)', async (t) => {
  const { clock, history, publish, hub, watch, close } = newHub();
  for (let i = 0; i < 20_000; i++) publish(history.apply([['a', 'x']]));
  const far = watch({ key: bytes('a'), startRevision: 2 }).inbox;
  let farResponses = 0;
  const near = hub.openStream({
    send: (response) => {
      if (WatchResponse.decode(concatBytes(response)).events.length > 0)
        farResponses = far.received.length;
      return true;
    },
  });
  near.create(WatchCreateRequest.create({ key: bytes('a'), startRevision: 19_990 }));
  await clock.settle();
  t.equal(far.events.length, 20_000);
  t.equal(farResponses, 2, 'the other one had its created response and one turn');
  await close();
});

t.test('WatchHub holds 100,000 watchers and finds the one concerned', async (t) => {
  const { history, publish, hub, close } = newHub();
  const inbox = new Inbox();
  const stream = hub.openStream(inbox);
  for (let i = 0; i < 100_000; i++) {
    const name = `/k/${i}/`;
    const rangeEnd = i % 2 === 0 ? bytes('') : bytes(`/k/${i}0`);
    stream.create(WatchCreateRequest.create({ key: bytes(name), rangeEnd }));
  }
  inbox.received.length = 0;
  const cpuMs = await cpuMsOf(() => {
    for (let i = 0; i < 1_000; i++) publish(history.apply([[`/k/${i * 97}/`, 'x']]));
  });
  t.same(
    inbox.received.map((response) => WatchResponse.decode(response).watchId),
    Array.from({ length: 1_000 }, (_, i) => BigInt(i * 97)),
  );
  t.ok(cpuMs < 5_000, `1,000 revisions took ${cpuMs} ms`);
  stream.close();
  await close();
});

t.test('WatchHub spreads progress responses by a tenth of the interval at most', async (t) => {
  const delays = new Set<number>();
  for (let seed = 1; seed <= 50; seed++) {
    const { clock, watch, close } = newHub({ prng: new Prng(seed), progressIntervalMs: 1_000 });
    const { inbox } = watch({ key: bytes('a'), progressNotify: true });
    await clock.advance(999);
    t.equal(inbox.received.length, 1);
    let delayMs = 999;
    while (inbox.received.length === 1 && delayMs < 1_100) {
      await clock.advance(1);
      delayMs++;
    }
    t.equal(inbox.received.length, 2);
    delays.add(delayMs);
    await close();
  }
  t.ok(delays.size > 10, `${delays.size} different delays`);
});

t.test('WatchHub.close ends streams in silence and waits for the read in flight', async (t) => {
  const { clock, history, publish, hub, watch } = newHub();
  publish(history.apply([['a', 'x']]));
  publish(history.apply([['a', 'y']]));
  const { inbox, stream } = watch({ key: bytes('a'), startRevision: 2, progressNotify: true });
  const closing = hub.close();
  await clock.settle();
  await closing;
  const count = inbox.received.length;
  stream.create(WatchCreateRequest.create({ key: bytes('a') }));
  stream.requestProgress();
  stream.cancel(0n);
  stream.onDrained();
  stream.close();
  publish(history.apply([['a', 'z']]));
  hub.openStream(inbox).create(WatchCreateRequest.create({ key: bytes('a') }));
  await clock.advance(10_000_000);
  t.equal(inbox.received.length, count);
  t.equal(clock.timerCount, 0);
});

t.test('WatchHub.close does not wait out the pause after a failed read', async (t) => {
  const { clock, history, publish, hub, watch } = newHub();
  for (let i = 0; i < 3; i++) publish(history.apply([['a', 'x']]));
  history.failingPart = 1;
  watch({ key: bytes('a'), startRevision: 2 });
  await clock.settle();
  t.equal(clock.timerCount, 1, 'it pauses');
  await hub.close();
  t.equal(clock.timerCount, 0);
});

t.test(
  'WatchHub keeps its promises if a sink closes its stream when it is sent something',
  async (t) => {
    const { history, publish, hub, close } = newHub();
    const other = new Inbox();
    const closing: WatchSink = {
      send: (response) => {
        if (WatchResponse.decode(concatBytes(response)).events.length > 0) stream.close();
        return true;
      },
    };
    const stream = hub.openStream(closing);
    for (let i = 0; i < 3; i++) stream.create(WatchCreateRequest.create({ key: bytes('a') }));
    hub.openStream(other).create(WatchCreateRequest.create({ key: bytes('a') }));
    publish(history.apply([['a', 'x']]));
    publish(history.apply([['a', 'y']]));
    t.equal(other.events.length, 2);
    await close();
  },
);

t.test(
  'WatchHub stops at a revision that is published twice, and at a hasty interval',
  async (t) => {
    const { history, publish, close } = newHub();
    const events = history.apply([['a', 'x']]);
    publish(events);
    t.throws(() => publish(events), { name: 'AssertionError' });
    t.throws(() => newHub({ progressIntervalMs: 99 }), { name: 'AssertionError' });
    await close();
  },
);
