import type { KubeObject } from '../../machinery/object.js';
import type { ScopedResourceSelectorRequirement } from '../gen/core-v1.js';
import type { Amounts } from './amounts.js';

/** What of a request says whether it is counted. */
export interface CountedRequest {
  /** `CREATE`, `UPDATE` and so on, as admission names them. */
  readonly operation: string;
  /** '' is the object itself. */
  readonly subresource: string;
}

/** Measures what objects of one resource count for. Pure. */
export interface QuotaEvaluator {
  /** Whether a request can change what is counted. */
  handles(request: CountedRequest): boolean;
  /** Which of the resources that a quota bounds this counts. */
  matchingResources(names: readonly string[]): readonly string[];
  /** Whether an object is within a scope of a quota. */
  matchesScope(object: KubeObject, scope: ScopedResourceSelectorRequirement): boolean;
  /** Null, or why an object cannot be counted for the bounded resources. */
  constraintProblem(object: KubeObject, resources: readonly string[]): string | null;
  usage(object: KubeObject, nowMs: number): Amounts;
}
