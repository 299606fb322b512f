import type { Clock } from '../../../base/clock.js';
import { qosClassOf } from '../../api/core-v1/pod/qos.js';
import type { Pod } from '../../api/gen/core-v1.js';
import type { EventRecorder } from '../../client/index.js';
import { Quantity } from '../../machinery/quantity.js';
import type { KubeletView } from '../kubelet-view.js';
import type { PodFailure } from '../pods/pod-worker-parts.js';
import type { PodWorkers } from '../pods/pod-workers.js';
import type { RuntimeWatch } from '../pods/runtime-watch.js';
import { isStaticPod } from '../pods/static-pods.js';
import type { ContainerRuntime, ContainerStats } from '../runtime/container-runtime.js';
import type { KubeletSettings } from '../settings.js';
import type { ImageUpkeep } from '../upkeep/images.js';
import type { NodeUpkeep } from '../upkeep/node-upkeep.js';
import { type Candidate, rankForEviction } from './rank.js';
import { type Crossing, crossings } from './signals.js';

/** What is watched, and who is told. */
export interface NodePressureParts {
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly settings: KubeletSettings;
  readonly view: KubeletView;
  readonly runtime: ContainerRuntime;
  readonly images: ImageUpkeep;
  readonly upkeep: Pick<NodeUpkeep, 'collectEnded'>;
  readonly workers: PodWorkers;
  readonly watch: RuntimeWatch;
  /** A condition of the node has changed. */
  readonly onChange: () => void;
}

/** The shortages of a node. */
export interface PressureState {
  readonly hasMemoryPressure: boolean;
  readonly hasDiskPressure: boolean;
  readonly hasPidPressure: boolean;
}

const criticalPriority = 2_000_000_000;
const evictedMessage = 'Pod was rejected: The node had condition: ';

