import { type Clock, sleep } from '../../../../base/clock.js';
import { Events } from '../../../../wire/gen/events.js';
import {
  ContainerEventType,
  ContainerState,
  RuntimeService,
} from '../../../../wire/gen/runtime.js';
import type { RuntimeEvent } from '../container-runtime.js';
import { RuntimeError } from '../runtime-error.js';
import type { CriCalls } from './cri-calls.js';

/** How often containers are listed where nothing tells when. */
const pollMs = 1000;
/** And where containerd tells. */
const quietPollMs = 10_000;
/** After containerd has told of something, what CRI lists follows a moment later: the pauses between looks. */
const looksMs = [10, 40, 200, 750];

/** What containerd tells in place of CRI's events; its name for what Kubernetes uses is `k8s.io`. */
const filters = ['namespace==k8s.io,topic~="^/tasks/(start|exit|delete|oom)$"'];

const kinds: Readonly<Record<number, RuntimeEvent['kind']>> = {
  [ContainerEventType.CONTAINER_CREATED_EVENT]: 'created',
  [ContainerEventType.CONTAINER_STARTED_EVENT]: 'started',
  [ContainerEventType.CONTAINER_STOPPED_EVENT]: 'stopped',
  [ContainerEventType.CONTAINER_DELETED_EVENT]: 'deleted',
};

/**
 * What happens to containers, until the signal aborts: as the runtime tells it, or found by listing where it does not.
 * The iteration throws RuntimeError.
 */
export async function* criEvents(
  calls: CriCalls,
  clock: Clock,
  signal: AbortSignal,
): AsyncIterable<RuntimeEvent> {
  try {
    for await (const event of calls.answers(
      RuntimeService.methods.GetContainerEvents,
      {},
      signal,
    )) {
      const kind = kinds[event.containerEventType];
      if (kind === undefined) continue;
      const { containerId, podSandboxStatus } = event;
      yield { kind, containerId, sandboxId: podSandboxStatus?.id ?? '' };
    }
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.code !== 'unsupported') throw error;
    yield* listedEvents(calls, clock, signal);
  }
}

async function* listedEvents(
  calls: CriCalls,
  clock: Clock,
  signal: AbortSignal,
): AsyncIterable<RuntimeEvent> {
  const bell = new Bell();
  const over = new AbortController();
  const listening = listenToContainerd(calls, bell, AbortSignal.any([signal, over.signal]));
  try {
    let before = await listing(calls);
    while (!signal.aborted) {
      await bell.wait(clock, signal);
      if (signal.aborted) return;
      const after = await listing(calls);
      yield* differences(before, after);
      before = after;
    }
  } finally {
    over.abort();
    await listening;
  }
}

/** Rings when containerd tells of something. Of other runtimes, and when it is away, there is nothing to hear. */
async function listenToContainerd(calls: CriCalls, bell: Bell, signal: AbortSignal): Promise<void> {
  try {
    bell.isConnected = true;
    for await (const _ of calls.answers(Events.methods.Subscribe, { filters }, signal)) bell.ring();
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
  } finally {
    bell.isConnected = false;
    bell.ring();
  }
}

/** By id. */
type Listing = ReadonlyMap<string, { readonly state: number; readonly sandboxId: string }>;

async function listing(calls: CriCalls): Promise<Listing> {
  const { containers } = await calls.call(RuntimeService.methods.ListContainers, {});
  return new Map(
    containers.map(({ id, state, podSandboxId }) => [id, { state, sandboxId: podSandboxId }]),
  );
}

function* differences(before: Listing, after: Listing): Iterable<RuntimeEvent> {
  for (const [containerId, { state, sandboxId }] of after) {
    const old = before.get(containerId);
    if (old?.state === state) continue;
    const wasBorn = old === undefined || old.state === ContainerState.CONTAINER_CREATED;
    if (old === undefined) yield { kind: 'created', containerId, sandboxId };
    if (wasBorn && state !== ContainerState.CONTAINER_CREATED) {
      yield { kind: 'started', containerId, sandboxId };
    }
    if (state === ContainerState.CONTAINER_EXITED)
      yield { kind: 'stopped', containerId, sandboxId };
  }
  for (const [containerId, { sandboxId }] of before) {
    if (!after.has(containerId)) yield { kind: 'deleted', containerId, sandboxId };
  }
}

/** Says when to look. */
class Bell {
  isConnected = false;
  /** Looks since it has rung. */
  #looks = looksMs.length;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#looks = 0;
    this.#wake?.();
  }

  /** Until a look is due: after a ring several, else for as long as listing without being told can wait. */
  async wait(clock: Clock, signal: AbortSignal): Promise<void> {
    if (this.#looks === looksMs.length) {
      await this.#pause(clock, this.isConnected ? quietPollMs : pollMs, signal);
    }
    const pauseMs = looksMs[this.#looks];
    if (pauseMs === undefined) return;
    this.#looks += 1;
    await this.#pause(clock, pauseMs, signal);
  }

  /** Shorter when it rings, or when told to stop. */
  async #pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
    const awake = new AbortController();
    const wake = () => awake.abort();
    this.#wake = wake;
    if (signal.aborted) return;
    signal.addEventListener('abort', wake, { once: true });
    await sleep(clock, ms, awake.signal).catch(() => {}); // Rung, or told to stop.
    signal.removeEventListener('abort', wake);
    this.#wake = null;
  }
}
