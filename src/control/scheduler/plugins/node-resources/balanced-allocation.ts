import { duplicate, fieldPath, invalidValue } from '../../../machinery/field-path.js';
import type { NodeInfo, PodInfo } from '../../framework/node-info.js';
import type { Plugin } from '../../framework/plugin.js';
import { fieldsOf, listOf, refuseProblems } from '../plugin-arguments.js';
import { resourcesOf } from './fit-args.js';
import { amountFor, type CountedResource } from './resource-names.js';

/** Prefers nodes whose resources are used more evenly with the pod than without. Not asked for pods that ask for nothing. */
export function nodeResourcesBalancedAllocation(args: unknown): Plugin {
  const resources = balancedResources(args);
  return {
    name: 'NodeResourcesBalancedAllocation',
    scoreLocality: 'demand',
    preScore: (_, { requests }) =>
      resources.every((resource) => amountFor(requests, resource) === 0) ? 'skip' : null,
    score: (_, pod, node) => changeOfBalance(pod, node, resources),
  };
}

function balancedResources(args: unknown): readonly CountedResource[] {
  const fields = fieldsOf(args, ['resources']);
  const resources = resourcesOf(listOf(fields, 'resources'));
  const path = fieldPath('resources');
  refuseProblems(
    resources.flatMap(({ name, weight }, at) => [
      ...(resources.findIndex((other) => other.name === name) < at
        ? [duplicate(path.index(at).child('name'), name)]
        : []),
      ...(weight === 1 ? [] : [invalidValue(path.index(at).child('weight'), weight, 'must be 1')]),
    ]),
  );
  return resources;
}

/** 75 when nothing changes; towards 100 when the pod evens the use of the node out, towards 50 when it makes it more uneven. */
function changeOfBalance(
  pod: PodInfo,
  node: NodeInfo,
  resources: readonly CountedResource[],
): number {
  const withPod = balance(node, resources, pod);
  const without = balance(node, resources, pod, 0);
  return 50 + Math.floor((50 + withPod - without) / 2);
}

/** From 50 to 100: 100 less the standard deviation, in percent, of how full the resources are. `share` 0 leaves the pod out. */
function balance(
  node: NodeInfo,
  resources: readonly CountedResource[],
  { requests }: PodInfo,
  share: 0 | 1 = 1,
): number {
  let count = 0;
  let sum = 0;
  let first = 0;
  let second = 0;
  for (const resource of resources) {
    const request = amountFor(requests, resource);
    const fraction = fractionOf(node, resource, request, share);
    if (fraction < 0) continue;
    if (count === 0) first = fraction;
    else second = fraction;
    count++;
    sum += fraction;
  }
  if (count < 2) return 100;
  if (count === 2) return Math.trunc((1 - Math.abs((first - second) / 2)) * 100);
  const mean = sum / count;
  let squares = 0;
  for (const resource of resources) {
    const fraction = fractionOf(node, resource, amountFor(requests, resource), share);
    if (fraction >= 0) squares += (fraction - mean) * (fraction - mean);
  }
  return Math.trunc((1 - Math.sqrt(squares / count)) * 100);
}

/** How full a resource is, at most 1; negative when it is not counted: the node has none, or it is a scalar that the pod does not ask for. */
function fractionOf(
  node: NodeInfo,
  resource: CountedResource,
  request: number,
  share: 0 | 1,
): number {
  if (request === 0 && resource.kind === 'scalar') return -1;
  const capacity = amountFor(node.allocatable, resource);
  if (capacity === 0) return -1;
  return Math.min(1, (amountFor(node.requested, resource) + share * request) / capacity);
}
