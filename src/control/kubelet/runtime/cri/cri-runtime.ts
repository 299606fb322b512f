import { dirname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../../../base/clock.js';
import { makeDirectory } from '../../../../host/state-files.js';
import type { Channel } from '../../../../rpc/index.js';
import {
  type ContainerStatus,
  ImageService,
  type PodSandboxStatus,
  RuntimeService,
} from '../../../../wire/gen/runtime.js';
import type * as contract from '../container-runtime.js';
import { RuntimeError } from '../runtime-error.js';
import { containerMessage, containerStateOf, resourcesMessage } from './container-messages.js';
import { CriCalls } from './cri-calls.js';
import { criEvents } from './cri-events.js';
import { authMessage, containerStatsOf, imageStateOf } from './image-messages.js';
import { sandboxMessage, sandboxStateOf } from './sandbox-messages.js';
import { StatusCache } from './status-cache.js';
import { forwardPort, openSession } from './streams/index.js';

const runtimeMethods = RuntimeService.methods;
const imageMethods = ImageService.methods;

/** A stop may take so long beyond its grace, and a command beyond its time. */
const slackMs = 120_000;
const noImageFileSystem = { path: '/', usedBytes: 0, usedInodes: 0 };

/** Has containers run by what speaks Kubernetes' container runtime interface: containerd, CRI-O. It keeps no state of its own. */
export class CriRuntime implements contract.ContainerRuntime {
  readonly #clock: Clock;
  readonly #runtime: CriCalls;
  readonly #images: CriCalls;
  readonly #sandboxes: StatusCache<PodSandboxStatus>;
  readonly #containers: StatusCache<ContainerStatus>;

  /** `images` is the same channel where one service has both. */
  constructor(parts: {
    readonly clock: Clock;
    readonly runtime: Channel;
    readonly images: Channel;
  }) {
    this.#clock = parts.clock;
    this.#runtime = new CriCalls(parts.runtime);
    this.#images = parts.images === parts.runtime ? this.#runtime : new CriCalls(parts.images);
    this.#sandboxes = new StatusCache(
      ({ state }) => state,
      (id) => this.#sandbox(id).catch(absentAsNull),
    );
    this.#containers = new StatusCache(
      ({ state }) => state,
      (id) => this.#container(id).catch(absentAsNull),
    );
  }

  async version(): Promise<contract.RuntimeVersion> {
    const answer = await this.#runtime.call(runtimeMethods.Version, { version: '0.1.0' });
    return {
      name: answer.runtimeName,
      version: answer.runtimeVersion,
      apiVersion: answer.runtimeApiVersion,
    };
  }

  async status(): Promise<contract.RuntimeStatus> {
    const { status } = await this.#runtime.call(runtimeMethods.Status, {});
    return { conditions: status?.conditions ?? [] };
  }

  async updatePodCidr(cidr: string): Promise<void> {
    await this.#runtime.call(runtimeMethods.UpdateRuntimeConfig, {
      runtimeConfig: { networkConfig: { podCidr: cidr } },
    });
  }

  async runSandbox(config: contract.SandboxConfig): Promise<string> {
    await makeDirectory(config.logDirectory);
    const { podSandboxId } = await this.#runtime.call(
      runtimeMethods.RunPodSandbox,
      { config: sandboxMessage(config), runtimeHandler: config.runtimeHandler },
      { failure: 'start-failed', timeoutMs: 2 * slackMs },
    );
    return podSandboxId;
  }

  async stopSandbox(id: string): Promise<void> {
    await this.#runtime
      .call(runtimeMethods.StopPodSandbox, { podSandboxId: id })
      .catch(absentAsNull);
  }

  async removeSandbox(id: string): Promise<void> {
    await this.#runtime
      .call(runtimeMethods.RemovePodSandbox, { podSandboxId: id })
      .catch(absentAsNull);
  }

  async listSandboxes(): Promise<readonly contract.SandboxState[]> {
    const { items } = await this.#runtime.call(runtimeMethods.ListPodSandbox, {});
    return (await this.#sandboxes.all(items)).map(sandboxStateOf);
  }

  async sandboxStatus(id: string): Promise<contract.SandboxState> {
    return sandboxStateOf(await this.#sandbox(id));
  }

  async createContainer(
    sandboxId: string,
    config: contract.ContainerConfig,
    sandbox: contract.SandboxConfig,
  ): Promise<string> {
    await makeDirectory(dirname(join(sandbox.logDirectory, config.logPath)));
    const { containerId } = await this.#runtime.call(
      runtimeMethods.CreateContainer,
      {
        podSandboxId: sandboxId,
        config: containerMessage(config, sandbox),
        sandboxConfig: sandboxMessage(sandbox),
      },
      { failure: 'start-failed' },
    );
    return containerId;
  }

  async startContainer(id: string): Promise<void> {
    await this.#runtime.call(
      runtimeMethods.StartContainer,
      { containerId: id },
      { failure: 'start-failed' },
    );
  }

  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    await this.#runtime
      .call(
        runtimeMethods.StopContainer,
        { containerId: id, timeout: graceSeconds },
        { timeoutMs: graceSeconds * 1000 + slackMs },
      )
      .catch(absentAsNull);
  }

  async removeContainer(id: string): Promise<void> {
    await this.#runtime
      .call(runtimeMethods.RemoveContainer, { containerId: id })
      .catch(absentAsNull);
  }

  async listContainers(): Promise<readonly contract.ContainerState[]> {
    const { containers } = await this.#runtime.call(runtimeMethods.ListContainers, {});
    const sandboxOf = new Map(containers.map(({ id, podSandboxId }) => [id, podSandboxId]));
    return (await this.#containers.all(containers)).map((status) =>
      containerStateOf(status, sandboxOf.get(status.id) ?? ''),
    );
  }

  async containerStatus(id: string): Promise<contract.ContainerState> {
    // A status does not say in which sandbox.
    const [status, { containers }] = await Promise.all([
      this.#container(id),
      this.#runtime.call(runtimeMethods.ListContainers, { filter: { id } }),
    ]);
    return containerStateOf(status, containers[0]?.podSandboxId ?? '');
  }

  async updateResources(id: string, resources: contract.LinuxResources): Promise<void> {
    await this.#runtime.call(runtimeMethods.UpdateContainerResources, {
      containerId: id,
      linux: resourcesMessage(resources),
    });
  }

  async reopenLog(id: string): Promise<void> {
    await this.#runtime.call(runtimeMethods.ReopenContainerLog, { containerId: id });
  }

  async execSync(
    id: string,
    command: readonly string[],
    timeoutMs: number,
  ): Promise<contract.ExecResult> {
    const seconds = Math.max(1, Math.ceil(timeoutMs / 1000));
    const request = { containerId: id, cmd: [...command], timeout: seconds };
    return this.#runtime
      .call(runtimeMethods.ExecSync, request, { timeoutMs: seconds * 1000 + slackMs })
      .catch((error: unknown) => {
        // containerd says so in words alone.
        const isLate = error instanceof RuntimeError && /timeout \S+ exceeded/.test(error.message);
        throw isLate ? new RuntimeError('timeout', error.message, { cause: error }) : error;
      });
  }

  async exec(id: string, request: contract.ExecRequest): Promise<contract.ProcessSession> {
    const { command, ...streams } = request;
    const { url } = await this.#runtime.call(runtimeMethods.Exec, {
      ...{ containerId: id, cmd: [...command] },
      ...streams,
    });
    return openSession(url, streams, { clock: this.#clock });
  }

  async attach(id: string, request: contract.AttachRequest): Promise<contract.ProcessSession> {
    const { url } = await this.#runtime.call(runtimeMethods.Attach, {
      containerId: id,
      ...request,
    });
    return openSession(url, request, { clock: this.#clock });
  }

  async portForward(sandboxId: string, port: number): Promise<Duplex> {
    const { url } = await this.#runtime.call(runtimeMethods.PortForward, {
      podSandboxId: sandboxId,
      port: [port],
    });
    return forwardPort(url, port, { clock: this.#clock });
  }

  async listImages(): Promise<readonly contract.ImageState[]> {
    const { images } = await this.#images.call(imageMethods.ListImages, {});
    return images.map(imageStateOf);
  }

  async imageStatus(image: string): Promise<contract.ImageState | null> {
    const answer = await this.#images.call(imageMethods.ImageStatus, { image: { image } });
    return answer.image === undefined ? null : imageStateOf(answer.image);
  }

  async pullImage(image: string, auth: contract.ImageAuth | null): Promise<string> {
    const { imageRef } = await this.#images.call(
      imageMethods.PullImage,
      { image: { image }, ...(auth === null ? {} : { auth: authMessage(auth) }) },
      { failure: 'image-pull', timeoutMs: Number.POSITIVE_INFINITY },
    );
    return imageRef;
  }

  async removeImage(ref: string): Promise<void> {
    await this.#images.call(imageMethods.RemoveImage, { image: { image: ref } });
  }

  async imageFileSystem() {
    const { imageFilesystems } = await this.#images.call(imageMethods.ImageFsInfo, {});
    const [first] = imageFilesystems;
    if (first === undefined) return noImageFileSystem;
    return {
      path: first.fsId?.mountpoint ?? '/',
      usedBytes: Number(first.usedBytes?.value ?? 0n),
      usedInodes: Number(first.inodesUsed?.value ?? 0n),
    };
  }

  async containerStats(): Promise<readonly contract.ContainerStats[]> {
    const { stats } = await this.#runtime.call(runtimeMethods.ListContainerStats, {});
    return stats.map(containerStatsOf).filter((each) => each !== null);
  }

  events(signal: AbortSignal): AsyncIterable<contract.RuntimeEvent> {
    return criEvents(this.#runtime, this.#clock, signal);
  }

  async close(): Promise<void> {
    await this.#runtime.close();
    await this.#images.close();
  }

  async #sandbox(id: string): Promise<PodSandboxStatus> {
    const answer = await this.#runtime.call(runtimeMethods.PodSandboxStatus, { podSandboxId: id });
    if (answer.status !== undefined) return answer.status;
    throw new RuntimeError('failed', `the runtime says nothing of sandbox "${id}"`);
  }

  async #container(id: string): Promise<ContainerStatus> {
    const answer = await this.#runtime.call(runtimeMethods.ContainerStatus, { containerId: id });
    if (answer.status !== undefined) return answer.status;
    throw new RuntimeError('failed', `the runtime says nothing of container "${id}"`);
  }
}

/** What is gone is as good as stopped and removed. */
function absentAsNull(error: unknown): null {
  if (error instanceof RuntimeError && error.code === 'not-found') return null;
  throw error;
}
