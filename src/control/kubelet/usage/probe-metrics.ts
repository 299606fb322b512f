import type { ProbeCount } from '../kubelet-view.js';
import type { MetricFamily } from './metric-text.js';

/** `/metrics/probes`: how often probes had which result. */
export function probeMetrics(counts: readonly ProbeCount[]): readonly MetricFamily[] {
  return [
    {
      ...{ name: 'prober_probe_total', type: 'counter' },
      help: 'Results of liveness, readiness and startup probes, by container.',
      samples: counts.map(({ namespace, pod, podUid, container, kind, result, count }) => ({
        labels: {
          ...{ container, namespace, pod, pod_uid: podUid, probe_type: kind, result },
        },
        value: count,
      })),
    },
  ];
}
