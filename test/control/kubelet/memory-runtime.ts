import type {
  ContainerConfig,
  ContainerRuntime,
  ContainerState,
  ExecResult,
  LinuxResources,
  RuntimeEvent,
  SandboxConfig,
  SandboxState,
} from '../../../src/control/kubelet/runtime/container-runtime.js';
import { RuntimeError } from '../../../src/control/kubelet/runtime/runtime-error.js';

interface Mutable {
  state: ContainerState;
  readonly config: ContainerConfig;
}

/**
 * Containers that are entries of a map: they run until they are stopped or `end` is called, and stay when kubelets come and go. It notes
 * what no kubelet may do: a second container of a name running in a pod at the same time.
 */
export class MemoryRuntime implements ContainerRuntime {
  readonly sandboxes = new Map<string, SandboxState>();
  readonly containers = new Map<string, Mutable>();
  readonly violations: string[] = [];
  /** Names of containers that ended up being started, in order. */
  readonly started: string[] = [];
  /** Images that cannot be pulled. */
  readonly missingImages = new Set<string>();
  /** Names of containers whose resources cannot change. */
  readonly rigid = new Set<string>();
  /** What containers were told of their resources while they ran, in order. */
  readonly resized: { readonly name: string; readonly memoryLimitBytes: number | null }[] = [];
  /** Asked before each call; true lets it fail. */
  failsNow: () => boolean = () => false;
  readonly #now: () => number;
  readonly #images = new Set<string>();
  #ids = 0;
  #waiting: (() => void)[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  async version() {
    return { name: 'memory', version: '1', apiVersion: 'v1' };
  }

  async status() {
    const well = { status: true, reason: '', message: '' };
    return {
      conditions: [
        { type: 'RuntimeReady', ...well },
        { type: 'NetworkReady', ...well },
      ],
    };
  }

  async runSandbox(config: SandboxConfig) {
    this.#call();
    const id = `s${++this.#ids}`;
    const { name, namespace, uid, attempt, labels, annotations } = config;
    const ips = config.hostNetwork ? [] : [`10.0.0.${this.#ids % 250}`];
    this.sandboxes.set(id, {
      ...{ id, name, namespace, uid, attempt, labels, annotations, ips },
      ...{ isReady: true, createdAtMs: this.#now() },
    });
    this.#changed();
    return id;
  }

  async stopSandbox(id: string) {
    this.#call();
    for (const { state } of [...this.containers.values()]) {
      if (state.sandboxId === id && state.state !== 'exited') this.end(state.id, 137);
    }
    const sandbox = this.sandboxes.get(id);
    if (sandbox !== undefined) this.sandboxes.set(id, { ...sandbox, isReady: false });
    this.#changed();
  }

  async removeSandbox(id: string) {
    await this.stopSandbox(id);
    this.sandboxes.delete(id);
  }

  async listSandboxes() {
    this.#call();
    return [...this.sandboxes.values()];
  }

  async sandboxStatus(id: string) {
    const found = this.sandboxes.get(id);
    if (found === undefined) throw new RuntimeError('not-found', `no sandbox ${id}`);
    return found;
  }

  async createContainer(sandboxId: string, config: ContainerConfig) {
    this.#call();
    const id = `c${++this.#ids}`;
    const { name, attempt, labels, annotations, image, imageRef, logPath } = config;
    const times = { createdAtMs: this.#now(), startedAtMs: 0, finishedAtMs: 0, exitCode: 0 };
    const state: ContainerState = {
      ...{ id, sandboxId, name, attempt, state: 'created', ...times, reason: '', message: '' },
      ...{ image, imageRef, logPath, labels, annotations },
    };
    this.containers.set(id, { state, config });
    return id;
  }

  async startContainer(id: string) {
    this.#call();
    const own = this.#own(id);
    const { name, sandboxId } = own.state;
    const uid = this.sandboxes.get(sandboxId)?.uid;
    for (const { state } of this.containers.values()) {
      const isSame = this.sandboxes.get(state.sandboxId)?.uid === uid && state.name === name;
      if (isSame && state.state === 'running') this.violations.push(`${name} runs twice in ${uid}`);
    }
    own.state = { ...own.state, state: 'running', startedAtMs: this.#now() };
    this.started.push(name);
    this.#changed();
  }

  async stopContainer(id: string) {
    this.#call();
    if (this.containers.get(id)?.state.state !== 'exited') this.end(id, 143);
  }

  async removeContainer(id: string) {
    this.#call();
    if (this.containers.get(id)?.state.state === 'running') this.end(id, 137);
    this.containers.delete(id);
    this.#changed();
  }

  async listContainers() {
    this.#call();
    return [...this.containers.values()].map(({ state }) => state);
  }

  async containerStatus(id: string) {
    return this.#own(id).state;
  }

  async updateResources(id: string, resources: LinuxResources) {
    this.#call();
    const { name } = this.#own(id).state;
    if (this.rigid.has(name)) throw new RuntimeError('unsupported', `${name} does not bend`);
    this.resized.push({ name, memoryLimitBytes: resources.memoryLimitBytes });
  }

  async reopenLog() {}
  async updatePodCidr() {}

  async execSync(): Promise<ExecResult> {
    return { stdout: new Uint8Array(), stderr: new Uint8Array(), exitCode: 0 };
  }

  async exec(): Promise<never> {
    throw new RuntimeError('unsupported', 'no exec');
  }

  async attach(): Promise<never> {
    throw new RuntimeError('unsupported', 'no attach');
  }

  async portForward(): Promise<never> {
    throw new RuntimeError('unsupported', 'no ports');
  }

  async listImages() {
    return [...this.#images].map((ref) => this.#image(ref));
  }

  async imageStatus(image: string) {
    return this.#images.has(image) ? this.#image(image) : null;
  }

  async pullImage(image: string) {
    this.#call();
    if (this.missingImages.has(image))
      throw new RuntimeError('image-pull', `no such image ${image}`);
    this.#images.add(image);
    return image;
  }

  async removeImage(ref: string) {
    this.#images.delete(ref);
  }

  async imageFileSystem() {
    return { path: '/', usedBytes: 0, usedInodes: 0 };
  }

  async containerStats() {
    return [];
  }

  async *events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    while (!signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      if (!signal.aborted) yield { kind: 'stopped', containerId: '', sandboxId: '' };
    }
  }

  async close() {}

  /** A container ends by itself. */
  end(id: string, exitCode: number): void {
    const own = this.#own(id);
    own.state = { ...own.state, state: 'exited', exitCode, finishedAtMs: this.#now() };
    this.#changed();
  }

  /** The running container of a name, or undefined. */
  running(name: string): ContainerState | undefined {
    const all = [...this.containers.values()].map(({ state }) => state);
    return all.find((each) => each.name === name && each.state === 'running');
  }

  #own(id: string): Mutable {
    const found = this.containers.get(id);
    if (found === undefined) throw new RuntimeError('not-found', `no container ${id}`);
    return found;
  }

  #image(ref: string) {
    return {
      ref,
      tags: [ref],
      digests: [],
      sizeBytes: 1,
      user: { uid: null, name: '' },
      isPinned: false,
    };
  }

  #call(): void {
    if (this.failsNow()) throw new RuntimeError('unreachable', 'the runtime is away');
  }

  #changed(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
