import { type Clock, sleep } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { ContainerRuntime } from '../runtime/container-runtime.js';
import { RuntimeError } from '../runtime/runtime-error.js';
import { groupByPod, nothingObserved, type ObservedPod } from './observed-pod.js';

/** What the watch works with. */
export interface RuntimeWatchParts {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Everything is listed so often, whatever events say. */
  readonly relistMs: number;
  /** The runtime has something else of a pod than before. */
  readonly onChange: (uid: string) => void;
}

const eventsRetryMs = 5000;
/** Events come in groups: they are answered with one listing. */
const settleMs = 20;

/** Knows what the runtime has of pods, and tells of pods for which that has changed. */
export class RuntimeWatch {
  readonly #parts: RuntimeWatchParts;
  #pods: ReadonlyMap<string, ObservedPod> = new Map();
  /** By uid: what a pod looked like when it was listed last. */
  #looks: ReadonlyMap<string, string> = new Map();
  #listing: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  /** Monotonic; -1: never. */
  #listedAtMs = -1;
  #failure: string | null = null;

  constructor(parts: RuntimeWatchParts) {
    this.#parts = parts;
  }

  /** All pods that the runtime has, as they were listed last. */
  get pods(): ReadonlyMap<string, ObservedPod> {
    return this.#pods;
  }

  /** It has been listed at all. */
  get hasListed(): boolean {
    return this.#listedAtMs >= 0;
  }

  /** Milliseconds since the runtime answered last. */
  get silenceMs(): number {
    return this.hasListed ? this.#parts.clock.now() - this.#listedAtMs : Number.POSITIVE_INFINITY;
  }

  /** What the runtime said when it was asked last and failed; null: it did not. */
  get failure(): string | null {
    return this.#failure;
  }

  /** A pod as it is now or was a moment after this call. Rejects with RuntimeError. */
  async observe(uid: string, namespace: string, name: string): Promise<ObservedPod> {
    await this.refresh();
    return this.#pods.get(uid) ?? nothingObserved(uid, namespace, name);
  }

  /** Lists; the listing begins after the call. Several calls share one. Rejects with RuntimeError. */
  refresh(): Promise<void> {
    if (this.#listing === null) {
      this.#listing = this.#list().finally(() => {
        this.#listing = null;
      });
      return this.#listing;
    }
    this.#next ??= this.#listing
      .catch(() => {})
      .then(() => {
        this.#next = null;
        return this.refresh();
      });
    return this.#next;
  }

  /** Follows the runtime until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#relist(signal), this.#followEvents(signal)]);
  }

  async #relist(signal: AbortSignal): Promise<void> {
    const { clock, relistMs } = this.#parts;
    while (!signal.aborted) {
      await this.refresh().catch(operating);
      await sleep(clock, relistMs, signal).catch(() => {}); // Told to stop.
    }
  }

  async #followEvents(signal: AbortSignal): Promise<void> {
    const { runtime, clock, logger } = this.#parts;
    while (!signal.aborted) {
      try {
        for await (const _ of runtime.events(signal)) {
          if (signal.aborted) return;
          await sleep(clock, settleMs, signal).catch(() => {}); // Told to stop.
          await this.refresh().catch(operating);
        }
      } catch (error) {
        if (signal.aborted) return;
        operating(error);
        logger.debug('the runtime tells of no events', { error: String(error) });
      }
      await sleep(clock, eventsRetryMs, signal).catch(() => {}); // Told to stop.
    }
  }

  async #list(): Promise<void> {
    const { runtime, clock, onChange } = this.#parts;
    try {
      const [sandboxes, containers] = await Promise.all([
        runtime.listSandboxes(),
        runtime.listContainers(),
      ]);
      this.#pods = groupByPod(sandboxes, containers);
      this.#listedAtMs = clock.now();
      this.#failure = null;
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
      throw error;
    }
    const looks = new Map([...this.#pods].map(([uid, pod]) => [uid, lookOf(pod)]));
    const before = this.#looks;
    this.#looks = looks;
    for (const uid of new Set([...before.keys(), ...looks.keys()])) {
      if (before.get(uid) !== looks.get(uid)) onChange(uid);
    }
  }
}

function lookOf({ sandboxes, containers }: ObservedPod): string {
  return [
    ...sandboxes.map(({ id, isReady, ips }) => `${id}:${isReady}:${ips.join()}`),
    ...containers.map(({ id, state }) => `${id}:${state}`),
  ].join(' ');
}

/** The runtime may be away; anything else is a bug. */
function operating(error: unknown): void {
  if (!(error instanceof RuntimeError)) throw error;
}
