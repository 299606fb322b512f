import { join } from 'node:path';
import { sleep } from '../../../../base/clock.js';
import { sendSignal, startDetached } from '../../../../host/child-process.js';
import {
  listNames,
  makeDirectory,
  readTextIfPresent,
  removeTree,
  writeTextAtomically,
} from '../../../../host/state-files.js';
import { RuntimeError } from '../runtime-error.js';
import { endCgroups, makeCgroups } from './cgroups/container-cgroups.js';
import { launchScripts } from './container-launch.js';
import { readProcessState } from './container-process.js';
import type { ContainerRecord, SandboxRecord } from './container-record.js';
import type { ContainerTable, KnownContainer } from './container-table.js';
import type { LogKeeperClient } from './log-keeper/log-keeper-client.js';
import { mustRun, toolEnvironment } from './namespaces.js';
import type { RuntimePaths } from './runtime-paths.js';
import type { ProcessRuntimeSettings } from './settings.js';
import { signalNumber } from './signals.js';

/** After SIGKILL a process ends at once, unless the kernel holds it. */
const killMs = 10_000;
/** Endings are told by the directory that is watched; this is for those that are not. */
const lookAgainMs = 1000;

/** The lives of containers, from their record to their removal. */
export class Containers {
  readonly #settings: ProcessRuntimeSettings;
  readonly #paths: RuntimePaths;
  readonly #bootId: string;
  readonly #table: ContainerTable;
  readonly #keeper: LogKeeperClient;

  constructor(options: {
    readonly settings: ProcessRuntimeSettings;
    readonly paths: RuntimePaths;
    readonly bootId: string;
    readonly table: ContainerTable;
    readonly keeper: LogKeeperClient;
  }) {
    this.#settings = options.settings;
    this.#paths = options.paths;
    this.#bootId = options.bootId;
    this.#table = options.table;
    this.#keeper = options.keeper;
  }

