import { access, constants, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const base = '/sys/fs/cgroup';
const endTries = 20;
const endPauseMs = 25;

/** Control groups, which are directories whose files the kernel makes. */
export const cgroupFiles = {
  /** Whether groups can be made in a directory. */
  async isWritable(path: string): Promise<boolean> {
    if (process.geteuid?.() !== 0) return false;
    return access(path, constants.W_OK).then(
      () => true,
      () => false,
    );
  },

  /** Makes a group and those above it; in version 2 these hand their controllers down. */
  async make(path: string): Promise<void> {
    await mkdir(path, { recursive: true });
    if ((await readFile(join(path, 'cgroup.controllers'), 'utf8').catch(() => null)) === null)
      return;
    for (const parent of parentsOf(path)) {
      for (const controller of ['cpu', 'memory', 'pids']) {
        await writeFile(join(parent, 'cgroup.subtree_control'), `+${controller}`).catch(
          () => undefined,
        );
      }
    }
  },

  /** Writes one value. Rejects with the operating system's error. */
  async write(path: string, value: string): Promise<void> {
    await writeFile(path, value);
  },

  /** Removes a group, as `/kubepods/pod1`, from each hierarchy in which it is there and has nothing in it. */
  async removeEmpty(group: string): Promise<void> {
    const isV2 = await access(join(base, 'cgroup.controllers')).then(
      () => true,
      () => false,
    );
    const hierarchies = isV2 ? [''] : await readdir(base).catch(() => []);
    for (const hierarchy of hierarchies) {
      await rmdir(join(base, hierarchy, group)).catch(() => undefined);
    }
  },

  /** Kills the processes of a group until it can be removed. Leaves it when the kernel holds on to one of them. */
  async end(path: string): Promise<void> {
    for (let tries = 0; tries < endTries; tries += 1) {
      const procs = await readFile(join(path, 'cgroup.procs'), 'utf8').catch(() => null);
      if (procs === null) return;
      for (const pid of procs.split('\n').filter(Boolean)) kill(Number(pid));
      if (
        await rmdir(path).then(
          () => true,
          () => false,
        )
      ) {
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, endPauseMs));
    }
  },
};

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** The groups above one, from the top of the hierarchy. */
function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let at = dirname(path); at.startsWith('/sys/fs/cgroup'); at = dirname(at))
    parents.unshift(at);
  return parents;
}
