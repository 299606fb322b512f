import type { Clock } from '../../../base/clock.js';
import type { LifecycleHandler, Pod } from '../../api/gen/core-v1.js';
import type { EventRecorder } from '../../client/index.js';
import type { ContainerRuntime, ContainerState } from '../runtime/container-runtime.js';
import { RuntimeError } from '../runtime/runtime-error.js';
import { containersOf, type PodContainer } from './container-list.js';
import type { LifecycleHooks } from './lifecycle-hooks.js';
import type { ObservedPod } from './observed-pod.js';
import { notesOf } from './runtime-labels.js';

/** What pods are stopped with. */
export interface PodStopperParts {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly hooks: LifecycleHooks;
}

/** A container is given so long after its preStop hook, even when that used all the time there was. */
const graceSecondsMin = 2;

/** Stops containers: the preStop hook, the stop signal, and SIGKILL when the time is over. */
export class PodStopper {
  readonly #parts: PodStopperParts;

  constructor(parts: PodStopperParts) {
    this.#parts = parts;
  }

  /**
   * Stops all that runs of a pod, sidecars after all others and in the reverse of their order, and then its sandboxes. `pod` null: it is
   * not known any more, and what the runtime keeps of it must do. Rejects with RuntimeError.
   */
  async stopPod(
    pod: Pod | null,
    observed: ObservedPod,
    graceSeconds: number | null,
    ip: string,
  ): Promise<void> {
    const { runtime, clock } = this.#parts;
    const deadlineMs = clock.now() + (graceSeconds ?? graceOf(pod)) * 1000;
    const specs = new Map((pod === null ? [] : containersOf(pod)).map((each) => [each.name, each]));
    const running = observed.containers.filter(({ state }) => state !== 'exited');
    const isSidecar = ({ name }: ContainerState) => specs.get(name)?.role === 'sidecar';
    const stop = (state: ContainerState) => {
      const leftSeconds = Math.max(0, (deadlineMs - clock.now()) / 1000);
      const container = specs.get(state.name) ?? null;
      return this.stopContainer({ pod, container, state, graceSeconds: leftSeconds, ip });
    };
    await Promise.all(running.filter((each) => !isSidecar(each)).map(stop));
    const order = [...specs.keys()];
    const sidecars = running
      .filter(isSidecar)
      .sort((a, b) => order.indexOf(b.name) - order.indexOf(a.name));
    for (const state of sidecars) await stop(state);
    for (const { id } of observed.sandboxes) await runtime.stopSandbox(id);
  }

  /** Stops one container. `message`: of the event, where it is more than that it is stopped. Rejects with RuntimeError. */
  async stopContainer(what: {
    readonly pod: Pod | null;
    readonly container: PodContainer | null;
    readonly state: ContainerState;
    readonly graceSeconds: number;
    readonly ip: string;
    readonly message?: string;
  }): Promise<void> {
    const { runtime, clock, events } = this.#parts;
    const { pod, container, state, graceSeconds } = what;
    const begunMs = clock.now();
    const isRunning = state.state === 'running';
    const message = what.message ?? (isRunning ? `Stopping container ${state.name}` : '');
    if (pod !== null && message !== '') {
      events.event(pod, 'Normal', 'Killing', message, container?.fieldPath);
    }
    if (pod !== null && isRunning && graceSeconds > 0) {
      await this.#preStop(pod, container, state, graceSeconds, what.ip);
    }
    const spentSeconds = (clock.now() - begunMs) / 1000;
    const hasHook = spentSeconds > 0;
    const left = Math.max(hasHook ? graceSecondsMin : 0, graceSeconds - spentSeconds);
    try {
      await runtime.stopContainer(state.id, Math.ceil(left));
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.code !== 'not-found') throw error;
    }
  }

  async #preStop(
    pod: Pod,
    container: PodContainer | null,
    state: ContainerState,
    graceSeconds: number,
    host: string,
  ): Promise<void> {
    const handler = container?.spec.lifecycle?.preStop ?? keptHandler(state);
    if (handler === null) return;
    const { hooks, events, clock } = this.#parts;
    const ports = container?.spec.ports ?? [];
    const target = { pod, containerId: state.id, ports, host };
    const timeoutMs = graceSeconds * 1000;
    const overtime = new Promise<string>((resolve) =>
      clock.setTimer(timeoutMs, () => resolve('it took longer than the grace period')),
    );
    const failure = await Promise.race([hooks.run(handler, target, timeoutMs), overtime]);
    if (failure === null) return;
    events.event(pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed', container?.fieldPath);
  }
}

function graceOf(pod: Pod | null): number {
  return pod?.spec?.terminationGracePeriodSeconds ?? 30;
}

function keptHandler({ annotations }: ContainerState): LifecycleHandler | null {
  const { preStop } = notesOf(annotations);
  return preStop === '' ? null : (JSON.parse(preStop) as LifecycleHandler);
}
