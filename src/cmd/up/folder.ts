import { resolve } from 'node:path';
import { DiskError } from '../../base/disk.js';
import { openHostDisk } from '../../host/disk.js';
import { DataDirLockedError, lockDataDir } from '../../host/disk-lock.js';
import { readTextFile } from '../../host/text-file.js';
import { type ClusterPlan, formatPlan, parsePlan, planFile } from './plan.js';

/** The folder cannot be used as it is. The message says why and what to do. */
export class FolderError extends Error {
  override readonly name = 'FolderError';
}

/** A folder that this `flotilla up` holds, and what an earlier one left there. */
export interface ClusterFolder {
  /** Absolute. */
  readonly path: string;
  /** The plan of the cluster that lives here; null in a new folder. */
  readonly plan: ClusterPlan | null;
  /** Keeps the plan of a new cluster. */
  store(plan: ClusterPlan): Promise<void>;
  release(): Promise<void>;
}

/** Makes the folder when it is absent, and holds it for this process. Throws {@link FolderError}. */
export async function openFolder(dir: string): Promise<ClusterFolder> {
  const path = resolve(dir);
  const disk = openHostDisk(path);
  try {
    await disk.makeDir('.');
  } catch (error) {
    throw wrap(`cannot make the folder ${path}`, error);
  }
  const lock = await lockFolder(path);
  try {
    const plan = await readPlan(path, await disk.list('.'));
    return { path, plan, store: (made) => storePlan(path, made), release: () => lock.release() };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function lockFolder(path: string) {
  try {
    return await lockDataDir(path);
  } catch (error) {
    if (!(error instanceof DataDirLockedError)) throw wrap(`cannot use the folder ${path}`, error);
    throw new FolderError(
      `another \`flotilla up\` runs in ${path} (${/process \d+/.exec(error.message)?.[0] ?? 'another process'}): ` +
        'use that one, stop it, or choose another --data-dir',
      { cause: error },
    );
  }
}

async function readPlan(path: string, names: readonly string[]): Promise<ClusterPlan | null> {
  if (names.includes(planFile)) {
    const plan = parsePlan(await readTextFile(`${path}/${planFile}`));
    if (plan !== undefined) return plan;
    throw new FolderError(
      `${path}/${planFile} cannot be read as the plan of a cluster: restore it, or choose another --data-dir`,
    );
  }
  const foreign = names.filter((name) => !/^(lost\+found|\..*|up\.json\.tmp)$/.test(name));
  if (foreign.length === 0) return null;
  throw new FolderError(
    `${path} holds something else (${foreign.slice(0, 3).join(', ')}): choose an empty or a new --data-dir`,
  );
}

async function storePlan(path: string, plan: ClusterPlan): Promise<void> {
  const disk = openHostDisk(path);
  const temporary = `${planFile}.tmp`;
  try {
    await disk.remove(temporary);
    const file = await disk.open(temporary, { create: true });
    try {
      file.write(0, [new TextEncoder().encode(formatPlan(plan))]);
      await file.sync();
    } finally {
      await file.close();
    }
    await disk.rename(temporary, planFile);
    await disk.syncDir('.');
  } catch (error) {
    throw wrap(`cannot write ${path}/${planFile}`, error);
  }
}

function wrap(action: string, error: unknown): unknown {
  if (!(error instanceof DiskError)) return error;
  return new FolderError(`${action}: ${error.message}`, { cause: error });
}
