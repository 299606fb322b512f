import type { Clock } from '../../../base/clock.js';
import { TokenBucket } from '../token-bucket.js';
import { type DraftEvent, eventName } from './new-event.js';
import { RecentMap } from './recent-map.js';

/** client-go's: that many similar events in that time are told one by one, and the others as one. */
const similarMax = 10;
const similarMs = 600_000;
/** What a source may say of one object: a burst, then one in five minutes. */
const objectRate = { perSecond: 1 / 300, burst: 25 };
const remembered = 4096;
const combinedPrefix = '(combined from similar events): ';

/** How an event is written. */
export type Correlated =
  | { readonly kind: 'create'; readonly event: DraftEvent; readonly key: string }
  /** The same was said before, by the event of this name: it is counted. */
  | { readonly kind: 'count'; readonly event: DraftEvent; readonly key: string }
  /** Too much was said of the object. */
  | { readonly kind: 'drop' };

/** Events that differ in their message alone. */
interface Similar {
  readonly messages: ReadonlySet<string>;
  readonly lastMs: number;
}

/** What was written for a key. */
interface Written {
  readonly name: string;
  readonly count: number;
  readonly firstTimestamp: string;
}

/**
 * Says of each event whether it is new, the same as an earlier one, one of many similar ones, or one too many. The rules and bounds are
 * those of client-go's correlator, so that counts are the same as with Kubernetes' components. Memory: bounded by `remembered` of each.
 */
export class EventCorrelator {
  readonly #clock: Clock;
  readonly #similar = new RecentMap<Similar>(remembered);
  readonly #written = new RecentMap<Written>(remembered);
  readonly #rates = new RecentMap<TokenBucket>(remembered);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What becomes of an event. Every call counts. */
  correlate(event: DraftEvent, tick: number): Correlated {
    const { key, event: aggregate } = this.#aggregate(event, tick);
    const before = this.#written.get(key);
    const observed =
      before === undefined
        ? aggregate
        : {
            ...aggregate,
            metadata: { ...aggregate.metadata, name: before.name },
            ...{ count: before.count + 1, firstTimestamp: before.firstTimestamp },
          };
    this.#remember(key, observed);
    if (!this.#mayTell(observed)) return { kind: 'drop' };
    return { kind: before === undefined ? 'create' : 'count', event: observed, key };
  }

  /** The event that was to be counted is gone from the server: what is written in its place counts on. */
  #remember(key: string, { metadata, count, firstTimestamp }: DraftEvent): void {
    this.#written.set(key, { name: metadata.name, count, firstTimestamp });
  }

  #aggregate(event: DraftEvent, tick: number): { key: string; event: DraftEvent } {
    const kindKey = keyOf(event);
    const nowMs = this.#clock.now();
    const before = this.#similar.get(kindKey);
    const isRecent = before !== undefined && nowMs - before.lastMs <= similarMs;
    const messages = new Set(isRecent ? before.messages : []).add(event.message);
    const isOne = messages.size < similarMax;
    if (!isOne) {
      // The set stays below its bound: one that was said before makes room.
      const [first = ''] = messages;
      messages.delete(first);
    }
    this.#similar.set(kindKey, { messages, lastMs: nowMs });
    if (isOne) return { key: `${kindKey}\n${event.message}`, event };
    const name = eventName(event.involvedObject.name ?? '', this.#clock.wallTime(), tick);
    const metadata = { ...event.metadata, name };
    return {
      key: kindKey,
      event: { ...event, metadata, message: `${combinedPrefix}${event.message}` },
    };
  }

  #mayTell(event: DraftEvent): boolean {
    const key = JSON.stringify([event.source, aboutOf(event)]);
    const bucket = this.#rates.get(key) ?? new TokenBucket(this.#clock, objectRate);
    this.#rates.set(key, bucket);
    return bucket.tryTake();
  }
}

/** Of all but the message and the times. */
function keyOf(event: DraftEvent): string {
  const { source, type, reason, reportingComponent, reportingInstance } = event;
  const about = aboutOf(event);
  return JSON.stringify([source, about, type, reason, reportingComponent, reportingInstance]);
}

function aboutOf({ involvedObject }: DraftEvent): readonly (string | undefined)[] {
  const { kind, namespace, name, uid, apiVersion, fieldPath } = involvedObject;
  return [kind, namespace, name, uid, apiVersion, fieldPath];
}
