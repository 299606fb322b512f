import { setMaxListeners } from 'node:events';
import { assert } from '../../base/assert.js';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Prng } from '../../base/prng.js';
import type { Machine, MachineIdentity } from '../../host/machine.js';
import type { NodeFiles } from '../../host/node-files.js';
import { WebClient } from '../../rpc/index.js';
import type { Node, Pod, Service } from '../api/gen/core-v1.js';
import {
  type ControlClient,
  type EventRecorder,
  Informer,
  resources,
  SharedInformers,
} from '../client/index.js';
import { ImagePuller } from './container/image-puller.js';
import { linuxResources } from './container/linux-resources.js';
import { PodPaths } from './container/pod-paths.js';
import { loginsOf } from './container/registry-logins.js';
import { NodePressure } from './eviction/node-pressure.js';
import type { KubeletView } from './kubelet-view.js';
import { admitPod } from './node/admission.js';
import { type NodeAmounts, nodeAmounts } from './node/amounts.js';
import { problemsOf } from './node/node-problems.js';
import { NodeRegistration } from './node/node-registration.js';
import type { NodeFacts } from './node/node-status.js';
import { NodeView } from './node-view.js';
import { isOperating } from './operating-error.js';
import { BackOff } from './pods/back-off.js';
import { ContainerStarter } from './pods/container-starter.js';
import { NodeHooks } from './pods/lifecycle-hooks.js';
import { MirrorPods } from './pods/mirror-pods.js';
import { podIps } from './pods/observed-pod.js';
import { PodStopper } from './pods/pod-stopper.js';
import { PodWorkers } from './pods/pod-workers.js';
import { runtimeHandlerOf } from './pods/runtime-handler.js';
import { RuntimeWatch } from './pods/runtime-watch.js';
import { SandboxMaker } from './pods/sandbox-maker.js';
import { endPods } from './pods/shut-down.js';
import { followStaticPods, isMirrorPod, isStaticPod } from './pods/static-pods.js';
import { TerminationMessages } from './pods/termination-messages.js';
import { NodeProber } from './probes/node-prober.js';
import { PodProbes } from './probes/pod-probes.js';
import type { Prober } from './probes/prober.js';
import { judgeResize } from './resize/judge-resize.js';
import type {
  ContainerRuntime,
  RuntimeStatus,
  RuntimeVersion,
} from './runtime/container-runtime.js';
import type { KubeletSettings } from './settings.js';
import { StatusWriter } from './status/status-writer.js';
import { HostPathFolders } from './upkeep/host-path-folders.js';
import { ImageUpkeep } from './upkeep/images.js';
import { NodeUpkeep } from './upkeep/node-upkeep.js';
import { repeatedly } from './upkeep/repeatedly.js';
import { NodeVolumes, type PodVolumes } from './volumes/pod-volumes.js';
import { ReferencedObjects } from './volumes/referenced-objects.js';
import { TokenSource } from './volumes/token-source.js';

/** What a kubelet works with. */
export interface KubeletParts {
  readonly client: ControlClient;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
  readonly events: EventRecorder;
  readonly runtime: ContainerRuntime;
  readonly machine: Machine;
  readonly files: NodeFiles;
  /** In tests: who asks containers how they are. */
  readonly prober?: Prober;
}

const volumeRefreshMs = 60_000;
const upkeepMs = 60_000;
const logsMs = 10_000;
const orphansMs = 5000;
const imagesMs = 300_000;
const pressureMs = 10_000;
/** The runtime has been away for too long. */
const silenceMsMax = 180_000;

/** The agent of a node: registers it, runs the pods that are bound to it, and says how it and they are. */
export class Kubelet {
  readonly #parts: KubeletParts;
  readonly #settings: KubeletSettings;
  readonly #identity: MachineIdentity;
  readonly #addresses: readonly string[];
  readonly #version: RuntimeVersion;
  readonly #amounts: NodeAmounts;
  readonly #watch: RuntimeWatch;
  readonly #probes: PodProbes;
  readonly #workers: PodWorkers;
  readonly #registration: NodeRegistration;
  readonly #statuses: StatusWriter;
  readonly #mirrors: MirrorPods;
  readonly #informers: SharedInformers;
  readonly #services: Informer<Service>;
  readonly #pods: Informer<Pod>;
  readonly #upkeep: NodeUpkeep;
  readonly #pressure: NodePressure;
  readonly #web: WebClient;
  readonly #nodes: Informer<Node>;
  readonly #hostPaths: HostPathFolders;
  /** Pods of the node's files, by uid. */
  #staticPods: ReadonlyMap<string, Pod> = new Map();
  #isShuttingDown = false;
  /** As the runtime has it; '' not yet. */
  #podCidr = '';
  readonly view: KubeletView;

