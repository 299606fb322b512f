import type { ScopedResourceSelectorRequirement } from '../../../api/gen/core-v1.js';
import type { KubeObject } from '../../../machinery/object.js';
import type { AdmissionRequest } from '../../contracts.js';
import type { Amounts } from './amounts.js';

/** Measures what objects of one resource count for. Pure. */
export interface QuotaEvaluator {
  /** Whether a request can change what is counted. */
  handles(request: AdmissionRequest): boolean;
  /** Which of the resources that a quota bounds this counts. */
  matchingResources(names: readonly string[]): readonly string[];
  /** Whether an object is within a scope of a quota. */
  matchesScope(object: KubeObject, scope: ScopedResourceSelectorRequirement): boolean;
  /** Null, or why an object cannot be counted for the bounded resources. */
  constraintProblem(object: KubeObject, resources: readonly string[]): string | null;
  usage(object: KubeObject, nowMs: number): Amounts;
}
