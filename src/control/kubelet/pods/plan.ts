import type { Pod } from '../../api/gen/core-v1.js';
import type { ContainerState } from '../runtime/container-runtime.js';
import { containersOf, isToRestart, type PodContainer } from './container-list.js';
import { currentSandbox, newestOf, type ObservedPod } from './observed-pod.js';
import { containerHash, notesOf } from './runtime-labels.js';

/** What probes say of containers that run, by container id. */
export interface ProbeFindings {
  /** It must be started again. */
  hasFailedLiveness(containerId: string): boolean;
  hasFailedStartup(containerId: string): boolean;
  /** It has no startup probe, or that has succeeded; and its postStart hook is over. */
  isStarted(containerId: string): boolean;
}

/** What resizing says of a container that runs: it has to start anew to get what it was given. */
export type MustRestart = (container: PodContainer['spec'], state: ContainerState) => boolean;

/** A container to start; `attempt` counts those of its name. */
export interface PlannedStart {
  readonly container: PodContainer;
  readonly attempt: number;
  /** The one before it; null: it is the first. */
  readonly previous: ContainerState | null;
}

/** A container to stop, with the end of the event that says so. */
export interface PlannedKill {
  readonly container: PodContainer;
  readonly state: ContainerState;
  readonly message: string;
  readonly cause: 'liveness' | 'startup' | 'changed' | 'resized' | 'unknown';
}

/** What is to be done about a pod now. */
export interface PodPlan {
  /** Nothing of it is to run any more: its containers are stopped, and its sandbox. */
  readonly isOver: boolean;
  /** A new sandbox is needed first, of this attempt; null: there is one. */
  readonly sandboxAttempt: number | null;
  readonly kills: readonly PlannedKill[];
  /** In order. */
  readonly starts: readonly PlannedStart[];
}

/**
 * What is to be done about a pod that is to run, from what is wanted and what there is. Pure, and of the present state alone: doing half
 * of it and planning again gives the other half. Whether a start has to wait for its back-off is not decided here.
 */
export function planPod(
  pod: Pod,
  observed: ObservedPod,
  probes: ProbeFindings,
  mustRestart: MustRestart = () => false,
): PodPlan {
  return new Planner(pod, observed, probes, mustRestart).plan();
}

class Planner {
  readonly #pod: Pod;
  readonly #observed: ObservedPod;
  readonly #probes: ProbeFindings;
  readonly #mustRestart: MustRestart;
  readonly #containers: readonly PodContainer[];
  readonly #kills: PlannedKill[] = [];
  readonly #starts: PlannedStart[] = [];
  #isInitFailed = false;

  constructor(pod: Pod, observed: ObservedPod, probes: ProbeFindings, mustRestart: MustRestart) {
    this.#mustRestart = mustRestart;
    this.#pod = pod;
    this.#observed = observed;
    this.#probes = probes;
    this.#containers = containersOf(pod);
  }

