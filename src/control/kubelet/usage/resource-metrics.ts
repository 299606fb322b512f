import type { MetricFamily } from './metric-text.js';
import { type NodeSnapshot, sumOf } from './node-snapshot.js';

/** `/metrics/resource`: what the metrics API is made of. */
export function resourceMetrics({ usage, pods }: NodeSnapshot): readonly MetricFamily[] {
  const atMs = usage.timestampMs;
  const containers = pods.flatMap(({ pod, containers: all }) =>
    all.map(({ name, state, stats }) => ({
      labels: { container: name, ...labelsOf(pod.metadata) },
      ...{ state, stats },
    })),
  );
  return [
    {
      ...{ name: 'container_cpu_usage_seconds_total', type: 'counter' },
      help: 'CPU time that the container has used, in core-seconds.',
      samples: containers.map(({ labels, stats }) => ({
        ...{ labels, value: seconds(stats.cpuNanoseconds), atMs: stats.timestampMs },
      })),
    },
    {
      ...{ name: 'container_memory_working_set_bytes', type: 'gauge' },
      help: 'Working set of the container, in bytes.',
      samples: containers.map(({ labels, stats }) => ({
        ...{ labels, value: stats.memoryWorkingSetBytes, atMs: stats.timestampMs },
      })),
    },
    {
      ...{ name: 'container_start_time_seconds', type: 'gauge' },
      help: 'When the container was started, in seconds since the epoch.',
      samples: containers.map(({ labels, state }) => ({
        ...{ labels, value: state.startedAtMs / 1000 },
      })),
    },
    {
      ...{ name: 'node_cpu_usage_seconds_total', type: 'counter' },
      help: 'CPU time that the node has used, in core-seconds.',
      samples: [{ labels: {}, value: seconds(usage.cpuNanoseconds), atMs }],
    },
    {
      ...{ name: 'node_memory_working_set_bytes', type: 'gauge' },
      help: 'Working set of the node, in bytes.',
      samples: [{ labels: {}, value: usage.memoryWorkingSetBytes, atMs }],
    },
    {
      ...{ name: 'pod_cpu_usage_seconds_total', type: 'counter' },
      help: 'CPU time that the pod has used, in core-seconds.',
      samples: pods.map((each) => ({
        labels: labelsOf(each.pod.metadata),
        value: seconds(sumOf(each, ({ cpuNanoseconds }) => cpuNanoseconds)),
        atMs: newestOf(each),
      })),
    },
    {
      ...{ name: 'pod_memory_working_set_bytes', type: 'gauge' },
      help: 'Working set of the pod, in bytes.',
      samples: pods.map((each) => ({
        labels: labelsOf(each.pod.metadata),
        value: sumOf(each, ({ memoryWorkingSetBytes }) => memoryWorkingSetBytes),
        atMs: newestOf(each),
      })),
    },
    {
      ...{ name: 'resource_scrape_error', type: 'gauge' },
      help: '1 if what is used could not be found out, 0 otherwise.',
      samples: [{ labels: {}, value: 0 }],
    },
  ];
}

function labelsOf({ namespace = '', name = '' }: { namespace?: string; name?: string }) {
  return { namespace, pod: name };
}

function seconds(nanoseconds: number): number {
  return nanoseconds / 1e9;
}

function newestOf({ containers }: NodeSnapshot['pods'][number]): number {
  return Math.max(...containers.map(({ stats }) => stats.timestampMs));
}
