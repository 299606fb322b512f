import { Quantity } from '../../machinery/quantity.js';
import type { QuotaEvaluator } from './evaluator.js';

/** Resources of the core group that quotas also bound by their own name. */
const aliases: ReadonlySet<string> = new Set([
  'configmaps',
  'secrets',
  'resourcequotas',
  'replicationcontrollers',
]);

/** `count/deployments.apps`. */
export function countName(group: string, resource: string): string {
  return `count/${resource}${group === '' ? '' : `.${group}`}`;
}

/** Counts objects of a resource that has nothing else to count. */
export function objectCountEvaluator(group: string, resource: string): QuotaEvaluator {
  const names = [
    countName(group, resource),
    ...(group === '' && aliases.has(resource) ? [resource] : []),
  ];
  const one = new Map(names.map((name) => [name, Quantity.of(1)] as const));
  return {
    handles: ({ operation, subresource }) => operation === 'CREATE' && subresource === '',
    matchingResources: (bounded) => bounded.filter((name) => names.includes(name)),
    matchesScope: () => false,
    constraintProblem: () => null,
    usage: () => one,
  };
}