  plan(): PodPlan {
    const sandbox = currentSandbox(this.#observed);
    const needsIp = this.#pod.spec?.hostNetwork !== true;
    if (sandbox === null || (needsIp && sandbox.ips.length === 0 && sandbox.isReady === false)) {
      return this.#withNewSandbox();
    }
    const inSandbox = this.#observed.containers.filter(({ sandboxId }) => sandboxId === sandbox.id);
    this.#planEphemeral(inSandbox);
    const isInitialized = this.#planInits(inSandbox);
    if (this.#isInitFailed) return over;
    if (!isInitialized) return this.#result(null);
    const staying = this.#planMains();
    if (staying === 0) return over;
    return this.#result(null);
  }

  /** Everything begins anew, but for what has ended for good. */
  #withNewSandbox(): PodPlan {
    const { sandboxes } = this.#observed;
    const [newest] = sandboxes;
    const attempt = newest === undefined ? 0 : newest.attempt + 1;
    const mains = this.#containers.filter(({ role }) => role === 'main');
    const wanted = mains.filter((each) => this.#isWantedAnew(each));
    const hasRun = this.#observed.containers.some(({ name }) =>
      mains.some((each) => each.name === name),
    );
    if (wanted.length === 0) return over;
    if (newest !== undefined && hasRun && this.#pod.spec?.restartPolicy === 'Never') {
      const isAnyOwn = mains.some(({ spec }) => spec.restartPolicy !== undefined);
      if (!isAnyOwn) return over;
    }
    const firstInits = this.#firstInits();
    for (const each of firstInits ?? wanted) this.#start(each);
    return this.#result(attempt);
  }

  #isWantedAnew(container: PodContainer): boolean {
    const state = newestOf(this.#observed, container.name);
    if (state === undefined) return true;
    return isToRestart(this.#pod, container, state.state === 'exited' ? state.exitCode : null);
  }

  /** The init containers to start first in a new sandbox; null: there are none. */
  #firstInits(): readonly PodContainer[] | null {
    const first = this.#containers.find(({ role }) => role === 'init' || role === 'sidecar');
    return first === undefined ? null : [first];
  }

  #planEphemeral(inSandbox: readonly ContainerState[]): void {
    for (const container of this.#containers) {
      if (container.role !== 'ephemeral') continue;
      if (inSandbox.some(({ name }) => name === container.name)) continue;
      if (newestOf(this.#observed, container.name) === undefined) this.#start(container);
    }
  }

  /** True: main containers may run. */
  #planInits(inSandbox: readonly ContainerState[]): boolean {
    const mains = this.#containers.filter(({ role }) => role === 'main');
    const hasBegun = inSandbox.some(({ name }) => mains.some((each) => each.name === name));
    for (const container of this.#containers) {
      const { role, name } = container;
      if (role !== 'init' && role !== 'sidecar') continue;
      const state = inSandbox.find((each) => each.name === name);
      if (role === 'sidecar') {
        const isUp = this.#planSidecar(container, state);
        if (!isUp && !hasBegun) return false;
      } else if (!hasBegun && !this.#planInit(container, state)) return false;
    }
    return true;
  }

  /** True: it has ended well. */
  #planInit(container: PodContainer, state: ContainerState | undefined): boolean {
    if (state === undefined || state.state === 'created' || state.state === 'unknown') {
      this.#replace(container, state);
      return false;
    }
    if (state.state === 'running') {
      this.#killIfUnwell(container, state, false);
      return false;
    }
    if (state.exitCode === 0) return true;
    if (isToRestart(this.#pod, container, state.exitCode)) this.#start(container);
    else this.#isInitFailed = true;
    return false;
  }

  /** True: it runs and has started. */
  #planSidecar(container: PodContainer, state: ContainerState | undefined): boolean {
    if (state?.state !== 'running') {
      this.#replace(container, state);
      return false;
    }
    if (this.#killIfUnwell(container, state, true)) return false;
    return this.#probes.isStarted(state.id);
  }

  /** How many main containers run or are to. */
  #planMains(): number {
    let staying = 0;
    for (const container of this.#containers) {
      if (container.role !== 'main') continue;
      const state = newestOf(this.#observed, container.name);
      if (state?.state === 'running') {
        const willRestart = isToRestart(this.#pod, container, null);
        const isKilled = this.#killIfUnwell(container, state, willRestart);
        if (!isKilled || willRestart) staying++;
      } else if (state === undefined || state.state !== 'exited') {
        this.#replace(container, state);
        staying++;
      } else if (isToRestart(this.#pod, container, state.exitCode)) {
        this.#start(container);
        staying++;
      }
    }
    return staying;
  }

  /** One that was made and never started is in the way of the next. */
  #replace(container: PodContainer, state: ContainerState | undefined): void {
    if (state !== undefined && state.state !== 'exited') {
      const message = `Container is in ${JSON.stringify(state.state)} state, try killing it before restart`;
      this.#kills.push({ container, state, message, cause: 'unknown' });
    }
    this.#start(container);
  }

  #killIfUnwell(container: PodContainer, state: ContainerState, willRestart: boolean): boolean {
    const { name } = container;
    const cause = this.#causeToKill(container, state);
    if (cause === null) return false;
    const isAgain = willRestart || cause === 'changed' || cause === 'resized';
    const end = isAgain ? ', will be restarted' : '';
    const message = {
      changed: `Container ${name} definition changed${end}`,
      liveness: `Container ${name} failed liveness probe${end}`,
      startup: `Container ${name} failed startup probe${end}`,
      resized: `Container ${name} resize requires restart`,
    }[cause];
    this.#kills.push({ container, state, message, cause });
    if (isAgain) this.#start(container);
    return true;
  }

  #causeToKill({ spec }: PodContainer, state: ContainerState) {
    if (notesOf(state.annotations).hash !== containerHash(spec)) return 'changed';
    if (this.#probes.hasFailedLiveness(state.id)) return 'liveness';
    if (this.#probes.hasFailedStartup(state.id)) return 'startup';
    return this.#mustRestart(spec, state) ? 'resized' : null;
  }

  #start(container: PodContainer): void {
    const previous = newestOf(this.#observed, container.name) ?? null;
    this.#starts.push({
      ...{ container, previous },
      attempt: previous === null ? 0 : previous.attempt + 1,
    });
  }

  #result(sandboxAttempt: number | null): PodPlan {
    return { isOver: false, sandboxAttempt, kills: this.#kills, starts: this.#starts };
  }
}

const over: PodPlan = { isOver: true, sandboxAttempt: null, kills: [], starts: [] };
