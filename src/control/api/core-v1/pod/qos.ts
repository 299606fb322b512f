import type { PodSpec, ResourceRequirements } from '../../gen/core-v1.js';
import { quantityOf } from '../amounts.js';

/** How well a pod is served when its node runs short. */
export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const computeNames = ['cpu', 'memory'] as const;

/**
 * Guaranteed: every container (or the pod as a whole, where it says what it needs) has limits for CPU and memory, and requests
 * as much. BestEffort: none asks for anything. Burstable: all others.
 */
export function qosClassOf(spec: PodSpec): QosClass {
  const all = requirementsOf(spec);
  const asksForAny = all.some((requirements) =>
    computeNames.some(
      (name) => isSet(requirements, 'requests', name) || isSet(requirements, 'limits', name),
    ),
  );
  if (!asksForAny) return 'BestEffort';
  return all.every(isGuaranteed) ? 'Guaranteed' : 'Burstable';
}

function requirementsOf(spec: PodSpec): ResourceRequirements[] {
  const ofPod = spec.resources;
  if (ofPod !== undefined && hasAmounts(ofPod)) return [ofPod];
  return [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(
    (container) => container.resources ?? {},
  );
}

function hasAmounts({ requests, limits }: ResourceRequirements): boolean {
  return Object.keys(requests ?? {}).length + Object.keys(limits ?? {}).length > 0;
}

function isSet(
  requirements: ResourceRequirements,
  kind: 'requests' | 'limits',
  name: string,
): boolean {
  return quantityOf(requirements[kind]?.[name]).sign > 0;
}

function isGuaranteed(requirements: ResourceRequirements): boolean {
  return computeNames.every((name) => {
    if (!isSet(requirements, 'limits', name)) return false;
    const limit = quantityOf(requirements.limits?.[name]);
    return quantityOf(requirements.requests?.[name]).compare(limit) === 0;
  });
}