  /** Takes up what earlier kubelets left; a half-made one, of which nobody knows, is removed. */
  async restore(): Promise<void> {
    for (const id of await listNames(this.#paths.containers)) {
      const directory = this.#paths.container(id);
      const text = await readTextIfPresent(join(directory, 'container.json'));
      if (text === null) {
        await removeTree(directory);
        continue;
      }
      const record = JSON.parse(text) as ContainerRecord;
      const startError = (await readTextIfPresent(join(directory, 'start-error'))) ?? '';
      const state = await readProcessState(
        directory,
        record.bootId === this.#bootId,
        this.#settings.clock.wallTime(),
      );
      this.#table.add(record, state, startError);
    }
  }

  async create(record: ContainerRecord): Promise<void> {
    const directory = this.#paths.container(record.id);
    await makeDirectory(directory, 0o711);
    await mustRun([
      ...['mkfifo', '-m', '600'],
      ...['stdin', 'stdout', 'stderr'].map((name) => join(directory, name)),
    ]);
    await makeCgroups(record.cgroups, record.config.resources);
    // The last thing that is written: with it the container is there.
    await writeTextAtomically(join(directory, 'container.json'), JSON.stringify(record));
    this.#table.tell('created', this.#table.add(record, { kind: 'created' }, '').record);
  }

  /** Rejects with `start-failed` when its command cannot be run; the container has ended then. */
  async start(id: string, sandbox: SandboxRecord, targetPid: number | null): Promise<void> {
    const known = this.#table.get(id);
    if (known.process.kind !== 'created') {
      throw new RuntimeError('failed', `container "${id}" has been started already`);
    }
    known.process = { kind: 'starting' };
    const directory = this.#paths.container(id);
    try {
      const scripts = await launchScripts(this.#paths, known.record, sandbox, targetPid);
      await writeTextAtomically(join(directory, 'supervise.sh'), scripts.supervisor);
      await writeTextAtomically(join(directory, 'launch.sh'), scripts.launch);
      await this.#keeper.request({ op: 'watch', id });
    } catch (error) {
      known.process = { kind: 'created' };
      throw error;
    }
    await writeTextAtomically(join(directory, 'starting'), '');
    const child = await startDetached(['sh', join(directory, 'supervise.sh')], {
      env: toolEnvironment,
      cwd: directory,
    });
    const report = await child.report;
    if (!report.endsWith('started\n')) await this.#refuseStart(known, report);
    await this.#table.refresh(id);
  }

  /** Resolves when it has ended. */
  async stop(id: string, graceSeconds: number): Promise<void> {
    if (!this.#table.has(id)) return;
    const known = this.#table.get(id);
    await this.#table.refresh(id);
    const { process } = known;
    if (process.kind === 'created') {
      await this.#endUnstarted(known);
      return;
    }
    if (process.kind === 'exited') return;
    const { pid } = await this.#settled(known);
    if (pid !== null) {
      if (graceSeconds > 0) {
        sendSignal(pid, signalNumber(known.record.stopSignal));
        await this.#waitForEnd(id, graceSeconds * 1000);
      }
      if (!this.#hasEnded(id)) this.#kill(known, pid);
    }
    await this.#waitForEnd(id, killMs);
    if (!this.#hasEnded(id)) {
      throw new RuntimeError('timeout', `container "${id}" does not end, even killed`);
    }
    await endCgroups(known.record.cgroups);
  }

  async remove(id: string): Promise<void> {
    if (!this.#table.has(id)) return;
    await this.stop(id, 0);
    const { record } = this.#table.get(id);
    await endCgroups(record.cgroups);
    await removeTree(this.#paths.container(id));
    await removeTree(this.#table.endingFile(id));
    this.#table.delete(id);
  }

  async #refuseStart(known: KnownContainer, report: string): Promise<never> {
    const text = /^error ([\s\S]*)$/.exec(report)?.[1]?.trim();
    const message = text || 'its supervisor ended before it started';
    const { id } = known.record;
    known.startError = message;
    await writeTextAtomically(join(this.#paths.container(id), 'start-error'), message);
    await this.#waitForEnd(id, killMs);
    throw new RuntimeError('start-failed', message);
  }

  /** A container that is stopped before its start has ended all the same. */
  async #endUnstarted(known: KnownContainer): Promise<void> {
    const directory = this.#paths.container(known.record.id);
    await writeTextAtomically(join(directory, 'exit'), '0 0\n');
    await writeTextAtomically(join(directory, 'starting'), '');
    await this.#table.refresh(known.record.id);
  }

  /** Waits until a container that is being started has a process, or has ended. */
  async #settled(known: KnownContainer): Promise<{ pid: number | null }> {
    const { clock } = this.#settings;
    const giveUpAt = clock.now() + killMs;
    while (known.process.kind === 'starting' && clock.now() < giveUpAt) {
      await sleep(clock, 20);
      await this.#table.refresh(known.record.id);
    }
    return { pid: known.process.kind === 'running' ? known.process.pid : null };
  }

  /** The first process and, where no process namespace ends with it, its session. */
  #kill(known: KnownContainer, pid: number): void {
    if (!known.record.isIsolated || known.record.config.pidNamespace !== 'container') {
      sendSignal(-pid, 'SIGKILL');
    }
    sendSignal(pid, 'SIGKILL');
  }

  #hasEnded(id: string): boolean {
    return !this.#table.has(id) || this.#table.get(id).process.kind === 'exited';
  }

  async #waitForEnd(id: string, forMs: number): Promise<void> {
    const { clock } = this.#settings;
    const giveUpAt = clock.now() + forMs;
    const ended = this.#table.ended(id);
    while (!this.#hasEnded(id) && clock.now() < giveUpAt) {
      const stopLooking = new AbortController();
      const pause = Math.min(lookAgainMs, Math.max(1, giveUpAt - clock.now()));
      const look = sleep(clock, pause, stopLooking.signal).catch(() => undefined);
      await Promise.race([ended, look]);
      stopLooking.abort();
      await this.#table.refresh(id);
    }
  }
}
