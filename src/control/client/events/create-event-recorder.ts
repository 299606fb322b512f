import { type Clock, sleep } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { Prng } from '../../../base/prng.js';
import type { Event } from '../../api/gen/core-v1.js';
import type { KubeObject } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';
import { apiResource } from '../api-resource.js';
import type { ControlClient } from '../control-client.js';
import type { ResourceClient } from '../resource-client.js';
import { UnreachableError } from '../transport.js';
import { type Correlated, EventCorrelator } from './event-correlator.js';
import type { EventRecorder, EventType } from './event-recorder.js';
import { type DraftEvent, newEvent, type Told } from './new-event.js';

/** What an event recorder is made with. */
export interface EventRecorderOptions {
  readonly client: ControlClient;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
  /** Who tells: `deployment-controller`, `default-scheduler`. */
  readonly component: string;
  /** The machine it runs on. Default: none. */
  readonly host?: string;
}

/** An {@link EventRecorder} that somebody ends. */
export interface ClosableEventRecorder extends EventRecorder {
  /** Resolves when all that was told is written or given up. */
  flush(): Promise<void>;
  /** Drops what is not written yet; the request under way is broken off. Later events are dropped. */
  close(): Promise<void>;
}

type ToWrite = Exclude<Correlated, { readonly kind: 'drop' }>;

const coreEvents = apiResource<Event>('v1', 'events', 'Event');
/** client-go's. */
const queuedMax = 1000;
/** Requests at once: those who tell much, as schedulers do, are not held back by the way to the server. */
const writersMax = 8;
const triesMax = 12;
const retryMs = 10_000;

/**
 * A recorder of core/v1 events, written as the recorders of Kubernetes' components write theirs: the same event is counted up by a
 * patch, ten similar ones within ten minutes become one, and a source says 25 times something of an object and then once in five minutes.
 * What cannot be written is tried again every ten seconds, twelve times in all. At most 1000 wait; more are dropped.
 */
export function createEventRecorder(options: EventRecorderOptions): ClosableEventRecorder {
  return new QueuedEventRecorder(options);
}

class QueuedEventRecorder implements ClosableEventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #events: ResourceClient<Event>;
  readonly #correlator: EventCorrelator;
  readonly #closed = new AbortController();
  /** Not looked at yet. Invariant: empty, or somebody in `#writers` runs. */
  readonly #queue: { readonly told: Told; readonly atMs: number }[] = [];
  readonly #writers = new Set<Promise<void>>();
  /** The last write of a key that is under way: the next one of that key waits for it. */
  readonly #underWay = new Map<string, Promise<void>>();
  #tick = 0;
  /** Since the queue was empty. */
  #dropped = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#events = options.client.objects(coreEvents);
    this.#correlator = new EventCorrelator(options.clock);
  }

  event(
    object: KubeObject,
    type: EventType,
    reason: string,
    message: string,
    fieldPath = '',
  ): void {
    if (this.#closed.signal.aborted) return;
    if (this.#queue.length >= queuedMax) {
      this.#onDropped();
      return;
    }
    const atMs = this.#options.clock.wallTime();
    this.#queue.push({ told: { object, type, reason, message, fieldPath }, atMs });
    if (this.#writers.size < writersMax) this.#startWriter();
  }

  async flush(): Promise<void> {
    while (this.#writers.size > 0) await Promise.all(this.#writers);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#queue.length = 0;
    await this.flush();
  }

  #onDropped(): void {
    this.#dropped++;
    if (this.#dropped !== 1) return;
    const { component, logger } = this.#options;
    logger.warn('events are dropped: too many wait to be written', { component });
  }

  #startWriter(): void {
    const writer = this.#writeAll().finally(() => this.#writers.delete(writer));
    this.#writers.add(writer);
  }

  async #writeAll(): Promise<void> {
    // Who tells does not wait for what is done with it.
    await Promise.resolve();
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const { component, host = '' } = this.#options;
      const moment = { wallMs: next.atMs, tick: this.#tick++ };
      const draft = newEvent(next.told, { component, host }, moment);
      const correlated = this.#correlator.correlate(draft, this.#tick++);
      if (correlated.kind !== 'drop') await this.#inOrder(correlated);
    }
    this.#dropped = 0;
  }

  /** Writes after what is under way for the same key. */
  async #inOrder(correlated: ToWrite): Promise<void> {
    const { key } = correlated;
    const before = this.#underWay.get(key);
    const write = before === undefined ? this.#write(correlated) : this.#after(before, correlated);
    this.#underWay.set(key, write);
    await write;
    if (this.#underWay.get(key) === write) this.#underWay.delete(key);
  }

  async #after(before: Promise<void>, correlated: ToWrite): Promise<void> {
    await before;
    await this.#write(correlated);
  }

  async #write(correlated: ToWrite): Promise<void> {
    const { clock, prng, logger } = this.#options;
    const { signal } = this.#closed;
    for (let tries = 1; !signal.aborted; tries++) {
      const failure = await this.#attempt(correlated).catch((error: unknown) => error);
      if (failure === null || signal.aborted) return;
      if (!(failure instanceof UnreachableError)) {
        if (!(failure instanceof StatusError)) throw failure;
        this.#onRefused(failure, correlated.event);
        return;
      }
      if (tries === triesMax) {
        logger.warn('an event could not be written', { error: failure.message });
        return;
      }
      // Programs that lost the same server do not come back at once.
      const pauseMs = tries === 1 ? retryMs * prng.float() : retryMs;
      await sleep(clock, pauseMs, signal).catch(() => {}); // Closed meanwhile.
    }
  }

  /** Null: it is written. */
  async #attempt({ kind, event }: ToWrite): Promise<null> {
    const { signal } = this.#closed;
    if (kind === 'count') {
      const { count, lastTimestamp, message } = event;
      try {
        await this.#events.patch(
          event.metadata,
          'strategic',
          { count, lastTimestamp, message },
          { signal },
        );
        return null;
      } catch (error) {
        // Events go after an hour: the count goes on in a new one.
        if (!(error instanceof StatusError) || error.reason !== 'NotFound') throw error;
      }
    }
    await this.#events.create(event, { signal });
    return null;
  }

  /** What the server refuses it would refuse again. */
  #onRefused(error: StatusError, { reason, involvedObject }: DraftEvent): void {
    const isTerminating =
      error.status.details?.causes?.some((cause) => cause.reason === 'NamespaceTerminating') ??
      false;
    if (isTerminating || error.reason === 'AlreadyExists') return;
    this.#options.logger.warn('an event was refused', {
      ...{ reason, error: error.message },
      ...{ namespace: involvedObject.namespace, name: involvedObject.name },
    });
  }
}