  private constructor(parts: KubeletParts, settings: KubeletSettings, found: Found) {
    this.#parts = parts;
    this.#settings = settings;
    const { client, clock, logger, events, runtime, files, machine } = parts;
    const { identity, addresses, version, storageBytes } = found;
    this.#identity = identity;
    this.#addresses = addresses;
    this.#version = version;
    this.#amounts = nodeAmounts(identity, storageBytes, settings);
    this.#web = new WebClient({ clock });
    this.#informers = new SharedInformers(parts);
    this.#services = this.#informers.of(resources.services);
    const { nodeName } = settings;
    this.#pods = new Informer({
      ...{ clock, prng: parts.prng, logger, objects: client.objects(resources.pods) },
      selection: { fieldSelector: `spec.nodeName=${nodeName}` },
    });
    this.#nodes = new Informer({
      ...{ clock, prng: parts.prng, logger, objects: client.objects(resources.nodes) },
      selection: { fieldSelector: `metadata.name=${nodeName}` },
    });
    this.#hostPaths = new HostPathFolders({
      ...{ client, files, logger, folders: settings.hostPathFolders },
    });
    const paths = new PodPaths(settings.rootDir, settings.podLogsDir);
    const objects = new ReferencedObjects(client, clock);
    const allocatable = () => this.#amounts.allocatable;
    const tokens = new TokenSource(client, clock);
    const volumes: PodVolumes = new NodeVolumes({
      ...{ files, paths, objects, tokens, nodeName, allocatable },
    });
    const wake = (uid: string) => this.#workers.wake(uid);
    this.#watch = new RuntimeWatch({
      ...{ runtime, clock, logger, relistMs: settings.relistMs, onChange: wake },
    });
    const prober = parts.prober ?? new NodeProber(runtime, this.#web, clock);
    this.#probes = new PodProbes({ prober, clock, events, onChange: wake });
    this.#probes.addressOf = (uid) => this.#addressOf(uid);
    const hooks = new NodeHooks(runtime, this.#web, clock);
    const backOff = new BackOff(clock);
    const images = new ImagePuller({
      ...{ runtime, clock, events, parallelMax: settings.imagePullsMax },
      loginsOf: (pod) => loginsOf(pod, objects),
    });
    const limits = { memoryBytes: identity.memoryBytes, hasCpuQuota: settings.hasCpuQuota };
    const starter = new ContainerStarter({
      ...{ runtime, clock, files, paths, events, images, backOff, objects, allocatable, hooks },
      services: () => this.#services.lister.all(),
      ...limits,
    });
    const stopper = new PodStopper({ runtime, clock, events, hooks });
    this.#statuses = new StatusWriter(client, clock, logger);
    this.#mirrors = new MirrorPods(
      client,
      logger,
      () => this.#registration.node?.metadata.uid ?? '',
    );
    const messages = new TerminationMessages(files, paths);
    const sandboxes = new SandboxMaker(settings, files, paths);
    this.#workers = new PodWorkers({
      ...{ clock, logger, files, paths, runtime, events, starter, stopper, images, backOff },
      ...{ watch: this.#watch, probes: this.#probes, volumes, messages },
      statuses: this.#statuses,
      runtimeName: version.name,
      ...{ nodeName, hostIps: addresses, volumeRefreshMs },
      admit: (pod) => this.#admit(pod),
      judgeResize: (pod) => {
        const others = this.#othersThan(pod);
        return judgeResize(pod, { allocatable: allocatable(), others, isStatic: isStaticPod(pod) });
      },
      resourcesOf: (pod, container) => linuxResources(pod, container, limits),
      shownPod: (pod) => (isStaticPod(pod) ? this.#mirrors.of(pod) : pod),
      sandboxOf: (pod, attempt) => sandboxes.configOf(pod, attempt),
      handlerOf: (pod) => runtimeHandlerOf(pod, client),
      removeGroups: (uid) => sandboxes.removeGroups(uid),
      hostsOf: (pod, ips) => sandboxes.hostsOf(pod, ips),
    });
    const unusedImages = new ImageUpkeep(runtime, settings);
    this.#upkeep = new NodeUpkeep({
      ...{ runtime, files, clock, events, messages, watch: this.#watch, limits: settings },
      images: unusedImages,
      node: () => this.#registration.node,
    });
    this.#registration = new NodeRegistration({
      ...{ client, clock, prng: parts.prng, logger, events, settings },
      facts: () => this.#facts(),
      watched: () => this.#nodes.lister.get('', nodeName) ?? null,
    });
    this.view = new NodeView({
      ...{ nodeName, runtime, logRoot: '/var/log', rootDir: settings.rootDir, files, machine },
      ...{ workers: this.#workers, watch: this.#watch, probes: this.#probes, volumes, identity },
      document: settings.document,
      now: () => clock.wallTime(),
      health: () => this.#health(),
    });
    this.#pressure = new NodePressure({
      ...{ clock, events, settings, view: this.view, runtime, images: unusedImages },
      upkeep: this.#upkeep,
      workers: this.#workers,
      watch: this.#watch,
      onChange: () => this.#registration.wake(),
    });
  }

  /** Finds out about the machine and the runtime. Rejects with RuntimeError, or the operating system's error. */
  static async open(parts: KubeletParts, settings: KubeletSettings): Promise<Kubelet> {
    const { machine, runtime, files } = parts;
    await files.makeDir(`${settings.rootDir}/pods`, 0o750);
    await files.makeDir(settings.podLogsDir, 0o755);
    const [identity, version, space, own] = await Promise.all([
      machine.identity(),
      runtime.version(),
      files.spaceOf(settings.rootDir),
      machine.addresses(),
    ]);
    const addresses = settings.nodeIps.length > 0 ? settings.nodeIps : own.slice(0, 1);
    assert(addresses.length > 0, 'a machine has an address');
    const found = { identity, version, addresses, storageBytes: space.capacityBytes };
    return new Kubelet(parts, settings, found);
  }

  /** Runs until the signal aborts. The pods go on. Rejects for bugs alone. */
  async run(signal: AbortSignal): Promise<void> {
    setMaxListeners(0, signal);
    this.#followNode();
    this.#followPods();
    const works = [
      this.#informers.run(signal),
      this.#pods.run(signal),
      this.#nodes.run(signal),
      this.#watch.run(signal),
      this.#statuses.run(signal),
      this.#registration.run(signal),
      this.#followStatic(signal),
      repeatedly(orphansMs, this.#parts, signal, () => this.#housekeep()),
      repeatedly(upkeepMs, this.#parts, signal, () => this.#upkeep.collectContainers()),
      repeatedly(logsMs, this.#parts, signal, () => this.#upkeep.rotateLogs()),
      repeatedly(imagesMs, this.#parts, signal, () => this.#upkeep.collectImages()),
      repeatedly(pressureMs, this.#parts, signal, () => this.#pressure.check()),
    ];
    try {
      await Promise.all(works);
    } finally {
      this.#probes.stop();
      await this.#workers.close();
      await this.#hostPaths.idle();
      this.#web.close();
    }
  }

  /** The machine shuts down: pods are ended, those that the cluster needs last. */
  async shutDown(): Promise<void> {
    this.#isShuttingDown = true;
    this.#registration.wake();
    await endPods(() => this.#workers.all(), this.#settings, this.#parts.clock);
  }

  /** The node's part of the pod network is the runtime's to use. */
  #followNode(): void {
    const onNode = (node: Node) => {
      this.#hostPaths.look(node);
      const { spec } = node;
      const podCidr = (spec?.podCIDRs ?? [spec?.podCIDR ?? '']).join(',');
      if (podCidr === this.#podCidr || podCidr === '') return;
      this.#podCidr = podCidr;
      this.#parts.runtime.updatePodCidr(podCidr).then(
        // That may be all that the node was not ready for.
        () => this.#registration.wake(),
        (error: unknown) => {
          this.#podCidr = '';
          if (!isOperating(error)) throw error;
        },
      );
    };
    this.#nodes.addHandler({ onAdd: onNode, onUpdate: (_, node) => onNode(node) });
  }

  #followPods(): void {
    const onPod = (pod: Pod) => {
      const typed = { ...pod, apiVersion: 'v1', kind: 'Pod' };
      if (isMirrorPod(pod)) {
        this.#mirrors.onMirror(typed, true);
        for (const uid of this.#staticPods.keys()) this.#workers.wake(uid);
      } else this.#workers.update(this.#statuses.latest(typed));
    };
    this.#pods.addHandler({
      onAdd: onPod,
      onUpdate: (_, pod) => onPod(pod),
      onDelete: (pod) => {
        const { uid = '' } = pod.metadata;
        this.#statuses.forget(uid);
        if (isMirrorPod(pod)) this.#mirrors.onMirror(pod, false);
        else this.#workers.remove(uid);
      },
    });
  }

  async #followStatic(signal: AbortSignal): Promise<void> {
    const { podManifestPath: path, fileCheckMs: checkMs, nodeName } = this.#settings;
    if (path === '') return;
    const { files, clock, logger } = this.#parts;
    const onPods = (pods: readonly Pod[]) => this.#onStaticPods(pods);
    await followStaticPods({ files, clock, logger, nodeName, path, checkMs, onPods }, signal);
  }

  #onStaticPods(pods: readonly Pod[]): void {
    const wanted = new Map(pods.map((pod) => [pod.metadata.uid ?? '', pod]));
    for (const uid of this.#staticPods.keys()) if (!wanted.has(uid)) this.#workers.remove(uid);
    for (const [uid, pod] of wanted) if (!this.#staticPods.has(uid)) this.#workers.update(pod);
    this.#staticPods = wanted;
    this.#mirrors.want(pods);
  }

  /** Ends what nobody wants, once it is known what is wanted. */
  async #housekeep(): Promise<void> {
    await this.#mirrors.reconcile();
    if (this.#pods.hasSynced && this.#watch.hasListed) await this.#workers.removeOrphans();
  }

  #addressOf(uid: string): string | null {
    const observed = this.#watch.pods.get(uid);
    return observed === undefined ? null : (podIps(observed, this.#addresses)[0] ?? null);
  }

  #admit(pod: Pod) {
    if (this.#isShuttingDown) {
      const message = 'Pod was rejected as the node is shutting down.';
      return { reason: 'NodeShutdown', message };
    }
    const pressure = this.#pressure.refusal(pod);
    if (pressure !== null) return pressure;
    const others = this.#othersThan(pod);
    const node = this.#nodes.lister.get('', this.#settings.nodeName) ?? this.#registration.node;
    const { allocatable } = this.#amounts;
    return admitPod(pod, { node, allocatable, others, isStatic: isStaticPod(pod) });
  }

  /** What the node carries beside a pod. */
  #othersThan({ metadata }: Pod): Pod[] {
    return [...this.#workers.all()]
      .filter((worker) => worker.isActive && worker.uid !== metadata.uid && worker.isAdmitted)
      .map((worker) => worker.given);
  }

  async #facts(): Promise<NodeFacts> {
    const { runtime, clock } = this.#parts;
    const unknown: RuntimeStatus = { conditions: [] };
    let problem: string | null = null;
    const runtimeStatus = await runtime.status().catch((error: Error) => {
      problem = error.message;
      return unknown;
    });
    const images = await runtime.listImages().catch(() => []);
    return {
      settings: this.#settings,
      machine: this.#identity,
      addresses: this.#addresses,
      amounts: this.#amounts,
      runtime: this.#version,
      ...{ runtimeStatus, images },
      health: {
        ...this.#pressure.state,
        problems: problemsOf(runtimeStatus, problem, this.#health()),
        isShuttingDown: this.#isShuttingDown,
      },
      nowMs: clock.wallTime(),
    };
  }

  #health(): string | null {
    if (this.#watch.silenceMs <= silenceMsMax || !this.#watch.hasListed) return null;
    return `PLEG is not healthy: pleg was last seen active ${Math.round(this.#watch.silenceMs / 1000)}s ago; threshold is ${silenceMsMax / 60_000}m0s`;
  }
}

interface Found {
  readonly identity: MachineIdentity;
  readonly version: RuntimeVersion;
  readonly addresses: readonly string[];
  readonly storageBytes: number;
}
