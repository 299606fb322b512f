import type { Place } from './place.js';

/** What metric servers say of a pod. */
export const podMetrics = { apiVersion: 'metrics.k8s.io/v1beta1', kind: 'PodMetrics' } as const;

/**
 * A metrics API that says what is written into it, as objects of custom kinds: simulated nodes measure nothing. For one scenario of a
 * cluster; it stays until the cluster ends.
 */
export async function serveRecordedMetrics(place: Place): Promise<void> {
  await place.apply(
    metricsKind({ plural: 'pods', kind: 'PodMetrics', scope: 'Namespaced' }),
    metricsKind({ plural: 'nodes', kind: 'NodeMetrics', scope: 'Cluster' }),
  );
  await place.kubectl(
    'wait --for=condition=established crd/pods.metrics.k8s.io crd/nodes.metrics.k8s.io --timeout=180s',
  );
}

function metricsKind(names: {
  readonly plural: string;
  readonly kind: string;
  readonly scope: string;
}): object {
  const { plural, kind, scope } = names;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.metrics.k8s.io`,
      annotations: { 'api-approved.kubernetes.io': 'unapproved, for tests' },
    },
    spec: {
      ...{ group: 'metrics.k8s.io', scope },
      names: { plural, singular: kind.toLowerCase(), kind },
      versions: [
        {
          ...{ name: 'v1beta1', served: true, storage: true },
          schema: {
            openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
          },
        },
      ],
    },
  };
}
