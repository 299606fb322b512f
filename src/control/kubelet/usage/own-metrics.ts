import type { ContainerState } from '../runtime/container-runtime.js';
import type { MetricFamily } from './metric-text.js';

/** Requests that were answered, by method and the first part of their path. */
export class RequestCounts {
  readonly #counts = new Map<string, { method: string; path: string; count: number }>();

  /** `path` is of those that are served: what clients make up is not counted by name. */
  add(method: string, path: string): void {
    const key = `${method} ${path}`;
    const entry = this.#counts.get(key) ?? { method, path, count: 0 };
    entry.count += 1;
    this.#counts.set(key, entry);
  }

  get family(): MetricFamily {
    return {
      ...{ name: 'kubelet_http_requests_total', type: 'counter' },
      help: 'Requests that were answered.',
      samples: [...this.#counts.values()].map(({ method, path, count }) => ({
        labels: { method, path, server_type: 'readwrite' },
        value: count,
      })),
    };
  }
}

/** What `/metrics` says of a kubelet besides what every program says of itself. */
export function ownMetrics(
  nodeName: string,
  containers: readonly ContainerState[],
): readonly MetricFamily[] {
  const states = new Map<string, number>();
  for (const { state } of containers) states.set(state, (states.get(state) ?? 0) + 1);
  const running = containers.filter(({ state }) => state === 'running');
  return [
    {
      ...{ name: 'kubelet_node_name', type: 'gauge' },
      help: "The node's name; the count is always 1.",
      samples: [{ labels: { node: nodeName }, value: 1 }],
    },
    {
      ...{ name: 'kubelet_running_pods', type: 'gauge' },
      help: 'Pods with a running sandbox.',
      samples: [{ labels: {}, value: new Set(running.map(({ sandboxId }) => sandboxId)).size }],
    },
    {
      ...{ name: 'kubelet_running_containers', type: 'gauge' },
      help: 'Containers by state.',
      samples: [...states].map(([state, value]) => ({
        labels: { container_state: state },
        value,
      })),
    },
  ];
}
