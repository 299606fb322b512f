import type { NodeFiles } from '../../../host/node-files.js';
import { formatTime } from '../../machinery/time.js';
import { isOperating } from '../operating-error.js';
import type { ContainerRuntime, ContainerState } from '../runtime/container-runtime.js';

/** How much log a container may have. */
export interface LogLimits {
  /** Files of one container, the one that is written to included. At least 2. */
  readonly logFiles: number;
  readonly logBytesMax: number;
}

/** Moves logs away that have become too large, under names that sort by time, and drops the oldest. */
export async function rotateLogs(
  containers: readonly ContainerState[],
  parts: {
    readonly files: NodeFiles;
    readonly runtime: ContainerRuntime;
    readonly limits: LogLimits;
    readonly nowMs: number;
  },
): Promise<void> {
  for (const container of containers) {
    if (container.state !== 'running' || container.logPath === '') continue;
    await rotate(container, parts).catch((error: unknown) => {
      if (!isOperating(error)) throw error;
    });
  }
}

async function rotate(
  { id, logPath }: ContainerState,
  parts: Parameters<typeof rotateLogs>[1],
): Promise<void> {
  const { files, runtime, limits, nowMs } = parts;
  if ((await files.sizeOf(logPath)) < limits.logBytesMax) return;
  const rotated = await movedAway(logPath, files);
  // The one that is moved away now is one of them.
  const tooMany = rotated.slice(0, Math.max(0, rotated.length - (limits.logFiles - 2)));
  for (const path of tooMany) await files.remove(path);
  const moved = `${logPath}.${timestamp(nowMs)}`;
  await files.rename(logPath, moved);
  try {
    await runtime.reopenLog(id);
  } catch (error) {
    await files.rename(moved, logPath);
    throw error;
  }
}

/** Takes the log of a container away that is no more, with all that was moved away of it. Rejects with the operating system's error. */
export async function removeLogs(logPath: string, files: NodeFiles): Promise<void> {
  for (const path of [...(await movedAway(logPath, files)), logPath]) await files.remove(path);
}

/** What was moved away of a log, the oldest first. */
async function movedAway(logPath: string, files: NodeFiles): Promise<readonly string[]> {
  const slash = logPath.lastIndexOf('/');
  const dir = logPath.slice(0, slash);
  const base = `${logPath.slice(slash + 1)}.`;
  const names = (await files.list(dir)).filter((name) => name.startsWith(base));
  return names.map((name) => `${dir}/${name}`);
}

/** As `20260102-030405`. */
function timestamp(ms: number): string {
  return formatTime(ms).slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
}
