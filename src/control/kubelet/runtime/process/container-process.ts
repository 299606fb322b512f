import { join } from 'node:path';
import { fileFacts, readTextIfPresent } from '../../../../host/state-files.js';

/** How a container's first process is, as its directory and the kernel tell. */
export type ProcessState =
  | { readonly kind: 'created' }
  /** It was started, and has not got as far as having an id. */
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly pid: number; readonly startedAtMs: number }
  | {
      readonly kind: 'exited';
      readonly startedAtMs: number;
      readonly finishedAtMs: number;
      /** Null: it ended while nobody could see. */
      readonly exitCode: number | null;
      readonly isOutOfMemory: boolean;
    };

/** The place in the text of `/proc/PID/stat`, after the id, of when it started in ticks since the boot. */
const startTicksAt = 20;

/** Reads how a container is. `isThisBoot` is whether it was made since the machine started; `nowMs` is since the epoch. */
export async function readProcessState(
  directory: string,
  isThisBoot: boolean,
  nowMs: number,
): Promise<ProcessState> {
  // In this order: who is seen dead first, and then without an exit, has not written it down before it died.
  const starting = await fileFacts(join(directory, 'starting'));
  const pid = await readTextIfPresent(join(directory, 'pid'));
  const isAlive = isThisBoot && pid !== null && (await isSameProcess(pid));
  const isWatched = isThisBoot && (await isSupervised(directory));
  const exit = await readTextIfPresent(join(directory, 'exit'));
  if (starting === null) return { kind: 'created' };
  const startedAtMs =
    (await fileFacts(join(directory, 'pid')))?.modifiedAtMs ?? starting.modifiedAtMs;
  if (exit !== null) {
    return {
      kind: 'exited',
      startedAtMs,
      finishedAtMs: (await fileFacts(join(directory, 'exit')))?.modifiedAtMs ?? startedAtMs,
      ...parseExit(exit),
    };
  }
  // Between the end of the process and its exit code the container counts as running: it is not known yet how it ended.
  if (pid !== null && (isAlive || isWatched)) {
    return { kind: 'running', pid: Number(pid.split(' ', 1)[0]), startedAtMs };
  }
  if (pid === null && isThisBoot && (isWatched || isFresh(starting.modifiedAtMs, nowMs))) {
    return { kind: 'starting' };
  }
  return { kind: 'exited', startedAtMs, finishedAtMs: 0, exitCode: null, isOutOfMemory: false };
}

/** What the supervisor has written at the end. On a full disk there may be a file without anything in it. */
function parseExit(text: string): { exitCode: number | null; isOutOfMemory: boolean } {
  const match = /^(\d+) ([01])$/.exec(text.trim());
  if (match === null) return { exitCode: null, isOutOfMemory: false };
  return { exitCode: Number(match[1]), isOutOfMemory: match[2] === '1' };
}

/** Whether the process whose line of `/proc/self/stat` was kept is alive: an id alone may be another's by now. */
export async function isSameProcess(keptStat: string): Promise<boolean> {
  const pid = Number(keptStat.split(' ', 1)[0]);
  if (!Number.isInteger(pid) || pid <= 1) return false;
  const now = await readTextIfPresent(`/proc/${pid}/stat`);
  if (now === null || stateOf(now) === 'Z') return false;
  return startTicksOf(now) === startTicksOf(keptStat);
}

/** Whether the shell that waits for the container is alive. */
async function isSupervised(directory: string): Promise<boolean> {
  const supervisor = await readTextIfPresent(join(directory, 'supervisor'));
  return supervisor !== null && (await isSameProcess(supervisor));
}

/** A supervisor that has not said who it is within this time never will. */
const supervisorStartMs = 20_000;

function isFresh(startingAtMs: number, nowMs: number): boolean {
  return nowMs - startingAtMs < supervisorStartMs;
}

function stateOf(stat: string): string {
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
}

function startTicksOf(stat: string): string {
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return afterName[startTicksAt - 1] ?? '';
}
