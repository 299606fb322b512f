import { join } from 'node:path';
import { isSuperuser, sendSignal } from '../../../../host/child-process.js';
import {
  listNames,
  makeDirectory,
  readTextIfPresent,
  removeTree,
  writeTextAtomically,
} from '../../../../host/state-files.js';
import type { SandboxConfig, SandboxState } from '../container-runtime.js';
import { RuntimeError } from '../runtime-error.js';
import { isSameProcess } from './container-process.js';
import type { SandboxRecord } from './container-record.js';
import {
  holdsNamespaces,
  makeNamespaces,
  releaseNamespaces,
  startSharedInit,
} from './namespaces.js';
import type { PodNetwork } from './network/pod-network.js';
import type { RuntimePaths } from './runtime-paths.js';
import { writeSandboxFiles } from './sandbox-files.js';

/** The sandboxes of a node: what the containers of a pod share, and its record on the disk. */
export class Sandboxes {
  readonly #paths: RuntimePaths;
  readonly #bootId: string;
  readonly #network: PodNetwork;
  readonly #records = new Map<string, SandboxRecord>();

  constructor(paths: RuntimePaths, bootId: string, network: PodNetwork) {
    this.#paths = paths;
    this.#bootId = bootId;
    this.#network = network;
  }

  /** Takes up what earlier kubelets left. */
  async restore(): Promise<void> {
    for (const id of await listNames(this.#paths.sandboxes)) {
      const text = await readTextIfPresent(join(this.#paths.sandbox(id), 'sandbox.json'));
      // Its maker did not come to write it down, and told nobody of it.
      if (text === null) await this.#discard(id);
      else this.#records.set(id, await this.#restored(JSON.parse(text) as SandboxRecord));
    }
  }

  /** One whose namespaces are gone is as of another boot: who starts a container that a whole node runs in keeps its machine's. */
  async #restored(record: SandboxRecord): Promise<SandboxRecord> {
    const { id, config, isIsolated, isStopped } = record;
    if (!isIsolated || isStopped) return record;
    const isHeld = await holdsNamespaces(this.#paths.sandbox(id), config);
    return isHeld ? record : { ...record, bootId: '' };
  }

  all(): readonly SandboxRecord[] {
    return [...this.#records.values()];
  }

  /** Throws `not-found`. */
  get(id: string): SandboxRecord {
    const record = this.#records.get(id);
    if (record === undefined) {
      throw new RuntimeError('not-found', `pod sandbox "${id}" not found`);
    }
    return record;
  }

  has(id: string): boolean {
    return this.#records.has(id);
  }

  /** Makes one; what had been made when it fails is taken away again. */
  async run(options: {
    readonly id: string;
    readonly config: SandboxConfig;
    readonly isIsolated: boolean;
    readonly nowMs: number;
  }): Promise<SandboxRecord> {
    const { id, config, isIsolated } = options;
    refuseImpossible(config, isIsolated);
    const directory = this.#paths.sandbox(id);
    await makeDirectory(directory, 0o711);
    try {
      await makeDirectory(config.logDirectory);
      await writeSandboxFiles(directory, config);
      if (isIsolated) await makeNamespaces(directory, config);
      const initPid =
        isIsolated && config.shareProcessNamespace && !config.hostPid
          ? await startSharedInit(directory)
          : null;
      const isOnHost = !isIsolated || config.hostNetwork;
      const connection = isOnHost
        ? { kind: 'host' as const, ips: [] }
        : await this.#network.connect({ id, netns: join(directory, 'net'), config });
      const record: SandboxRecord = {
        id,
        config,
        createdAtMs: options.nowMs,
        bootId: this.#bootId,
        ips: connection.ips,
        isIsolated,
        isStopped: false,
        network: connection.kind,
        initPid,
      };
      await this.#save(record);
      return record;
    } catch (error) {
      await this.#discard(id);
      throw error;
    }
  }

  /** Gives back its address and its namespaces. Its containers have ended. */
  async stop(id: string): Promise<void> {
    const record = this.#records.get(id);
    if (record === undefined || record.isStopped) return;
    const directory = this.#paths.sandbox(id);
    if (record.network !== 'host') {
      await this.#network.disconnect({
        id,
        netns: record.bootId === this.#bootId ? join(directory, 'net') : null,
        config: record.config,
        kind: record.network,
      });
    }
    await this.#endInit(id);
    if (record.isIsolated) await releaseNamespaces(directory);
    if (this.#records.has(id)) await this.#saveStopped({ ...record, isStopped: true });
  }

  async remove(id: string): Promise<void> {
    await this.stop(id);
    this.#records.delete(id);
    await this.#discard(id);
  }

  /** How the kubelet sees it. */
  async stateOf(record: SandboxRecord): Promise<SandboxState> {
    const { config } = record;
    return {
      id: record.id,
      name: config.name,
      namespace: config.namespace,
      uid: config.uid,
      attempt: config.attempt,
      isReady: !record.isStopped && record.bootId === this.#bootId && (await this.#hasInit(record)),
      createdAtMs: record.createdAtMs,
      ips: record.ips,
      labels: config.labels,
      annotations: config.annotations,
    };
  }

  async #hasInit(record: SandboxRecord): Promise<boolean> {
    if (record.initPid === null) return true;
    const stat = await readTextIfPresent(join(this.#paths.sandbox(record.id), 'init'));
    return stat !== null && (await isSameProcess(stat));
  }

  async #endInit(id: string): Promise<void> {
    const stat = await readTextIfPresent(join(this.#paths.sandbox(id), 'init'));
    if (stat === null || !(await isSameProcess(stat))) return;
    sendSignal(Number(stat.split(' ', 1)[0]), 'SIGKILL');
  }

  /** A full disk keeps no pod from ending, which may be all that makes room; who starts again sees by its namespaces that it is over. */
  async #saveStopped(record: SandboxRecord): Promise<void> {
    await this.#save(record).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOSPC' && error.code !== 'EDQUOT') throw error;
      this.#records.set(record.id, record);
    });
  }

  async #save(record: SandboxRecord): Promise<void> {
    const path = join(this.#paths.sandbox(record.id), 'sandbox.json');
    await writeTextAtomically(path, JSON.stringify(record));
    this.#records.set(record.id, record);
  }

  async #discard(id: string): Promise<void> {
    const directory = this.#paths.sandbox(id);
    await this.#endInit(id);
    if (isSuperuser()) await releaseNamespaces(directory);
    await removeTree(directory);
  }
}

function refuseImpossible(config: SandboxConfig, isIsolated: boolean): void {
  if (config.runtimeHandler !== '') {
    throw new RuntimeError('failed', `no runtime for "${config.runtimeHandler}" is configured`);
  }
  if (!isIsolated && Object.keys(config.sysctls).length > 0) {
    throw new RuntimeError(
      'unsupported',
      'sysctls of a pod need namespaces, which this node cannot make',
    );
  }
}
