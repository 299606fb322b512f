import type { HorizontalPodAutoscaler } from '../../../src/control/api/gen/autoscaling-v2.js';
import { resources } from '../../../src/control/client/index.js';
import { type ClusterState, told } from './cluster-state.js';
import { usageOf } from './measured-way.js';
import type { RandomKind } from './workloads.js';

/** What each pod of the workloads requests, in thousandths of a processor. */
const requested = 10;
const tolerance = 0.1;

/** Autoscalers of the Deployment or StatefulSet of their name. */
export const autoscalers: RandomKind = {
  resource: resources.horizontalPodAutoscalers,
  make: (prng, place) => ({
    metadata: place,
    spec: {
      scaleTargetRef: {
        ...{ apiVersion: 'apps/v1', kind: prng.pick(['Deployment', 'StatefulSet']) },
        name: place.name,
      },
      minReplicas: prng.int(1, 3),
      maxReplicas: prng.int(3, 7),
      metrics: [
        {
          type: 'Resource',
          resource: {
            name: 'cpu',
            target: { type: 'Utilization', averageUtilization: prng.pick([50, 80]) },
          },
        },
      ],
      ...prng.pick([
        {},
        {
          behavior: {
            scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 5 }] },
            scaleDown: { stabilizationWindowSeconds: 5 },
          },
        },
      ]),
    },
  }),
  change: (prng) => ({ spec: { maxReplicas: prng.int(3, 7) } }),
};

/** In what the sizes of targets are not what their autoscalers want by the load, or are not told. */
export function* autoscalerDifferences(state: ClusterState): Generator<string> {
  for (const autoscaler of state.of(resources.horizontalPodAutoscalers)) {
    const { metadata, spec, status } = autoscaler;
    const name = told(autoscaler);
    const target = [...state.of(resources.deployments), ...state.of(resources.statefulSets)].find(
      (each) =>
        each.kind === spec?.scaleTargetRef?.kind &&
        each.metadata.name === spec?.scaleTargetRef?.name &&
        each.metadata.namespace === metadata.namespace,
    );
    if (target === undefined) {
      if (reasonOf(autoscaler, 'AbleToScale') !== 'FailedGetScale')
        yield `${name} misses no target`;
      continue;
    }
    const replicas = target.spec?.replicas ?? 1;
    const active = reasonOf(autoscaler, 'ScalingActive');
    const expected = replicas === 0 ? 'ScalingDisabled' : 'ValidMetricFound';
    if (active !== expected) yield `${name} says ${active}, not ${expected}`;
    const wanted = replicas === 0 ? 0 : sizeWanted(autoscaler, appOf(target), replicas);
    if (replicas !== wanted) yield `${name} leaves ${told(target)} at ${replicas}, not ${wanted}`;
    const { currentReplicas = 0, desiredReplicas = 0 } = status ?? {};
    if (currentReplicas !== replicas || desiredReplicas !== replicas) {
      yield `${name} counts ${currentReplicas}, wants ${desiredReplicas}, and there are ${replicas}`;
    }
  }
}

/** The size that a target of so many pods is to have, worked out from the load alone. */
function sizeWanted({ spec }: HorizontalPodAutoscaler, app: string, replicas: number): number {
  const { minReplicas = 1, maxReplicas = 1, metrics } = spec ?? {};
  const percent = metrics?.[0]?.resource?.target?.averageUtilization ?? 0;
  const ratio = (usageOf(app, replicas) * 100) / requested / percent;
  const isWithin = Math.abs(ratio - 1) <= tolerance + 1e-9;
  const byLoad = isWithin ? replicas : Math.ceil(ratio * replicas - 1e-9);
  return Math.min(maxReplicas, Math.max(minReplicas, byLoad));
}

function appOf(target: { readonly spec?: { readonly selector?: object } }): string {
  const { matchLabels } = (target.spec?.selector ?? {}) as { matchLabels?: Record<string, string> };
  return matchLabels?.app ?? '';
}

function reasonOf({ status }: HorizontalPodAutoscaler, type: string): string | undefined {
  return status?.conditions?.find((each) => each.type === type)?.reason;
}
