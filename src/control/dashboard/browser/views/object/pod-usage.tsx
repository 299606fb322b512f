import { type ObjectName, resourcePath } from '../../../model/page-route.js';
import { containerUsages } from '../../../model/usage.js';
import { UsageTable } from '../../components/usage.js';
import { usePolled, useSession } from '../../hooks.js';

const pollMs = 15_000;
const podMetrics = { group: 'metrics.k8s.io', version: 'v1beta1', resource: 'pods' } as const;

/** What a pod's containers use, where there is a metrics API that knows. */
export function PodUsage({ target }: { readonly target: ObjectName }) {
  const { api } = useSession();
  const path = `${resourcePath(podMetrics, target.namespace)}/${encodeURIComponent(target.name)}`;
  const { value } = usePolled(path, pollMs, async (signal) =>
    containerUsages(await api.json(path, { signal })),
  );
  if (value === null || value.length === 0) return null;
  return (
    <section>
      <h2>Usage</h2>
      <UsageTable label="Usage" usages={value} />
    </section>
  );
}
