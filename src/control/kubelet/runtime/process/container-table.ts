import { join } from 'node:path';
import type { ContainerState, RuntimeEvent } from '../container-runtime.js';
import { RuntimeError } from '../runtime-error.js';
import { type ProcessState, readProcessState } from './container-process.js';
import type { ContainerRecord } from './container-record.js';
import type { RuntimePaths } from './runtime-paths.js';

/** A container that the runtime knows. */
export interface KnownContainer {
  readonly record: ContainerRecord;
  process: ProcessState;
  /** Why it could not start; '' when it did or has not been tried. */
  startError: string;
}

/** The containers of a node in memory, kept true by what their supervisors leave on the disk. */
export class ContainerTable {
  readonly #paths: RuntimePaths;
  readonly #bootId: string;
  readonly #known = new Map<string, KnownContainer>();
  readonly #endWaiters = new Map<string, (() => void)[]>();
  readonly #onEvent: (event: RuntimeEvent) => void;
  readonly #nowMs: () => number;

  constructor(options: {
    readonly paths: RuntimePaths;
    readonly bootId: string;
    readonly onEvent: (event: RuntimeEvent) => void;
    readonly nowMs: () => number;
  }) {
    this.#paths = options.paths;
    this.#bootId = options.bootId;
    this.#onEvent = options.onEvent;
    this.#nowMs = options.nowMs;
  }

  all(): readonly KnownContainer[] {
    return [...this.#known.values()];
  }

  /** Rejects with `not-found`. */
  get(id: string): KnownContainer {
    const known = this.#known.get(id);
    if (known === undefined) {
      throw new RuntimeError('not-found', `container "${id}" not found`);
    }
    return known;
  }

  has(id: string): boolean {
    return this.#known.has(id);
  }

  /** Takes in one that was made now, or by an earlier kubelet. */
  add(record: ContainerRecord, process: ProcessState, startError: string): KnownContainer {
    const known: KnownContainer = { record, process, startError };
    this.#known.set(record.id, known);
    return known;
  }

  delete(id: string): void {
    const known = this.#known.get(id);
    if (known === undefined) return;
    this.#known.delete(id);
    this.tell('deleted', known.record);
  }

  /** Reads again how a container is; those that have ended do not change any more. */
  async refresh(id: string): Promise<void> {
    const known = this.#known.get(id);
    if (known === undefined || known.process.kind === 'exited') return;
    const now = await readProcessState(
      this.#paths.container(id),
      known.record.bootId === this.#bootId,
      this.#nowMs(),
    );
    // Another may have got here first.
    if (this.#known.get(id) !== known || (known.process as ProcessState).kind === 'exited') return;
    const before = known.process.kind;
    known.process = now;
    if (now.kind === 'running' && before !== 'running') this.tell('started', known.record);
    if (now.kind !== 'exited') return;
    this.tell('stopped', known.record);
    for (const settle of this.#endWaiters.get(id) ?? []) settle();
    this.#endWaiters.delete(id);
  }

  async refreshAll(): Promise<void> {
    const live = this.all().filter(({ process }) => process.kind !== 'exited');
    await Promise.all(live.map(({ record }) => this.refresh(record.id)));
  }

  /** Resolves when the container has ended. */
  ended(id: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.#known.get(id)?.process.kind === 'exited' || !this.#known.has(id)) {
        resolve();
        return;
      }
      this.#endWaiters.set(id, [...(this.#endWaiters.get(id) ?? []), resolve]);
    });
  }

  tell(kind: RuntimeEvent['kind'], record: ContainerRecord): void {
    this.#onEvent({ kind, containerId: record.id, sandboxId: record.sandboxId });
  }

  directory(id: string): string {
    return this.#paths.container(id);
  }

  endingFile(id: string): string {
    return join(this.#paths.endings, id);
  }
}

/** How the kubelet sees a container. */
export function containerStateOf({ record, process, startError }: KnownContainer): ContainerState {
  const base = {
    id: record.id,
    sandboxId: record.sandboxId,
    name: record.config.name,
    attempt: record.config.attempt,
    createdAtMs: record.createdAtMs,
    image: record.config.image,
    imageRef: record.config.imageRef,
    logPath: record.logPath,
    labels: record.config.labels,
    annotations: record.config.annotations,
  };
  const none = { startedAtMs: 0, finishedAtMs: 0, exitCode: 0, reason: '', message: '' };
  switch (process.kind) {
    case 'created':
      return { ...base, ...none, state: 'created' };
    case 'starting':
      return { ...base, ...none, state: 'unknown' };
    case 'running':
      return { ...base, ...none, state: 'running', startedAtMs: process.startedAtMs };
    case 'exited':
      return { ...base, state: 'exited', ...endOf(process, startError) };
  }
}

/** What a process has that ended while nobody could see. */
const unknownExitCode = 255;
const startErrorExitCode = 128;

function endOf(
  process: Extract<ProcessState, { kind: 'exited' }>,
  startError: string,
): Pick<ContainerState, 'startedAtMs' | 'finishedAtMs' | 'exitCode' | 'reason' | 'message'> {
  const { startedAtMs, finishedAtMs, exitCode } = process;
  if (startError !== '') {
    const reason = 'StartError';
    return {
      startedAtMs: 0,
      finishedAtMs,
      exitCode: startErrorExitCode,
      reason,
      message: startError,
    };
  }
  if (exitCode === null) {
    const message =
      'how the container ended is not known: its supervisor ended before it, or could not write it down';
    return { startedAtMs, finishedAtMs, exitCode: unknownExitCode, reason: 'Unknown', message };
  }
  const reason = process.isOutOfMemory ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error';
  return { startedAtMs, finishedAtMs, exitCode, reason, message: '' };
}
