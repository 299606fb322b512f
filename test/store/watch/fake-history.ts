import type { Prng } from '../../../src/base/prng.js';
import type { ChangeEvent, HistoryReads, RevisionEvents } from '../../../src/store/contracts.js';
import { StoreError } from '../../../src/store/errors.js';
import { KeyValue } from '../../../src/wire/index.js';
import type { ManualClock } from '../manual-clock.js';

/** A change to make: null deletes. Keys are latin1. */
export type Change = readonly [key: string, value: string | null];

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));
const slot = (at: { readonly main: number; readonly sub: number }) => `${at.main}.${at.sub}`;

/** A multi-version store in a few lines, with the answers of {@link HistoryReads} as slow and as short as it likes. */
export class FakeHistory implements HistoryReads {
  revision = 1;
  compactRevision = -1;
  /** Everything that ever happened; compaction does not shorten it. */
  readonly all: RevisionEvents[] = [];
  /** The part of versions that is not in memory. */
  coldPart = 0;
  /** The part of reads that fail. */
  failingPart = 0;
  /** Reads so far. */
  reads = 0;
  readonly #clock: ManualClock;
  readonly #prng: Prng | undefined;
  readonly #versions = new Map<string, Uint8Array>();
  readonly #live = new Map<
    string,
    { main: number; sub: number; create: number; version: number }
  >();

  /** With a prng, reads take a random time and give a random part of what was asked for. */
  constructor(clock: ManualClock, prng?: Prng) {
    this.#clock = clock;
    this.#prng = prng;
  }

  /** Keys that exist. */
  get keys(): string[] {
    return [...this.#live.keys()];
  }

  /** Applies one revision. Publishing it is the caller's. */
  apply(changes: readonly Change[]): RevisionEvents {
    const main = this.revision + 1;
    const events = changes.map(([key, value], sub) => this.#change(key, value, { main, sub }));
    const made = { revision: main, events };
    this.all.push(made);
    this.revision = main;
    return made;
  }

  /** Forgets what is older than the revision, and versions that were replaced before it. */
  compact(revision: number): void {
    this.compactRevision = revision;
    for (const { revision: replacedAt, events } of this.all) {
      if (replacedAt > revision) break;
      for (const { previous } of events) {
        if (previous !== null) this.#versions.delete(slot(previous));
      }
    }
  }

  async history(from: number, revisionsMax: number): Promise<readonly RevisionEvents[]> {
    await this.#read();
    if (from < this.compactRevision) throw new StoreError('compacted');
    const found = this.all.filter(({ revision }) => revision >= from);
    const most = Math.min(found.length, revisionsMax);
    const count = this.#prng === undefined || most === 0 ? most : this.#prng.int(1, most + 1);
    return found.slice(0, count);
  }

  async version(at: { readonly main: number; readonly sub: number }) {
    await this.#read();
    return this.#versions.get(slot(at));
  }

  versionInMemory(at: { readonly main: number; readonly sub: number }): Uint8Array | undefined {
    if (this.#prng?.chance(this.coldPart) ?? this.coldPart > 0) return undefined;
    return this.#versions.get(slot(at));
  }

  #change(key: string, value: string | null, at: { main: number; sub: number }): ChangeEvent {
    const before = this.#live.get(key);
    const previous = before === undefined ? null : { main: before.main, sub: before.sub };
    const create = before?.create ?? at.main;
    const version = (before?.version ?? 0) + 1;
    const kv = KeyValue.encode(
      value === null
        ? { key: bytes(key), modRevision: at.main }
        : {
            key: bytes(key),
            value: bytes(value),
            createRevision: create,
            modRevision: at.main,
            version,
          },
    );
    if (value === null) {
      this.#live.delete(key);
    } else {
      this.#live.set(key, { ...at, create, version });
      this.#versions.set(slot(at), kv);
    }
    return { kind: value === null ? 'delete' : 'put', key, kv, previous };
  }

  async #read(): Promise<void> {
    this.reads++;
    const turns = this.#prng?.int(0, 3) ?? 0;
    for (let i = 0; i < turns; i++) {
      await new Promise<void>((resolve) => this.#clock.defer(resolve));
    }
    if (this.#prng?.chance(this.failingPart) ?? this.failingPart > 0) {
      throw new Error('the disk has a bad day');
    }
  }
}
