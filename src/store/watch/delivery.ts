import type { HistoryReads } from '../contracts.js';
import type { Stretch } from './history-window.js';
import { EventResponseEncoder } from './response.js';
import type { SharedEvent, SharedRevision } from './shared-event.js';
import type { Watcher } from './watcher.js';

/** The events of one response, encoded. */
export interface EncodedEvents {
  /** For the revision that a watcher has reached with them. */
  readonly header: Uint8Array;
  readonly reached: number;
  readonly events: readonly Uint8Array[];
}

/** Sends events to watchers, live or from history. */
export class Delivery {
  readonly #history: HistoryReads;
  readonly #header: (revision: number) => Uint8Array;
  readonly #responseBytesMax: number;
  readonly #encoder = new EventResponseEncoder();

  /**
   * A response from history is closed at the first revision that makes it reach `responseBytesMax`, and revisions larger
   * than that are sent in fragments where the client takes them.
   */
  constructor(options: {
    readonly history: HistoryReads;
    readonly header: (revision: number) => Uint8Array;
    readonly responseBytesMax: number;
  }) {
    this.#history = options.history;
    this.#header = options.header;
    this.#responseBytesMax = options.responseBytesMax;
  }

  /** True when the events can be sent at once: what is wanted of them is in memory. */
  isAtHand(prevKv: boolean, events: readonly SharedEvent[]): boolean {
    return !prevKv || events.every((event) => event.findPrevious(this.#history));
  }

  /**
   * Cuts events that are at hand into responses, each of whole revisions, and encodes them. `through`: there is nothing more up
   * to that revision.
   */
  encode(prevKv: boolean, events: readonly SharedEvent[], through: number): EncodedEvents[] {
    const parts: EncodedEvents[] = [];
    let start = 0;
    let bytes = 0;
    for (let i = 0; i < events.length; i++) {
      const { change, revision } = events[i] as SharedEvent;
      bytes += change.kv.length;
      const next = events[i + 1];
      if (next !== undefined && (next.revision === revision || bytes < this.#responseBytesMax)) {
        continue;
      }
      const encoded = events.slice(start, i + 1).map((event) => event.encode(prevKv));
      const reached = next === undefined ? through : revision;
      parts.push({ events: encoded, reached, header: this.#header(reached) });
      start = i + 1;
      bytes = 0;
    }
    return parts;
  }

  /** Sends one response, in fragments if it is large and the watcher takes them. Its next revision is the caller's. */
  send(watcher: Watcher, { header, events }: EncodedEvents): void {
    const response = { header, watchId: watcher.id, events };
    watcher.hasNews = true;
    if (!watcher.fragment || events.length === 1 || !this.#isLarge(events)) {
      watcher.stream.send(this.#encoder.encode(response));
      return;
    }
    for (const fragment of this.#encoder.encodeFragments(response, this.#responseBytesMax)) {
      watcher.stream.send(fragment);
    }
  }

  /** No more is sent for now: gives the encoder's memory back. */
  rest(): void {
    this.#encoder.reset();
  }

  /**
   * Sends what the watcher wants of a stretch of history from its next revision on, as far as its stream takes it, and moves
   * its next revision. Waits, and returns a promise, only for versions that are not in memory; a watcher that changed
   * meanwhile is left alone.
   */
  replay(watcher: Watcher, stretch: Stretch): Promise<void> | undefined {
    const { revisions, through } = stretch;
    let at = 0;
    while (
      watcher.state === 'behind' &&
      !watcher.stream.isFull &&
      watcher.nextRevision <= through
    ) {
      const part = this.#collect(watcher, revisions, at);
      if (!this.isAtHand(watcher.prevKv, part.events)) {
        return this.#fetchAndReplay(watcher, stretch, part.events);
      }
      at = part.end;
      const reached = at === revisions.length ? through : part.lastRevision;
      watcher.nextRevision = reached + 1;
      if (part.events.length === 0) continue;
      const events = part.events.map((event) => event.encode(watcher.prevKv));
      this.send(watcher, { header: this.#header(reached), events, reached });
    }
    return undefined;
  }

  async #fetchAndReplay(
    watcher: Watcher,
    stretch: Stretch,
    events: readonly SharedEvent[],
  ): Promise<void> {
    const { nextRevision } = watcher;
    await Promise.all(events.map((event) => event.fetchPrevious(this.#history)));
    if (watcher.state === 'behind' && watcher.nextRevision === nextRevision) {
      await this.replay(watcher, stretch);
    }
  }

  /** Events for one response: of whole revisions, from revisions[start] on. */
  #collect(
    watcher: Watcher,
    revisions: readonly SharedRevision[],
    start: number,
  ): { events: SharedEvent[]; end: number; lastRevision: number } {
    const events: SharedEvent[] = [];
    let bytes = 0;
    let lastRevision = 0;
    let end = start;
    while (end < revisions.length && bytes < this.#responseBytesMax) {
      const next = revisions[end++] as SharedRevision;
      lastRevision = next.revision;
      if (lastRevision < watcher.nextRevision) continue;
      for (const event of next.events) {
        if (!watcher.wants(event)) continue;
        events.push(event);
        bytes += event.change.kv.length;
      }
    }
    return { events, end, lastRevision };
  }

  #isLarge(encoded: readonly Uint8Array[]): boolean {
    let bytes = 0;
    for (const event of encoded) bytes += event.length;
    return bytes >= this.#responseBytesMax;
  }
}
