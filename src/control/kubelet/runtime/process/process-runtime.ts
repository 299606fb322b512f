import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { isSuperuser } from '../../../../host/child-process.js';
import { connectTcp, watchNames } from '../../../../host/local-socket.js';
import { makeDirectory, readTextIfPresent } from '../../../../host/state-files.js';
import type * as contract from '../container-runtime.js';
import { EventFeed } from '../event-feed.js';
import type { ImageSource } from '../images/image-source.js';
import { RuntimeError } from '../runtime-error.js';
import {
  type CgroupVersion,
  cgroupVersion,
  containerCgroups,
  limitCgroups,
} from './cgroups/container-cgroups.js';
import { makeContainerRecord } from './container-make.js';
import type { SandboxRecord } from './container-record.js';
import { ContainerTable, containerStateOf } from './container-table.js';
import { Containers } from './containers.js';
import { withImagesInPlace } from './image-mounts.js';
import { LogKeeperClient } from './log-keeper/log-keeper-client.js';
import { enterNamespaces, whyNoIsolation } from './namespaces.js';
import type { PodNetwork } from './network/pod-network.js';
import { stageTools } from './node-tools.js';
import { forwardInside } from './port-forward.js';
import { RuntimePaths } from './runtime-paths.js';
import { Sandboxes } from './sandboxes.js';
import { Sessions } from './sessions.js';
import type { ProcessRuntimeSettings } from './settings.js';
import { containerStats } from './stats.js';

/**
 * Runs containers as child processes with the node's own tools: in namespaces, on images, with control groups where there are
 * the privileges of root, else as plain processes. Each is waited for by a shell of its own, so that neither this runtime
 * nor anything else need live for containers to go on; what there is to know is in files.
 */
export class ProcessRuntime implements contract.ContainerRuntime {
  readonly #settings: ProcessRuntimeSettings;
  readonly #paths: RuntimePaths;
  readonly #images: ImageSource;
  readonly #network: PodNetwork;
  readonly #feed = new EventFeed();
  readonly #keeper: LogKeeperClient;
  readonly #table: ContainerTable;
  readonly #sandboxes: Sandboxes;
  readonly #containers: Containers;
  readonly #sessions: Sessions;
  readonly #bootId: string;
  readonly #cgroups: CgroupVersion;
  /** Null: pods are isolated. */
  readonly #whyNotIsolated: string | null;
  readonly #stopWatching: () => void;

