import type { GroupResource } from '../../machinery/object.js';
import type { QuotaEvaluator } from './evaluator.js';
import { objectCountEvaluator } from './object-count.js';
import { claimEvaluator, resourceClaimEvaluator, serviceEvaluator } from './other-evaluators.js';
import { podEvaluator } from './pod-evaluator.js';

const evaluators: ReadonlyMap<string, QuotaEvaluator> = new Map([
  ['/pods', podEvaluator],
  ['/services', serviceEvaluator],
  ['/persistentvolumeclaims', claimEvaluator],
  ['resource.k8s.io/resourceclaims', resourceClaimEvaluator],
]);

/** Resources that no quota counts: what is not stored, and events. */
const ignored: ReadonlySet<string> = new Set([
  '/bindings',
  '/componentstatuses',
  '/events',
  'events.k8s.io/events',
  'authentication.k8s.io/tokenreviews',
  'authorization.k8s.io/subjectaccessreviews',
  'authorization.k8s.io/selfsubjectaccessreviews',
  'authorization.k8s.io/localsubjectaccessreviews',
  'authorization.k8s.io/selfsubjectrulesreviews',
]);

/** How the objects of a namespaced resource are measured; null when no quota counts them. */
export function evaluatorOf({ group, resource }: GroupResource): QuotaEvaluator | null {
  const key = `${group}/${resource}`;
  if (ignored.has(key)) return null;
  return evaluators.get(key) ?? objectCountEvaluator(group, resource);
}
