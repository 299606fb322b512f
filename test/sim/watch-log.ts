import { SimFailure } from './failure.js';
import type { WatchedEvent } from './history.js';

/** Revisions of which a watcher has seen everything that it watches; both ends included. */
export interface Covered {
  readonly from: number;
  to: number;
}

/** What one watcher was sent, checked as it comes: in order, each revision whole and once. */
export class WatchLog {
  readonly name: string;
  readonly prefix: string;
  /** In order, apart from each other where compaction left a gap. */
  readonly covered: Covered[] = [{ from: 1, to: 0 }];
  /** "key@revision" of every event. */
  readonly seen = new Set<string>();

  constructor(name: string, prefix: string) {
    this.name = name;
    this.prefix = prefix;
  }

  /** Where to resume. */
  get nextRevision(): number {
    return this.#present.to + 1;
  }

  watches(key: string): boolean {
    return key.startsWith(this.prefix);
  }

  covers(revision: number): boolean {
    return this.covered.some(({ from, to }) => from <= revision && revision <= to);
  }

  /** The events of one response. */
  onEvents(events: readonly WatchedEvent[]): void {
    let last = this.#present.to;
    const before = last;
    for (const { key, modRevision } of events) {
      const at = `${key}@${modRevision}`;
      if (!this.watches(key))
        throw new SimFailure('watchers get what they watch', `${this.name}: ${at}`);
      if (modRevision <= before) {
        throw new SimFailure(
          'watch events come once and in order',
          `${this.name} gets ${at} after all of ${before}`,
        );
      }
      if (modRevision < last) {
        throw new SimFailure('watch events come in order', `${this.name}: ${at} after ${last}`);
      }
      if (this.seen.has(at)) throw new SimFailure('watch events come once', `${this.name}: ${at}`);
      this.seen.add(at);
      last = modRevision;
    }
    this.#present.to = last;
  }

  /** Told that everything up to `revision` has been sent. */
  onProgress(revision: number): void {
    const { to } = this.#present;
    if (revision > to) this.#present.to = revision;
  }

  /** What is before `revision` cannot be had any more. */
  onCompacted(revision: number): void {
    if (revision < this.nextRevision) {
      throw new SimFailure(
        'only what is compacted is refused',
        `${this.name} asked for ${this.nextRevision}, was told that ${revision} is compacted`,
      );
    }
    this.covered.push({ from: revision + 1, to: revision });
  }

  get #present(): Covered {
    return this.covered[this.covered.length - 1] as Covered;
  }
}
