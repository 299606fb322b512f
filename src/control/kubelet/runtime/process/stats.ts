import { join } from 'node:path';
import { readTextIfPresent, treeSize } from '../../../../host/state-files.js';
import type { ContainerStats } from '../container-runtime.js';
import type { ContainerRecord } from './container-record.js';

/** The kernel's unit of processor time in /proc: 100 a second on every Linux that Node runs on. */
const nanosecondsPerTick = 10_000_000;
const pageBytes = 4096;

/** What a running container uses: by its control groups, or without them by its first process and those of its session. */
export async function containerStats(options: {
  readonly record: ContainerRecord;
  readonly directory: string;
  readonly pid: number;
  readonly nowMs: number;
}): Promise<ContainerStats> {
  const { record, pid } = options;
  const size = await treeSize(join(options.directory, 'upper'));
  const usage = (await usageOfGroups(record.cgroups)) ?? (await usageOfProcess(pid));
  return {
    containerId: record.id,
    timestampMs: options.nowMs,
    ...usage,
    rootfsUsedBytes: size.bytes,
    rootfsUsedInodes: size.count,
  };
}

type Usage = Pick<
  ContainerStats,
  'cpuNanoseconds' | 'memoryUsageBytes' | 'memoryWorkingSetBytes' | 'memoryRssBytes'
>;

async function usageOfGroups(groups: readonly string[]): Promise<Usage | null> {
  const memory = groups.find((group) => group.startsWith('/sys/fs/cgroup/memory/'));
  if (memory !== undefined) {
    const cpu = groups.find((group) => group.startsWith('/sys/fs/cgroup/cpuacct/'));
    const usage = Number(await readTextIfPresent(join(memory, 'memory.usage_in_bytes')));
    const stat = valuesOf(await readTextIfPresent(join(memory, 'memory.stat')));
    const nanoseconds = await readTextIfPresent(join(cpu ?? '', 'cpuacct.usage'));
    return {
      cpuNanoseconds: Number(nanoseconds),
      memoryUsageBytes: usage,
      memoryWorkingSetBytes: Math.max(0, usage - (stat.get('total_inactive_file') ?? 0)),
      memoryRssBytes: stat.get('total_rss') ?? 0,
    };
  }
  const [unified] = groups;
  if (unified === undefined) return null;
  const usage = Number(await readTextIfPresent(join(unified, 'memory.current')));
  const stat = valuesOf(await readTextIfPresent(join(unified, 'memory.stat')));
  const cpu = valuesOf(await readTextIfPresent(join(unified, 'cpu.stat')));
  return {
    cpuNanoseconds: (cpu.get('usage_usec') ?? 0) * 1000,
    memoryUsageBytes: usage,
    memoryWorkingSetBytes: Math.max(0, usage - (stat.get('inactive_file') ?? 0)),
    memoryRssBytes: stat.get('anon') ?? 0,
  };
}

/** The process with its children that it has waited for; those that run are seen in their own statistics only. */
async function usageOfProcess(pid: number): Promise<Usage> {
  const stat = (await readTextIfPresent(`/proc/${pid}/stat`)) ?? '';
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at] ?? 0), 0);
  const residentBytes = Number(fields[21] ?? 0) * pageBytes;
  return {
    cpuNanoseconds: ticks * nanosecondsPerTick,
    memoryUsageBytes: residentBytes,
    memoryWorkingSetBytes: residentBytes,
    memoryRssBytes: residentBytes,
  };
}

function valuesOf(text: string | null): ReadonlyMap<string, number> {
  return new Map(
    (text ?? '').split('\n').map((line) => {
      const [name = '', value = '0'] = line.split(' ');
      return [name, Number(value)];
    }),
  );
}