/** Watches what the node is short of, and ends pods, one at a time, before the kernel does. */
export class NodePressure {
  readonly #parts: NodePressureParts;
  /** By condition: when it was seen last (monotonic). */
  readonly #seenAtMs = new Map<string, number>();
  /** By signal: since when its soft threshold is crossed. */
  readonly #softSinceMs = new Map<string, number>();
  #state: PressureState = {
    hasMemoryPressure: false,
    hasDiskPressure: false,
    hasPidPressure: false,
  };

  constructor(parts: NodePressureParts) {
    this.#parts = parts;
  }

  get state(): PressureState {
    return this.#state;
  }

  /** Null: shortages do not keep the node from taking a pod. */
  refusal(pod: Pod): PodFailure | null {
    const { hasMemoryPressure, hasDiskPressure, hasPidPressure } = this.#state;
    if (!hasMemoryPressure && !hasDiskPressure && !hasPidPressure) return null;
    if (isStaticPod(pod) || (pod.spec?.priority ?? 0) >= criticalPriority) return null;
    const isOnlyMemory = hasMemoryPressure && !hasDiskPressure && !hasPidPressure;
    if (isOnlyMemory) {
      const bears = pod.spec?.tolerations?.some(
        ({ key = '', operator }) =>
          key === 'node.kubernetes.io/memory-pressure' || (key === '' && operator === 'Exists'),
      );
      if (qosClassOf(pod.spec ?? {}) !== 'BestEffort' || bears === true) return null;
    }
    const names = [
      ...(hasMemoryPressure ? ['MemoryPressure'] : []),
      ...(hasDiskPressure ? ['DiskPressure'] : []),
      ...(hasPidPressure ? ['PIDPressure'] : []),
    ];
    return { reason: 'Evicted', message: `${evictedMessage}[${names.join(' ')}]. ` };
  }

  /** Looks once. Rejects with RuntimeError or the operating system's error. */
  async check(): Promise<void> {
    const { view, settings, clock } = this.#parts;
    const usage = await view.nodeUsage();
    const nowMs = clock.now();
    const hard = crossings(settings.evictionHard, usage);
    const soft = this.#lastingSoft(crossings(settings.evictionSoft, usage), nowMs);
    for (const { row } of [...hard, ...soft]) this.#seenAtMs.set(row.condition, nowMs);
    this.#update(nowMs);
    const [first] = hard;
    if (first !== undefined) await this.#relieve(first, 1);
    else if (soft[0] !== undefined) {
      await this.#relieve(soft[0], settings.evictionMaxPodGraceSeconds);
    }
    await this.#checkLocalLimits();
  }

  #lastingSoft(crossed: readonly Crossing[], nowMs: number): readonly Crossing[] {
    const names = new Set(crossed.map(({ row }) => row.signal));
    for (const signal of this.#softSinceMs.keys()) {
      if (!names.has(signal)) this.#softSinceMs.delete(signal);
    }
    return crossed.filter(({ row: { signal } }) => {
      const sinceMs = this.#softSinceMs.get(signal) ?? nowMs;
      this.#softSinceMs.set(signal, sinceMs);
      return nowMs - sinceMs >= (this.#parts.settings.evictionSoftGraceMs[signal] ?? 0);
    });
  }

  /** A shortage is over when it was not seen for a while. */
  #update(nowMs: number): void {
    const { evictionPressureTransitionMs } = this.#parts.settings;
    const has = (condition: string) => {
      const seenAtMs = this.#seenAtMs.get(condition);
      return seenAtMs !== undefined && nowMs - seenAtMs <= evictionPressureTransitionMs;
    };
    const before = JSON.stringify(this.#state);
    this.#state = {
      hasMemoryPressure: has('MemoryPressure'),
      hasDiskPressure: has('DiskPressure'),
      hasPidPressure: has('PIDPressure'),
    };
    if (JSON.stringify(this.#state) !== before) this.#parts.onChange();
  }

  async #relieve({ row, threshold, ...seen }: Crossing, graceSeconds: number): Promise<void> {
    const { runtime, images, watch, clock } = this.#parts;
    let { available } = seen;
    if (row.condition === 'DiskPressure') {
      if (await this.#removeEnded()) {
        available = row.of(await this.#parts.view.nodeUsage()).available;
        if (available >= threshold) return;
      }
      const containers = [...watch.pods.values()].flatMap((pod) => pod.containers);
      const freed = await images.free(threshold - available, containers, clock.wallTime());
      if (freed > 0) return;
    }
    const resource = row.resource === 'memory' ? 'memory' : 'ephemeral-storage';
    const stats = await runtime.containerStats();
    const candidates = await this.#candidates(stats, resource);
    const [victim] = rankForEviction(candidates, resource);
    if (victim === undefined) return;
    const shown = row.resource === 'inodes' ? 'inodes' : row.resource;
    const message =
      `The node was low on resource: ${shown}. ` +
      `Threshold quantity: ${amount(threshold)}, available: ${kibibytes(available)}. ` +
      this.#usesOf(victim.pod, stats, resource);
    this.#evict(victim.pod, message, graceSeconds);
  }

  /** What pods that are over have left on the disk, those evicted before among them. True: there was something. */
  async #removeEnded(): Promise<boolean> {
    const { workers, upkeep } = this.#parts;
    const over = [...workers.all()].filter(({ isEnded, pod }) => isEnded && hasEndedPhase(pod));
    return (await upkeep.collectEnded(over.map(({ uid }) => uid))) > 0;
  }

  async #candidates(
    stats: readonly ContainerStats[],
    resource: string,
  ): Promise<readonly Candidate[]> {
    const byId = new Map(stats.map((each) => [each.containerId, each]));
    const candidates = [...this.#parts.workers.all()]
      .filter(({ isActive, pod }) => isActive && (pod.spec?.priority ?? 0) < criticalPriority)
      .filter(({ pod }) => !isStaticPod(pod))
      .map(async ({ uid, pod }) => {
        const containers = this.#parts.watch.pods.get(uid)?.containers ?? [];
        const used = containers.map(({ id }) => usedBy(byId.get(id), resource));
        const volumes = resource === 'memory' ? 0 : await this.#usedByVolumes(uid, pod);
        return { pod, usedBytes: used.reduce((a, b) => a + b, volumes) };
      });
    return Promise.all(candidates);
  }

  /** What a pod has on the disk of the node besides its containers' own files. */
  async #usedByVolumes(uid: string, { spec }: Pod): Promise<number> {
    const onDisk = (spec?.volumes ?? []).filter(
      ({ emptyDir }) => emptyDir !== undefined && emptyDir.medium !== 'Memory',
    );
    if (onDisk.length === 0) return 0;
    const names = new Set(onDisk.map(({ name }) => name));
    const usages = await this.#parts.view.volumeUsage(uid);
    return usages.reduce((sum, { name, usedBytes }) => sum + (names.has(name) ? usedBytes : 0), 0);
  }

  /** Who of the pod's containers uses more than it asked for. */
  #usesOf(pod: Pod, stats: readonly ContainerStats[], resource: string): string {
    const containers = this.#parts.watch.pods.get(pod.metadata.uid ?? '')?.containers ?? [];
    return (pod.spec?.containers ?? [])
      .map(({ name, resources }) => {
        const id = containers.find((each) => each.name === name)?.id;
        const used = usedBy(
          stats.find(({ containerId }) => containerId === id),
          resource,
        );
        const request = String(resources?.requests?.[resource] ?? '0');
        if (used <= Number(Quantity.parse(request).value())) return '';
        return `Container ${name} was using ${kibibytes(used)}, request is ${request}, has larger consumption of ${resource}. `;
      })
      .join('');
  }

  /** Pods whose volumes of memory or disk have outgrown what they were given. */
  async #checkLocalLimits(): Promise<void> {
    const { workers, view } = this.#parts;
    for (const { uid, pod, isActive } of workers.all()) {
      const limited = (pod.spec?.volumes ?? []).filter(
        ({ emptyDir }) => emptyDir?.sizeLimit !== undefined,
      );
      if (!isActive || limited.length === 0) continue;
      const volumes = await view.volumeUsage(uid);
      for (const { name = '', emptyDir } of limited) {
        const limit = String(emptyDir?.sizeLimit ?? '0');
        const limitBytes = Number(Quantity.parse(limit).value());
        const used = volumes.find((volume) => volume.name === name)?.usedBytes ?? 0;
        if (limitBytes <= 0 || used <= limitBytes) continue;
        this.#evict(pod, `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `, 1);
        break;
      }
    }
  }

  #evict(pod: Pod, message: string, graceSeconds: number): void {
    const { workers, events } = this.#parts;
    events.event(pod, 'Warning', 'Evicted', message);
    workers
      .get(pod.metadata.uid ?? '')
      ?.fail(
        { reason: 'Evicted', message },
        [{ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message }],
        graceSeconds,
      );
  }
}

/** Its status has been written down, with how its containers ended. */
function hasEndedPhase({ status }: Pod): boolean {
  return status?.phase === 'Failed' || status?.phase === 'Succeeded';
}

function usedBy(stats: ContainerStats | undefined, resource: string): number {
  if (stats === undefined) return 0;
  return resource === 'memory' ? stats.memoryWorkingSetBytes : stats.rootfsUsedBytes;
}

function kibibytes(bytes: number): string {
  return `${Math.floor(bytes / 1024)}Ki`;
}

function amount(bytes: number): string {
  return Quantity.of(BigInt(Math.floor(bytes)), 'binary-si').toString();
}
