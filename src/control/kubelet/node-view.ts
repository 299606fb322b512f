import type { Machine, MachineIdentity } from '../../host/machine.js';
import type { NodeFiles } from '../../host/node-files.js';
import type { Pod } from '../api/gen/core-v1.js';
import type { JsonObject } from '../machinery/json.js';
import type {
  ContainerPlace,
  FoundContainer,
  KubeletView,
  NodeUsage,
  ProbeCount,
  VolumeUsage,
} from './kubelet-view.js';
import { containersOf } from './pods/container-list.js';
import { currentSandbox, type ObservedPod } from './pods/observed-pod.js';
import type { PodWorkers } from './pods/pod-workers.js';
import type { RuntimeWatch } from './pods/runtime-watch.js';
import type { PodProbes } from './probes/pod-probes.js';
import type { ContainerRuntime } from './runtime/container-runtime.js';
import type { PodVolumes } from './volumes/pod-volumes.js';

/** What the view is of. */
export interface NodeViewParts {
  readonly nodeName: string;
  readonly runtime: ContainerRuntime;
  readonly logRoot: string;
  readonly rootDir: string;
  readonly document: JsonObject;
  readonly workers: PodWorkers;
  readonly watch: RuntimeWatch;
  readonly probes: PodProbes;
  readonly volumes: PodVolumes;
  readonly files: NodeFiles;
  readonly machine: Machine;
  readonly identity: MachineIdentity;
  readonly now: () => number;
  readonly health: () => string | null;
}

/** The kubelet as its HTTP API sees it. */
export class NodeView implements KubeletView {
  readonly nodeName: string;
  readonly runtime: ContainerRuntime;
  readonly logRoot: string;
  readonly #parts: NodeViewParts;

  constructor(parts: NodeViewParts) {
    this.#parts = parts;
    this.nodeName = parts.nodeName;
    this.runtime = parts.runtime;
    this.logRoot = parts.logRoot;
  }

  pods(): readonly Pod[] {
    return [...this.#parts.workers.all()].map(({ pod }) => ({
      ...pod,
      apiVersion: 'v1',
      kind: 'Pod',
    }));
  }

  async runningPods(): Promise<readonly Pod[]> {
    await this.#parts.watch.refresh();
    return [...this.#parts.watch.pods.values()]
      .filter(({ containers }) => containers.some(({ state }) => state === 'running'))
      .map(({ uid, name, namespace, containers }) => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace, uid },
        spec: {
          containers: containers
            .filter(({ state }) => state === 'running')
            .map(({ name: container, image }) => ({ name: container, image })),
        },
      }));
  }

  findPod(namespace: string, name: string, uid?: string): Pod | null {
    const all = this.pods().filter(
      ({ metadata }) => metadata.namespace === namespace && metadata.name === name,
    );
    if (uid !== undefined) return all.find(({ metadata }) => metadata.uid === uid) ?? null;
    // Of several the one that is not on its way out.
    return all.find(({ metadata }) => metadata.deletionTimestamp === undefined) ?? all[0] ?? null;
  }

  async findContainer({
    namespace,
    pod: name,
    uid,
    container,
  }: ContainerPlace): Promise<FoundContainer | null> {
    const pod = this.findPod(namespace, name, uid);
    const spec =
      pod === null ? undefined : containersOf(pod).find((each) => each.name === container);
    if (pod === null || spec === undefined) return null;
    const observed = await this.#observe(pod);
    const [newest, ...before] = observed.containers.filter((each) => each.name === container);
    if (newest === undefined) return null;
    const previous = before.find(({ state }) => state === 'exited');
    return {
      containerId: newest.id,
      ...{ sandboxId: newest.sandboxId, logPath: newest.logPath, state: newest.state },
      attempt: newest.attempt,
      tty: spec.spec.tty === true,
      stdin: spec.spec.stdin === true,
      stdinOnce: spec.spec.stdinOnce === true,
      previous:
        previous === undefined ? null : { containerId: previous.id, logPath: previous.logPath },
    };
  }

  async findSandbox(namespace: string, name: string, uid?: string): Promise<string | null> {
    const pod = this.findPod(namespace, name, uid);
    return pod === null ? null : (currentSandbox(await this.#observe(pod))?.id ?? null);
  }

  async nodeUsage(): Promise<NodeUsage> {
    const { machine, files, runtime, identity, rootDir, now } = this.#parts;
    const [usage, fileSystem, images] = await Promise.all([
      machine.usage(),
      files.spaceOf(rootDir),
      runtime.imageFileSystem(),
    ]);
    const imageSpace = await files.spaceOf(images.path).catch(() => fileSystem);
    return {
      ...usage,
      timestampMs: now(),
      startedAtMs: identity.startedAtMs,
      memoryWorkingSetBytes: usage.memoryTotalBytes - usage.memoryAvailableBytes,
      fileSystem,
      imageFileSystem: { ...imageSpace, usedBytes: images.usedBytes },
      processes: { count: usage.processes, max: usage.processesMax },
    };
  }

  async volumeUsage(podUid: string): Promise<readonly VolumeUsage[]> {
    const worker = this.#parts.workers.get(podUid);
    return worker === undefined ? [] : this.#parts.volumes.usage(worker.pod);
  }

  probeCounts(): readonly ProbeCount[] {
    return this.#parts.probes.counts;
  }

  configuration(): JsonObject {
    return this.#parts.document;
  }

  health(): string | null {
    return this.#parts.health();
  }

  #observe({ metadata }: Pod): Promise<ObservedPod> {
    const { uid = '', namespace = '', name = '' } = metadata;
    return this.#parts.watch.observe(uid, namespace, name);
  }
}
