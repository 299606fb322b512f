import { join } from 'node:path';
import { cgroupFiles } from '../../../../../host/cgroup-files.js';
import { readTextIfPresent } from '../../../../../host/state-files.js';
import type { LinuxResources } from '../../container-runtime.js';

const base = '/sys/fs/cgroup';

/** Which control groups the node has: `v1` one hierarchy per controller, `v2` one for all, null none that can be written. */
export type CgroupVersion = 'v1' | 'v2' | null;

/** The hierarchies of version 1 in which containers are counted and limited, where the node has them. */
const controllers = ['cpu', 'cpuacct', 'memory', 'pids'];

/** Looks what the node has. */
export async function cgroupVersion(): Promise<CgroupVersion> {
  if (!(await cgroupFiles.isWritable(base))) return null;
  if ((await readTextIfPresent(join(base, 'cgroup.controllers'))) !== null) return 'v2';
  const tasks = await readTextIfPresent(join(base, 'memory', 'cgroup.procs'));
  return tasks === null ? null : 'v1';
}

/** The directories of a container: below its pod's. */
export function containerCgroups(
  version: CgroupVersion,
  parent: string,
  id: string,
): readonly string[] {
  const place = join(parent || '/flotilla', id);
  if (version === null) return [];
  if (version === 'v2') return [join(base, place)];
  return controllers.map((controller) => join(base, controller, place));
}

/** Makes the groups and sets what they may use. A limit that cannot be set is refused with RuntimeError. */
export async function makeCgroups(
  groups: readonly string[],
  resources: LinuxResources,
): Promise<void> {
  for (const group of groups) await cgroupFiles.make(group);
  await limitCgroups(groups, resources);
}

/** Sets what the groups may use. */
export async function limitCgroups(
  groups: readonly string[],
  resources: LinuxResources,
): Promise<void> {
  for (const group of groups) {
    for (const [file, value] of limitsOf(group, resources)) {
      await cgroupFiles.write(join(group, file), value);
    }
  }
}

/** Kills what is left in the groups and removes them. */
export async function endCgroups(groups: readonly string[]): Promise<void> {
  for (const group of groups) await cgroupFiles.end(group);
}

/** The files of one group and what is written into them. */
export function limitsOf(group: string, resources: LinuxResources): readonly [string, string][] {
  const { cpuShares, cpuQuotaUs, cpuPeriodUs, memoryLimitBytes } = resources;
  const controller = /\/sys\/fs\/cgroup\/(cpu|cpuacct|memory|pids)\//.exec(group)?.[1];
  const memory = memoryLimitBytes === null ? null : String(memoryLimitBytes);
  switch (controller) {
    case 'cpu':
      return [
        ...(cpuShares > 0
          ? [['cpu.shares', String(Math.max(2, cpuShares))] as [string, string]]
          : []),
        ...(cpuPeriodUs > 0
          ? [['cpu.cfs_period_us', String(cpuPeriodUs)] as [string, string]]
          : []),
        ['cpu.cfs_quota_us', String(cpuQuotaUs ?? -1)],
      ];
    case 'memory':
      return [['memory.limit_in_bytes', memory ?? '-1']];
    case undefined:
      return [
        ['cpu.weight', String(weightOfShares(cpuShares))],
        ['cpu.max', `${cpuQuotaUs ?? 'max'} ${cpuPeriodUs > 0 ? cpuPeriodUs : 100_000}`],
        ['memory.max', memory ?? 'max'],
      ];
    default:
      return [];
  }
}

/** Version 2 weighs from 1 to 10000 what version 1 shares from 2 to 262144. */
function weightOfShares(shares: number): number {
  const bounded = Math.min(262_144, Math.max(2, shares || 1024));
  return Math.floor(1 + ((bounded - 2) * 9999) / 262_142);
}
