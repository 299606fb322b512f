import type { NodeFiles } from '../../../host/node-files.js';
import type { Container, Pod, PodCondition, ResourceRequirements } from '../../api/gen/core-v1.js';
import type { EventRecorder } from '../../client/index.js';
import type { PodPaths } from '../container/pod-paths.js';
import { containersOf, isToRestart } from '../pods/container-list.js';
import { newestOf, type ObservedPod } from '../pods/observed-pod.js';
import { notesOf } from '../pods/runtime-labels.js';
import type {
  ContainerRuntime,
  ContainerState,
  LinuxResources,
} from '../runtime/container-runtime.js';
import { RuntimeError } from '../runtime/runtime-error.js';
import {
  type Allocation,
  hasSameResources,
  isSame,
  needsRestart,
  parseAllocation,
  wantedAllocation,
  withAllocation,
} from './allocation.js';
import type { ResizeRefusal } from './judge-resize.js';

/** What resizing works with. */
export interface PodResizerParts {
  readonly runtime: Pick<ContainerRuntime, 'updateResources'>;
  readonly files: Pick<NodeFiles, 'readText' | 'writeWhole' | 'makeDir'>;
  readonly paths: PodPaths;
  readonly events: EventRecorder;
  /** Null: the node has room for what the pod asks for now. */
  readonly judgeResize: (pod: Pod) => ResizeRefusal | null;
  readonly resourcesOf: (pod: Pod, container: Container) => LinuxResources;
}

/**
 * What one pod asks for may change while it runs. What the node has given it is kept in a file, so that a kubelet that starts again
 * knows it; what the runtime was told of each container is in the container's annotations, and here once that has changed.
 */
export class PodResizer {
  readonly #parts: PodResizerParts;
  /** Null: not read yet. */
  #given: Allocation | null = null;
  /** By container id. */
  readonly #actual = new Map<string, ResourceRequirements>();
  #refusal: ResizeRefusal | null = null;
  #isUnderWay = false;
  #problem = '';

  constructor(parts: PodResizerParts) {
    this.#parts = parts;
  }

  /** The node has not given the pod what it asks for now: to be asked again. */
  get isPending(): boolean {
    return this.#refusal !== null;
  }

  /** The pod with what it was given, as far as that is known. */
  given(pod: Pod): Pod {
    return this.#given === null ? pod : withAllocation(pod, this.#given);
  }

  /** Gives the pod what it asks for, if the node can. Rejects with the operating system's error. */
  async allocate(pod: Pod): Promise<void> {
    const wanted = wantedAllocation(pod);
    if (this.#given === null) {
      const known = await this.#read(pod);
      if (known === null) await this.#write(pod, wanted);
      this.#given = known ?? wanted;
    }
    if (isSame(this.#given, wanted)) {
      this.#refusal = null;
      return;
    }
    const refusal = this.#parts.judgeResize(pod);
    if (refusal === null) {
      await this.#write(pod, wanted);
      this.#given = wanted;
      this.#isUnderWay = true;
      this.#say(pod, 'Normal', 'ResizeStarted', 'Pod resize started');
    } else if (refusal.reason !== this.#refusal?.reason) {
      this.#say(
        pod,
        'Warning',
        `Resize${refusal.reason}`,
        `Pod resize ${refusal.reason}`,
        refusal.message,
      );
    }
    this.#refusal = refusal;
  }

  /** The container runs with less or more than it was given, and has to start anew for that. */
  mustRestart(container: Container, state: ContainerState): boolean {
    const actual = this.actual(state);
    return actual !== null && needsRestart(container, actual);
  }

  /** What a container runs with; null: it was made by a kubelet that did not note it. */
  actual({ id, annotations }: ContainerState): ResourceRequirements | null {
    return this.#actual.get(id) ?? notesOf(annotations).resources;
  }

  /** Has the runtime give containers that run what the pod was given. False: it would not; to be tried again. */
  async actuate(pod: Pod, observed: ObservedPod): Promise<boolean> {
    let isDone = true;
    this.#problem = '';
    for (const container of containersOf(pod)) {
      const { spec, name, role } = container;
      const state = newestOf(observed, name);
      const isOver = state?.state === 'exited' && !isToRestart(pod, container, state.exitCode);
      if (state === undefined || isOver || role === 'ephemeral') continue;
      const actual = this.actual(state);
      if (actual === null || hasSameResources(spec.resources ?? {}, actual)) continue;
      this.#isUnderWay = true;
      // What does not run gets what it is given as it starts.
      const isToUpdate = state.state === 'running' && !needsRestart(spec, actual);
      if (!isToUpdate || !(await this.#update(pod, spec, state))) isDone = false;
    }
    if (isDone && this.#isUnderWay) {
      this.#isUnderWay = false;
      this.#say(pod, 'Normal', 'ResizeCompleted', 'Pod resize completed');
    }
    return this.#problem === '';
  }

  /** What the pod's status says of it. */
  conditions(): readonly PodCondition[] {
    const conditions: PodCondition[] = [];
    if (this.#refusal !== null) {
      conditions.push({ type: 'PodResizePending', status: 'True', ...this.#refusal });
    }
    if (this.#isUnderWay) {
      const why = this.#problem === '' ? {} : { reason: 'Error', message: this.#problem };
      conditions.push({ type: 'PodResizeInProgress', status: 'True', ...why });
    }
    return conditions;
  }

  async #update(pod: Pod, container: Container, { id }: ContainerState): Promise<boolean> {
    const { runtime, resourcesOf } = this.#parts;
    try {
      await runtime.updateResources(id, resourcesOf(pod, container));
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#problem = `failed to resize container ${JSON.stringify(container.name)}: ${error.message}`;
      this.#say(pod, 'Warning', 'ResizeError', 'Pod resize error', error.message);
      return false;
    }
    this.#actual.set(id, container.resources ?? {});
    return true;
  }

  #say(pod: Pod, type: 'Normal' | 'Warning', reason: string, what: string, why = ''): void {
    const containers = containersOf(pod)
      .filter(({ role }) => role !== 'ephemeral')
      .map(({ name, spec: { resources } }) => ({ name, resources }));
    const text = `${what}: ${JSON.stringify({ containers, generation: pod.metadata.generation, ...(why === '' ? {} : { error: why }) })}`;
    this.#parts.events.event(pod, type, reason, text);
  }

  async #read({ metadata }: Pod): Promise<Allocation | null> {
    const { files, paths } = this.#parts;
    const text = await files.readText(paths.allocation(metadata.uid ?? ''));
    return text === null ? null : parseAllocation(text);
  }

  async #write({ metadata }: Pod, allocation: Allocation): Promise<void> {
    const { files, paths } = this.#parts;
    const { uid = '' } = metadata;
    await files.makeDir(paths.pod(uid), 0o750);
    const text = Buffer.from(JSON.stringify(allocation));
    await files.writeWhole(paths.allocation(uid), text, 0o600);
  }
}
