import { MemoryLevel } from 'memory-level';
import type {
  DbRange,
  DbSnapshot,
  DbWrite,
  OrderedDb,
  OrderedDbHome,
} from '../../src/base/ordered-db.js';
import type { Prng } from '../../src/base/prng.js';

/** What the simulator sets about a simulated database. */
export interface SimDbHomeOptions {
  readonly prng: Prng;
  /**
   * Decides when an operation completes: calls back later, once. What is written is in the image at the call already
   * (the page cache); a crash before the callback means that nobody learns about it. Default: in a microtask.
   */
  readonly schedule?: (operation: 'read' | 'write' | 'sync' | 'promote', done: () => void) => void;
}

type Step = readonly (readonly [key: Uint8Array, value: Uint8Array])[];

/**
 * LevelDB as a crash leaves it: of the batches written since the last sync, a prefix survives, whole batches only. One
 * home outlives the incarnations of its member.
 */
export class SimDbHome implements OrderedDbHome {
  readonly #options: SimDbHomeOptions;
  /** Counts crashes: what an earlier incarnation started never completes. */
  #incarnation = 0;
  #current: SimDb | null = null;
  #replacement: SimDb | null = null;
  /** Makes the next writes of the current incarnation fail. */
  #writeError: Error | null = null;

  constructor(options: SimDbHomeOptions) {
    this.#options = options;
  }

  openCurrent(): Promise<OrderedDb> {
    return this.#run('read', async () => {
      this.#replacement = null;
      this.#current ??= await SimDb.create(this.#env());
      this.#current = this.#current.reopen(this.#env());
      return this.#current;
    });
  }

  openReplacement(): Promise<OrderedDb> {
    return this.#run('write', async () => {
      this.#replacement = await SimDb.create(this.#env());
      return this.#replacement;
    });
  }

  async promote(replacement: OrderedDb): Promise<void> {
    const next = this.#replacement;
    if (next === null || next !== replacement) {
      throw new Error('promote takes the database that openReplacement returned last');
    }
    const incarnation = this.#incarnation;
    // Durable at this point of time, after the pointer file's rename was synced: not at the call.
    await this.#run('promote', async () => {});
    if (incarnation !== this.#incarnation) return never();
    const old = this.#current;
    this.#current = next;
    this.#replacement = null;
    await old?.close();
  }

  /**
   * The member's machine loses power. Handles and promises of this incarnation are dead; the next one opens a state that
   * is not older than the last sync.
   */
  crash(): void {
    this.#incarnation++;
    this.#writeError = null;
    this.#replacement = null;
    this.#current?.loseTail(this.#options.prng);
  }

  /** The member's process dies, its machine does not: all that was written survives. */
  kill(): void {
    this.#incarnation++;
    this.#writeError = null;
    this.#replacement = null;
  }

  /** The disk is lost: the next incarnation starts with an empty database. */
  loseEverything(): void {
    this.kill();
    this.#current = null;
  }

  /** Every write from now on fails, until the member restarts. */
  failWrites(error: Error): void {
    this.#writeError = error;
  }

  #env(): Env {
    const incarnation = this.#incarnation;
    return {
      run: (operation, work) =>
        this.#incarnation === incarnation ? this.#run(operation, work) : never(),
      writeError: () => this.#writeError,
    };
  }

  async #run<T>(operation: Operation, work: () => T | Promise<T>): Promise<T> {
    const incarnation = this.#incarnation;
    const result = await work();
    await new Promise<void>((resolve) => {
      const { schedule } = this.#options;
      if (schedule === undefined) queueMicrotask(resolve);
      else schedule(operation, resolve);
    });
    return incarnation === this.#incarnation ? result : never();
  }
}

type Operation = 'read' | 'write' | 'sync' | 'promote';

interface Env {
  run<T>(operation: Operation, work: () => T | Promise<T>): Promise<T>;
  writeError(): Error | null;
}

/** What a batch since the last sync replaced: enough to take it back. */
type Undo = readonly (readonly [key: Uint8Array, value: Uint8Array | undefined])[];

/** Batches that a crash may lose, oldest first. Shared by the handles of all incarnations. */
interface Tail {
  readonly unsynced: { readonly sequence: number; readonly undo: Undo }[];
  nextSequence: number;
}

