import type { MachineIdentity } from '../../../host/machine.js';
import type { ContainerStats } from '../runtime/container-runtime.js';
import type { MetricFamily, Sample } from './metric-text.js';
import type { ContainerSnapshot, NodeSnapshot, PodSnapshot } from './node-snapshot.js';

/** A number of containers, under the name by which dashboards know it. */
interface Row {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly of: (container: ContainerSnapshot) => number;
}

const fromStats = (of: (stats: ContainerStats) => number) => (container: ContainerSnapshot) =>
  of(container.stats);

const rows: readonly Row[] = [
  {
    ...{ name: 'container_cpu_usage_seconds_total', type: 'counter' },
    help: 'CPU time used, in core-seconds.',
    of: fromStats(({ cpuNanoseconds }) => cpuNanoseconds / 1e9),
  },
  {
    ...{ name: 'container_memory_usage_bytes', type: 'gauge' },
    help: 'Memory used, caches included, in bytes.',
    of: fromStats(({ memoryUsageBytes }) => memoryUsageBytes),
  },
  {
    ...{ name: 'container_memory_working_set_bytes', type: 'gauge' },
    help: 'Working set, in bytes.',
    of: fromStats(({ memoryWorkingSetBytes }) => memoryWorkingSetBytes),
  },
  {
    ...{ name: 'container_memory_rss', type: 'gauge' },
    help: 'Memory that is no file, in bytes.',
    of: fromStats(({ memoryRssBytes }) => memoryRssBytes),
  },
  {
    ...{ name: 'container_fs_usage_bytes', type: 'gauge' },
    help: 'What the container has written into its file system, in bytes.',
    of: fromStats(({ rootfsUsedBytes }) => rootfsUsedBytes),
  },
  {
    ...{ name: 'container_start_time_seconds', type: 'gauge' },
    help: 'When the container was started, in seconds since the epoch.',
    of: ({ state }) => state.startedAtMs / 1000,
  },
  {
    ...{ name: 'container_last_seen', type: 'gauge' },
    help: 'When the container was seen last, in seconds since the epoch.',
    of: fromStats(({ timestampMs }) => Math.floor(timestampMs / 1000)),
  },
];

/** `/metrics/cadvisor`: machine and containers under the names that dashboards ask for. What cannot be measured here is not there. */
export function cadvisorMetrics(
  { usage, pods }: NodeSnapshot,
  { cpus }: Pick<MachineIdentity, 'cpus'>,
): readonly MetricFamily[] {
  const families = rows.map(({ name, type, help, of }): MetricFamily => {
    const samples = pods.flatMap((each) =>
      each.containers.map((container): Sample => {
        const labels = labelsOf(each, container, name);
        return { labels, value: of(container), atMs: container.stats.timestampMs };
      }),
    );
    return { name, type, help, samples };
  });
  const machine = (name: string, help: string, value: number): MetricFamily => ({
    ...{ name, type: 'gauge', help },
    samples: [{ labels: {}, value }],
  });
  return [
    ...families,
    machine('machine_cpu_cores', 'Processors of the machine.', cpus),
    machine('machine_memory_bytes', 'Memory of the machine.', usage.memoryTotalBytes),
  ];
}

function labelsOf(
  { pod: { metadata } }: PodSnapshot,
  { name, state }: ContainerSnapshot,
  metric: string,
): Record<string, string> {
  return {
    container: name,
    ...(metric === 'container_cpu_usage_seconds_total' ? { cpu: 'total' } : {}),
    id: `/${state.id}`,
    image: state.image,
    name: state.id,
    namespace: metadata.namespace ?? '',
    pod: metadata.name ?? '',
  };
}
