import t from 'tap';
import { Prng } from '../../src/base/prng.js';
import {
  Event,
  KeyValue,
  ResponseHeader,
  type WatchRequest,
  WatchResponse,
} from '../../src/wire/index.js';
import { broken, type FakeStream, settled } from './fake-channel.js';
import { fakeCluster } from './fake-cluster.js';

const seedCount = 150;
const firstSeed = Number(process.env.SEED ?? 1);
const revisionCount = 60;

/**
 * A played server that sends a fixed history in random pieces: several revisions at once, or one in fragments; with
 * progress in between, repeats, and streams that break anywhere.
 */
class RandomServer {
  readonly #prng: Prng;
  /** Events per revision; index 0 is revision 1. */
  readonly #history: readonly number[];
  readonly #watches = new Map<bigint, { stream: FakeStream; next: number; sentOfNext: number }>();
  #handled = new WeakMap<FakeStream, number>();
  readonly streams: FakeStream[] = [];

  constructor(prng: Prng, history: readonly number[]) {
    this.#prng = prng;
    this.#history = history;
  }

  /** Takes requests, then sends a piece to some watch, or breaks a stream. */
  step(): void {
    for (const stream of this.streams) this.#takeRequests(stream);
    const live = [...this.#watches].filter(([, { stream }]) => !stream.isCancelled);
    if (live.length === 0) return;
    const [id, watch] = this.#prng.pick(live);
    if (this.#prng.chance(0.05)) {
      this.#watches.delete(id);
      watch.stream.fail(broken());
      return;
    }
    if (this.#prng.chance(0.1) && watch.sentOfNext === 0) {
      this.#respond(watch.stream, id, [], false, watch.next - 1);
      return;
    }
    this.#sendPiece(id, watch);
  }

  #takeRequests(stream: FakeStream): void {
    const from = this.#handled.get(stream) ?? 0;
    this.#handled.set(stream, stream.sent.length);
    for (const { createRequest, cancelRequest } of stream.sent.slice(from) as WatchRequest[]) {
      if (cancelRequest !== undefined) this.#watches.delete(cancelRequest.watchId);
      if (createRequest === undefined) continue;
      const { watchId, startRevision } = createRequest;
      // Now and then the server starts a little early: what the client has already must not come out twice.
      const next = Math.max(1, startRevision - (this.#prng.chance(0.3) ? 1 : 0));
      this.#watches.set(watchId, { stream, next, sentOfNext: 0 });
      const header = ResponseHeader.create({ revision: revisionCount });
      stream.respond(WatchResponse.create({ header, watchId, created: true }));
    }
  }

  #sendPiece(id: bigint, watch: { stream: FakeStream; next: number; sentOfNext: number }): void {
    const events: Event[] = [];
    const sizeMax = this.#prng.int(1, 8);
    while (watch.next <= revisionCount && events.length < sizeMax) {
      const size = this.#history[watch.next - 1]!;
      events.push(eventOf(watch.next, watch.sentOfNext));
      watch.sentOfNext++;
      if (watch.sentOfNext < size) continue;
      watch.next++;
      watch.sentOfNext = 0;
    }
    const isFragment = watch.sentOfNext > 0;
    if (events.length > 0) this.#respond(watch.stream, id, events, isFragment, revisionCount);
  }

  #respond(
    stream: FakeStream,
    watchId: bigint,
    events: Event[],
    fragment: boolean,
    revision: number,
  ) {
    const header = ResponseHeader.create({ revision });
    stream.respond(WatchResponse.create({ header, watchId, events, fragment }));
  }
}

/** Event `index` of a revision; the version field tells it from its siblings. */
function eventOf(modRevision: number, index: number): Event {
  return Event.create({ kv: KeyValue.create({ modRevision, version: index }) });
}

t.test(
  `a watch delivers every event once, revisions whole and in order (${seedCount} seeds)`,
  async (t) => {
    for (let seed = firstSeed; seed < firstSeed + seedCount; seed++) {
      const prng = new Prng(seed);
      const history = Array.from({ length: revisionCount }, () => prng.int(1, 6));
      const { client, clock, servers } = fakeCluster(2);
      const server = new RandomServer(prng, history);
      for (const channel of servers) {
        channel.onStream = (stream) => {
          server.streams.push(stream);
          return null;
        };
      }
      const watcher = client.watch(
        { prefix: '' },
        { startRevision: 1, fragment: true, eventsBufferedMax: prng.int(1, 30) },
      );
      const iterator = watcher[Symbol.asyncIterator]();
      const expected = history.flatMap((size, i) =>
        Array.from({ length: size }, (_, index) => `${i + 1}.${index}`),
      );
      const seen: string[] = [];
      let problem = '';
      let reading: Promise<void> | null = null;
      const read = async () => {
        const { value } = await iterator.next();
        if (value === undefined) return;
        for (const { kv } of value.events) seen.push(`${kv!.modRevision}.${kv!.version}`);
        const promised = history.slice(0, value.revision).reduce((sum, size) => sum + size, 0);
        if (seen.length < promised) problem = `revision ${value.revision} promised too early`;
        reading = null;
      };
      for (let step = 0; step < 5000 && seen.length < expected.length && problem === ''; step++) {
        server.step();
        if (reading === null && prng.chance(0.4)) reading = read().catch(() => {});
        await Promise.resolve();
        if (step % 20 === 0) await clock.advance(100);
        else if (step % 4 === 0) await settled();
      }
      await client.close();
      const isRight = problem === '' && seen.join() === expected.join();
      if (!isRight) {
        t.fail(`seed ${seed}: ${problem || 'events differ'} (replay: SEED=${seed})`, {
          seen,
          expected,
        });
        return;
      }
    }
    t.pass('all seeds');
  },
);
