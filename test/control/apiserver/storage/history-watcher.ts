import type { Prng } from '../../../../src/base/prng.js';
import type {
  OpenStorage,
  StorageEvent,
  WatchQuery,
} from '../../../../src/control/apiserver/storage/index.js';
import { StatusError } from '../../../../src/control/machinery/status.js';
import { type HistoryModel, stateText, type View } from './history-model.js';
import { eventText, watchQuery } from './things.js';

/** One watch from its beginning to its end, as it is compared with the model. */
interface Segment {
  /** The revision that the segment's events come after; null until the state that it begins with has come. */
  start: number | null;
  readonly state: string[];
  readonly events: string[];
  /** Revisions of bookmarks, with how many events had come before. */
  readonly bookmarks: (readonly [revision: number, events: number])[];
}

/** Watches a view through whatever happens, as an informer does, and remembers all that it sees. */
export class HistoryWatcher {
  readonly view: View;
  readonly segments: Segment[] = [];
  /** Times that it had to begin anew. */
  expired = 0;
  readonly #storages: readonly OpenStorage[];
  readonly #query: Partial<WatchQuery>;
  readonly #prng: Prng;
  #last = 0;
  #abort = new AbortController();
  #isDone = false;
  readonly #running: Promise<void>;

  constructor(options: {
    readonly storages: readonly OpenStorage[];
    readonly view: View;
    readonly query: Partial<WatchQuery>;
    readonly prng: Prng;
  }) {
    this.#storages = options.storages;
    this.view = options.view;
    this.#query = options.query;
    this.#prng = options.prng;
    this.#running = this.#run();
  }

  /** Everything up to here has been seen. */
  get last(): number {
    return this.#last;
  }

  /** Ends the watch under way; it goes on, perhaps at the other storage. */
  interrupt(): void {
    this.#abort.abort();
  }

  async close(): Promise<void> {
    this.#isDone = true;
    this.#abort.abort();
    await this.#running;
  }

  /** What differs from the model, or null. All but the last segment may end anywhere. */
  problem(model: HistoryModel, { isComplete }: { readonly isComplete: boolean }): string | null {
    for (const [i, segment] of this.segments.entries()) {
      const { start, state, events, bookmarks } = segment;
      if (start === null) continue;
      if (state.length > 0 || i === 0) {
        const expected = model.stateAt(start, this.view);
        const isFresh = state.length > 0;
        if (isFresh && state.join() !== expected.join())
          return differ(`state at ${start}`, state, expected);
      }
      const expected = model.eventsAfter(start, this.view);
      const isLast = i === this.segments.length - 1;
      const compared = isLast && isComplete ? expected : expected.slice(0, events.length);
      if (events.join() !== compared.join())
        return differ(`events after ${start}`, events, compared);
      for (const [revision, count] of bookmarks) {
        const due = expected.findIndex((text) => Number(text.split('@')[1]) > revision);
        if (count < (due < 0 ? expected.length : due))
          return `a bookmark of ${revision} came early`;
      }
    }
    return null;
  }

  async #run(): Promise<void> {
    while (!this.#isDone) {
      this.#abort = new AbortController();
      const segment: Segment = { start: null, state: [], events: [], bookmarks: [] };
      this.segments.push(segment);
      const isAnew = this.#last === 0;
      if (!isAnew) segment.start = this.#last;
      const query = watchQuery({
        ...this.view,
        ...this.#query,
        bookmarks: true,
        afterRevision: isAnew ? null : this.#last,
        sendInitialEvents: isAnew,
      });
      try {
        const storage = this.#prng.pick(this.#storages);
        for await (const batch of storage.watch(query, { signal: this.#abort.signal })) {
          for (const event of batch) this.#take(segment, event);
          if (this.#prng.chance(0.05)) await new Promise((resolve) => setTimeout(resolve, 5));
          if (this.#abort.signal.aborted) break;
        }
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        if (error.code === 410) {
          this.expired++;
          this.#last = 0;
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  }

  #take(segment: Segment, event: StorageEvent): void {
    if (event.type === 'bookmark') {
      if (event.endsInitialEvents) segment.start = event.revision;
      segment.bookmarks.push([event.revision, segment.events.length]);
      if (segment.start !== null) this.#last = Math.max(this.#last, event.revision);
    } else if (segment.start === null) segment.state.push(stateText(event.item));
    else {
      segment.events.push(eventText(event).split(' ').slice(0, 2).join(' '));
      this.#last = event.item.revision;
    }
  }
}

function differ(what: string, actual: readonly string[], expected: readonly string[]): string {
  const at = expected.findIndex((text, i) => text !== actual[i]);
  const from = Math.max(0, (at < 0 ? expected.length : at) - 2);
  const part = (texts: readonly string[]) => texts.slice(from, from + 6).join(', ');
  return `${what} differ from ${from} on: saw ${part(actual)}; expected ${part(expected)}`;
}