  private constructor(options: {
    readonly settings: ProcessRuntimeSettings;
    readonly images: ImageSource;
    readonly network: PodNetwork;
    readonly bootId: string;
    readonly cgroups: CgroupVersion;
    readonly whyNotIsolated: string | null;
  }) {
    const { settings, bootId } = options;
    this.#settings = settings;
    this.#images = options.images;
    this.#network = options.network;
    this.#bootId = bootId;
    this.#cgroups = options.cgroups;
    this.#whyNotIsolated = options.whyNotIsolated;
    const paths = new RuntimePaths(settings.root);
    this.#paths = paths;
    this.#keeper = new LogKeeperClient(settings, paths);
    this.#table = new ContainerTable({
      paths,
      bootId,
      onEvent: (event) => this.#feed.tell(event),
      nowMs: () => settings.clock.wallTime(),
    });
    this.#sandboxes = new Sandboxes(paths, bootId, options.network);
    const inner = { settings, paths, bootId, table: this.#table, keeper: this.#keeper };
    this.#containers = new Containers(inner);
    const { clock } = settings;
    this.#sessions = new Sessions({ paths, table: this.#table, keeper: this.#keeper, clock });
    this.#stopWatching = watchNames(paths.endings, (name) => this.#onEnding(name));
  }

  /** Takes up what earlier kubelets left in the directory. Rejects with RuntimeError when the node lacks what it needs. */
  static async open(
    settings: ProcessRuntimeSettings,
    parts: { readonly images: ImageSource; readonly network: PodNetwork },
  ): Promise<ProcessRuntime> {
    const paths = new RuntimePaths(settings.root);
    for (const path of [paths.sandboxes, paths.containers, paths.endings, paths.images]) {
      await makeDirectory(path, 0o711);
    }
    const whyNotIsolated = await whyNotIsolatedHere(settings, paths);
    if (whyNotIsolated === null) await stageTools(paths.tools);
    const bootId = (await readTextIfPresent('/proc/sys/kernel/random/boot_id'))?.trim() ?? '';
    const runtime = new ProcessRuntime({
      settings,
      ...parts,
      bootId,
      cgroups: await cgroupVersion(),
      whyNotIsolated,
    });
    await runtime.#sandboxes.restore();
    await runtime.#containers.restore();
    const isRunning = runtime.#table.all().some(({ process }) => process.kind === 'running');
    if (isRunning) await runtime.#keeper.ensure();
    return runtime;
  }

  async version(): Promise<contract.RuntimeVersion> {
    const { version } = this.#settings;
    return { name: 'flotilla-process', version, apiVersion: 'v1' };
  }

  async status(): Promise<contract.RuntimeStatus> {
    const network =
      this.#whyNotIsolated === null
        ? await this.#network.condition()
        : { status: true, reason: 'HostNetwork', message: "pods have the node's own network" };
    const message = [
      ...(this.#whyNotIsolated === null
        ? []
        : [`pods are not isolated from the node: ${this.#whyNotIsolated}`]),
      ...(this.#cgroups === null
        ? ['limits are not enforced: control groups cannot be written']
        : []),
    ].join('; ');
    return {
      conditions: [
        { type: 'RuntimeReady', status: true, reason: '', message },
        { type: 'NetworkReady', ...network },
      ],
    };
  }

  async updatePodCidr(cidr: string): Promise<void> {
    this.#network.updatePodCidr(cidr);
  }

  async runSandbox(config: contract.SandboxConfig): Promise<string> {
    if (config.runtimeHandler !== '') {
      const text = `no runtime for "${config.runtimeHandler}" is configured`;
      throw new RuntimeError('unsupported', `failed to get sandbox runtime: ${text}`);
    }
    const id = this.#settings.newId();
    await this.#sandboxes.run({
      id,
      config,
      isIsolated: this.#whyNotIsolated === null,
      nowMs: this.#settings.clock.wallTime(),
    });
    return id;
  }

  async stopSandbox(id: string): Promise<void> {
    await Promise.all(this.#inSandbox(id).map((inner) => this.#containers.stop(inner, 0)));
    await this.#sandboxes.stop(id);
  }

  async removeSandbox(id: string): Promise<void> {
    await Promise.all(this.#inSandbox(id).map((inner) => this.#containers.remove(inner)));
    await this.#sandboxes.remove(id);
  }

  async listSandboxes(): Promise<readonly contract.SandboxState[]> {
    return Promise.all(this.#sandboxes.all().map((record) => this.#sandboxes.stateOf(record)));
  }

  async sandboxStatus(id: string): Promise<contract.SandboxState> {
    return this.#sandboxes.stateOf(this.#sandboxes.get(id));
  }

  async createContainer(
    sandboxId: string,
    config: contract.ContainerConfig,
    sandboxConfig: contract.SandboxConfig,
  ): Promise<string> {
    const sandbox = this.#readySandbox(sandboxId);
    const image = await this.#images.unpacked(config.imageRef);
    if (image === null) {
      throw new RuntimeError('not-found', `image "${config.imageRef}" not found`);
    }
    const id = this.#settings.newId();
    const record = await makeContainerRecord({
      id,
      config: await withImagesInPlace(config, this.#images),
      sandboxConfig,
      sandbox,
      image,
      nowMs: this.#settings.clock.wallTime(),
      bootId: this.#bootId,
      cgroups: containerCgroups(this.#cgroups, sandbox.config.cgroupParent, id),
    });
    await this.#containers.create(record);
    return id;
  }

  async startContainer(id: string): Promise<void> {
    const { record } = this.#table.get(id);
    const sandbox = this.#readySandbox(record.sandboxId);
    await this.#containers.start(id, sandbox, this.#targetPid(record.config.pidNamespace));
  }

  stopContainer(id: string, graceSeconds: number): Promise<void> {
    return this.#containers.stop(id, graceSeconds);
  }

  removeContainer(id: string): Promise<void> {
    return this.#containers.remove(id);
  }

  async listContainers(): Promise<readonly contract.ContainerState[]> {
    await this.#table.refreshAll();
    return this.#table.all().map(containerStateOf);
  }

  async containerStatus(id: string): Promise<contract.ContainerState> {
    this.#table.get(id);
    await this.#table.refresh(id);
    return containerStateOf(this.#table.get(id));
  }

  async updateResources(id: string, resources: contract.LinuxResources): Promise<void> {
    await limitCgroups(this.#table.get(id).record.cgroups, resources);
  }

  async reopenLog(id: string): Promise<void> {
    this.#table.get(id);
    await this.#keeper.request({ op: 'reopen', id });
  }

  execSync(
    id: string,
    command: readonly string[],
    timeoutMs: number,
  ): Promise<contract.ExecResult> {
    return this.#sessions.execSync(id, command, timeoutMs);
  }

  exec(id: string, request: contract.ExecRequest): Promise<contract.ProcessSession> {
    return this.#sessions.exec(id, request);
  }

  attach(id: string, request: contract.AttachRequest): Promise<contract.ProcessSession> {
    return this.#sessions.attach(id, request);
  }

  async portForward(sandboxId: string, port: number): Promise<Duplex> {
    const sandbox = this.#readySandbox(sandboxId);
    if (!sandbox.isIsolated || sandbox.config.hostNetwork) {
      return connectTcp('127.0.0.1', port).catch((error: Error) => {
        throw new RuntimeError('failed', error.message, { cause: error });
      });
    }
    return forwardInside(enterNamespaces(this.#paths.sandbox(sandboxId), sandbox.config), port);
  }

  listImages(): Promise<readonly contract.ImageState[]> {
    return this.#images.list();
  }

  imageStatus(image: string): Promise<contract.ImageState | null> {
    return this.#images.status(image);
  }

  pullImage(image: string, auth: contract.ImageAuth | null): Promise<string> {
    return this.#images.pull(image, auth);
  }

  removeImage(ref: string): Promise<void> {
    return this.#images.remove(ref);
  }

  imageFileSystem() {
    return this.#images.fileSystem();
  }

  async containerStats(): Promise<readonly contract.ContainerStats[]> {
    const stats: contract.ContainerStats[] = [];
    for (const { record, process } of this.#table.all()) {
      if (process.kind !== 'running') continue;
      stats.push(
        await containerStats({
          record,
          directory: this.#paths.container(record.id),
          pid: process.pid,
          nowMs: this.#settings.clock.wallTime(),
        }),
      );
    }
    return stats;
  }

  events(signal: AbortSignal): AsyncIterable<contract.RuntimeEvent> {
    return this.#feed.follow(signal);
  }

  async close(): Promise<void> {
    this.#stopWatching();
    this.#sessions.close();
    this.#keeper.close();
  }

  #onEnding(name: string | null): void {
    const looked = name === null ? this.#table.refreshAll() : this.#table.refresh(name);
    looked.catch((error: Error) =>
      this.#settings.logger.warn('a container that ended cannot be read', { error: error.message }),
    );
  }

  #inSandbox(sandboxId: string): string[] {
    return this.#table
      .all()
      .filter(({ record }) => record.sandboxId === sandboxId)
      .map(({ record }) => record.id);
  }

  #readySandbox(id: string): SandboxRecord {
    const sandbox = this.#sandboxes.get(id);
    if (!sandbox.isStopped && sandbox.bootId === this.#bootId) return sandbox;
    throw new RuntimeError('failed', `pod sandbox "${id}" is not ready`);
  }

  #targetPid(mode: contract.NamespaceMode): number | null {
    if (typeof mode === 'string') return null;
    const { process } = this.#table.get(mode.targetContainerId);
    if (process.kind === 'running') return process.pid;
    throw new RuntimeError('failed', `container "${mode.targetContainerId}" is not running`);
  }
}

async function whyNotIsolatedHere(
  settings: ProcessRuntimeSettings,
  paths: RuntimePaths,
): Promise<string | null> {
  if (settings.isolation === 'never') return 'it is turned off';
  if (!isSuperuser()) return 'the kubelet does not run as root';
  const scratch = join(paths.root, 'scratch');
  await makeDirectory(scratch);
  return whyNoIsolation(scratch);
}
