import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import type { RevisionEvents, WatchStream } from '../../../src/store/contracts.js';
import { WatchHub } from '../../../src/store/watch/hub.js';
import { ResponseHeader, WatchCreateRequest } from '../../../src/wire/index.js';
import { ManualClock } from '../manual-clock.js';
import { type Change, FakeHistory } from './fake-history.js';
import { StreamChecker } from './stream-checker.js';

const firstSeed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const seedCount = process.env.SEED === undefined ? 60 : 1;
const steps = 400;
const letters = ['\0', 'a', 'b', 'c', '\xff'];

interface Client {
  readonly stream: WatchStream;
  readonly checker: StreamChecker;
}

/** A hub under everything that can happen to it, in a random order. */
class Run {
  readonly clock = new ManualClock();
  readonly clients: Client[] = [];
  readonly ended: StreamChecker[] = [];
  readonly #prng: Prng;
  readonly #history: FakeHistory;
  readonly #hub: WatchHub;
  readonly #bytesMax: number;
  /** Applied and not published yet. */
  #unpublished: RevisionEvents[] = [];

  constructor(seed: number) {
    this.#prng = new Prng(seed);
    const prng = this.#prng;
    this.#history = new FakeHistory(this.clock, prng.fork());
    this.#history.coldPart = prng.pick([0, 0.3, 1]);
    this.#history.failingPart = prng.pick([0, 0, 0.1]);
    this.clock.lookMs = prng.pick([0, 1, 6]);
    this.#bytesMax = prng.pick([40, 100, 1_000, 100_000]);
    this.#hub = new WatchHub({
      history: this.#history,
      clock: this.clock,
      header: (revision) => ResponseHeader.encode({ clusterId: 1n, memberId: 2n, revision }),
      prng: prng.fork(),
      progressIntervalMs: 100_000,
      responseBytesMax: this.#bytesMax,
      historyRevisionsMax: prng.pick([1, 10, 1000]),
      overflowStreamBytesMax: 0,
    });
  }

  async step(): Promise<void> {
    const prng = this.#prng;
    const dice = prng.int(0, 100);
    if (dice < 40) this.#write();
    else if (dice < 46) this.#publish();
    else if (dice < 58) this.#create();
    else if (dice < 61) this.#cancel();
    else if (dice < 63) this.#open();
    else if (dice < 75) this.#read();
    else if (dice < 78) this.#client()?.stream.requestProgress();
    else if (dice < 80) this.#restore();
    else if (dice < 82) this.#compact();
    else if (dice < 83) this.#close();
    else if (dice < 95) await this.clock.turn();
    else await this.clock.advance(prng.int(1, 300));
  }

  /** Everyone reads until nothing comes any more; then nothing may be missing. */
  async finish(): Promise<void> {
    this.#publish();
    this.#history.failingPart = 0;
    for (let quiet = 0; quiet < 3; ) {
      await this.clock.advance(1_000);
      quiet = this.clients.some(({ checker }) => checker.unread.length > 0) ? 0 : quiet + 1;
      for (const client of this.clients) this.#drain(client);
    }
    for (const { checker, stream } of this.clients) {
      checker.checkComplete();
      const before = checker.progress;
      stream.requestProgress();
      checker.read();
      const isAhead = [...checker.watchers.values()].some(
        ({ request }) => request.startRevision > this.#history.revision,
      );
      if (checker.progress !== before + (isAhead ? 0 : 1)) throw new Error('no progress when idle');
    }
    const closing = this.#hub.close();
    await this.clock.settle();
    await closing;
    if (this.clock.timerCount !== 0) throw new Error('a timer is left');
  }

  #client(): Client | undefined {
    return this.clients.length === 0 ? undefined : this.#prng.pick(this.clients);
  }

  #open(): void {
    const checker = new StreamChecker({
      history: this.#history,
      capacity: this.#prng.pick([1, 3, 1000]),
      fragmentBytesMax: this.#bytesMax,
    });
    this.clients.push({ checker, stream: this.#hub.openStream(checker) });
  }

  #close(): void {
    const client = this.clients.splice(this.#prng.int(0, this.clients.length + 1), 1)[0];
    if (client === undefined) return;
    client.stream.close();
    client.checker.read();
    this.ended.push(client.checker);
  }

  #randomKey(): string {
    let key = '';
    for (let i = this.#prng.int(1, 3); i > 0; i--) key += this.#prng.pick(letters);
    return key;
  }

  #changes(): Change[] {
    const prng = this.#prng;
    const changes = new Map<string, string | null>();
    for (let i = prng.pick([1, 1, 2, 5]); i > 0; i--) {
      if (prng.chance(0.3) && this.#history.keys.length > 0) {
        changes.set(prng.pick(this.#history.keys), null);
      } else {
        changes.set(this.#randomKey(), 'v'.repeat(prng.int(0, 40)));
      }
    }
    return [...changes];
  }

  /** Applies a revision; mostly it is published at once, sometimes with the next ones. */
  #write(): void {
    this.#unpublished.push(this.#history.apply(this.#changes()));
    if (this.#prng.chance(0.8)) this.#publish();
  }

  #publish(): void {
    for (const events of this.#unpublished.splice(0)) this.#hub.publish(events);
    this.#hub.flush();
  }

  #create(): void {
    const client = this.#client();
    if (client === undefined) return;
    const prng = this.#prng;
    const { revision } = this.#history;
    const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));
    const request = WatchCreateRequest.create({
      key: bytes(this.#randomKey()),
      rangeEnd: bytes(prng.pick(['', '\0', this.#randomKey()])),
      startRevision: prng.pick([
        0,
        0,
        prng.int(1, revision + 1),
        revision,
        revision + 1,
        revision + 9,
      ]),
      prevKv: prng.chance(0.3),
      fragment: prng.chance(0.5),
      filters: prng.pick([[], [], [0], [1], [0, 1], [7]]),
      watchId: prng.pick([0n, 0n, 0n, BigInt(prng.int(1, 9))]),
    });
    client.checker.expectCreate(request);
    client.stream.create(request);
  }

  #cancel(): void {
    const client = this.#client();
    const ids = [...(client?.checker.watchers.keys() ?? []), 77n];
    client?.stream.cancel(this.#prng.pick(ids));
  }

  #read(): void {
    const client = this.#client();
    if (client !== undefined) this.#drain(client);
  }

  #drain({ checker, stream }: Client): void {
    const wasFull = checker.isFull;
    checker.read();
    if (wasFull) stream.onDrained();
  }

  /** A snapshot from the leader: the state is suddenly further, and maybe compacted. */
  #restore(): void {
    this.#publish();
    for (let i = this.#prng.int(0, 6); i > 0; i--) this.#history.apply(this.#changes());
    if (this.#prng.chance(0.5)) this.#compact();
    this.#hub.onRestored();
  }

  #compact(): void {
    const { revision, compactRevision } = this.#history;
    const from = Math.max(2, compactRevision + 1);
    if (from <= revision) this.#history.compact(this.#prng.int(from, revision + 1));
  }
}

t.test('WatchHub gives each watcher what a dumb matcher finds, in order, once', async (t) => {
  const seen = { responses: 0, events: 0, progress: 0, compacted: 0, fragments: 0 };
  for (let seed = firstSeed; seed < firstSeed + seedCount; seed++) {
    const run = new Run(seed);
    try {
      for (let i = 0; i < steps; i++) await run.step();
      await run.finish();
    } catch (cause) {
      const replay = `SEED=${seed} node dist/test/store/watch/hub-random.test.js`;
      throw new Error(`seed ${seed} failed; replay it with ${replay}`, { cause });
    }
    for (const checker of [...run.ended, ...run.clients.map((client) => client.checker)]) {
      for (const count of Object.keys(seen) as (keyof typeof seen)[]) seen[count] += checker[count];
    }
  }
  if (seedCount === 1) return;
  for (const [what, count] of Object.entries(seen)) t.ok(count > 50, `${count} ${what}`);
});
