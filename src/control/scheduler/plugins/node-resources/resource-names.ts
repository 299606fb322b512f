import type { NodeInfo, PodInfo, ResourceAmounts } from '../../framework/node-info.js';

/** A resource that scores count, by a small number that a `switch` is fast on. */
export interface CountedResource {
  readonly name: string;
  readonly weight: number;
  readonly kind: 'cpu' | 'memory' | 'ephemeral-storage' | 'scalar';
}

/** A resource by its name, as arguments list it. */
export function countedResource(name: string, weight: number): CountedResource {
  const isBasic = name === 'cpu' || name === 'memory' || name === 'ephemeral-storage';
  return { name, weight, kind: isBasic ? name : 'scalar' };
}

/** The amount of a resource. */
export function amountFor(amounts: Readonly<ResourceAmounts>, resource: CountedResource): number {
  switch (resource.kind) {
    case 'cpu':
      return amounts.milliCpu;
    case 'memory':
      return amounts.memoryBytes;
    case 'ephemeral-storage':
      return amounts.ephemeralStorageBytes;
    default:
      return amounts.scalars?.get(resource.name) ?? 0;
  }
}

/** What scores count a pod for: of CPU and memory something even when it asks for nothing. */
export function scoredRequest(pod: PodInfo, resource: CountedResource): number {
  if (resource.kind === 'cpu') return pod.nonZeroMilliCpu;
  if (resource.kind === 'memory') return pod.nonZeroMemoryBytes;
  return amountFor(pod.requests, resource);
}

/** The same of all pods of a node. */
export function scoredUse(node: NodeInfo, resource: CountedResource): number {
  if (resource.kind === 'cpu') return node.nonZeroRequestedMilliCpu;
  if (resource.kind === 'memory') return node.nonZeroRequestedMemoryBytes;
  return amountFor(node.requested, resource);
}