const encodings = { keyEncoding: 'view', valueEncoding: 'view' } as const;

class SimDb implements OrderedDb {
  readonly #level: MemoryLevel<Uint8Array, Uint8Array>;
  readonly #env: Env;
  readonly #tail: Tail;
  #closed = false;

  private constructor(level: MemoryLevel<Uint8Array, Uint8Array>, env: Env, tail: Tail) {
    this.#level = level;
    this.#env = env;
    this.#tail = tail;
  }

  static async create(env: Env): Promise<SimDb> {
    const level = new MemoryLevel<Uint8Array, Uint8Array>({ ...encodings, storeEncoding: 'view' });
    await level.open();
    return new SimDb(level, env, { unsynced: [], nextSequence: 1 });
  }

  /** A handle for a new incarnation on the same data. */
  reopen(env: Env): SimDb {
    return new SimDb(this.#level, env, this.#tail);
  }

  /** Takes back a random number of the newest unsynced batches. */
  loseTail(prng: Prng): void {
    const { unsynced } = this.#tail;
    const survivors = prng.int(0, unsynced.length + 1);
    while (unsynced.length > survivors) this.#apply(unsynced.pop()!.undo);
    // What survived is on the disk now.
    unsynced.length = 0;
  }

  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#env.run('read', () => this.#read(key));
  }

  getSync(key: Uint8Array): Uint8Array | undefined {
    return this.#read(key);
  }

  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return this.#env.run('read', () => keys.map((key) => this.#read(key)));
  }

  iterate(range: DbRange): AsyncIterable<Step> {
    const snapshot = this.snapshot();
    return snapshot.iterate(range);
  }

  async write(batch: readonly DbWrite[], options: { readonly sync: boolean }): Promise<void> {
    const sequence = await this.#env.run(options.sync ? 'sync' : 'write', () => {
      this.#checkOpen();
      const error = this.#env.writeError();
      if (error !== null) throw error;
      return this.#append(batch);
    });
    if (!options.sync) return;
    // Durable now, with all before it; what came after the call is not.
    const { unsynced } = this.#tail;
    while ((unsynced[0]?.sequence ?? Number.POSITIVE_INFINITY) <= sequence) unsynced.shift();
  }

  snapshot(): DbSnapshot {
    this.#checkOpen();
    const snapshot = this.#level.snapshot();
    const env = this.#env;
    const level = this.#level;
    return {
      async *iterate(range: DbRange): AsyncGenerator<Step> {
        const iterator = level.iterator({
          gte: range.gte,
          lt: range.lt,
          reverse: range.reverse ?? false,
          limit: range.limit ?? -1,
          snapshot,
        });
        for (;;) {
          const step = await env.run('read', () => iterator.nextv(100));
          if (step.length === 0) break;
          yield step;
        }
        await iterator.close();
      },
      close: () => env.run('read', () => snapshot.close()),
    };
  }

  async sizeBytes(): Promise<number> {
    let total = 0;
    for await (const [key, value] of this.#level.iterator()) total += key.length + value.length;
    return total;
  }

  compactRange(): Promise<void> {
    return this.#env.run('write', () => {});
  }

  close(): Promise<void> {
    return this.#env.run('read', () => {
      this.#closed = true;
    });
  }

  #append(batch: readonly DbWrite[]): number {
    const undo = batch.map(({ key }) => [key.slice(), this.#level.getSync(key)] as const);
    const sequence = this.#tail.nextSequence++;
    this.#tail.unsynced.push({ sequence, undo });
    this.#apply(
      batch.map((write) => [write.key, write.kind === 'put' ? write.value : undefined] as const),
    );
    return sequence;
  }

  /** memory-level applies a batch within the call; only its promise comes later. */
  #apply(changes: Undo): void {
    const operations = changes.map(([key, value]) =>
      value === undefined
        ? ({ type: 'del', key: key.slice() } as const)
        : ({ type: 'put', key: key.slice(), value: value.slice() } as const),
    );
    this.#level.batch(operations).catch(() => {});
  }

  #read(key: Uint8Array): Uint8Array | undefined {
    this.#checkOpen();
    return this.#level.getSync(key);
  }

  #checkOpen(): void {
    if (this.#closed) throw new Error('the database is closed');
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => {});
}
