import type { HistoryReads } from '../contracts.js';
import { EventResponseEncoder } from './response.js';
import type { SharedEvent, SharedRevision } from './shared-event.js';
import type { Watcher } from './watcher.js';

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

  /** True when the events can be sent to the watcher at once: what it wants of them is in memory. */
  isAtHand(watcher: Watcher, events: readonly SharedEvent[]): boolean {
    return !watcher.prevKv || events.every((event) => event.findPrevious(this.#history));
  }

  /** Sends events that are at hand, as one response. `header` is for the revision that the watcher has reached with them. */
  send(watcher: Watcher, events: readonly SharedEvent[], header: Uint8Array): void {
    const encoded = events.map((event) => event.encode(watcher.prevKv));
    const response = { header, watchId: watcher.id, events: encoded };
    watcher.hasNews = true;
    if (!watcher.fragment || encoded.length === 1 || !this.#isLarge(encoded)) {
      watcher.stream.send(this.#encoder.encode(response));
      return;
    }
    for (const piece of this.#encoder.encodeFragments(response, this.#responseBytesMax)) {
      watcher.stream.send(piece);
    }
  }

  /** No more is sent for now: gives the encoder's memory back. */
  rest(): void {
    this.#encoder.reset();
  }

  /**
   * Sends what the watcher wants of `revisions` (consecutive, up to `through`) from its next revision on, as far as its
   * stream takes it, and moves its next revision. Waits only for versions that are not in memory; a watcher that changed
   * meanwhile is left alone.
   */
  async replay(
    watcher: Watcher,
    revisions: readonly SharedRevision[],
    through: number,
  ): Promise<void> {
    let at = 0;
    while (
      watcher.state === 'behind' &&
      !watcher.stream.isFull &&
      watcher.nextRevision <= through
    ) {
      const part = this.#collect(watcher, revisions, at);
      const { nextRevision } = watcher;
      if (!this.isAtHand(watcher, part.events)) {
        await Promise.all(part.events.map((event) => event.fetchPrevious(this.#history)));
        if (watcher.state !== 'behind' || watcher.nextRevision !== nextRevision) return;
        if (watcher.stream.isFull) return;
      }
      at = part.end;
      const reached = at === revisions.length ? through : part.lastRevision;
      watcher.nextRevision = reached + 1;
      if (part.events.length > 0) this.send(watcher, part.events, this.#header(reached));
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
