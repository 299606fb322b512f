import type { Node, NodeCondition } from '../../api/gen/core-v1.js';

/** A condition of a node's status. */
export function nodeCondition(node: Node, type: string): NodeCondition | undefined {
  return node.status?.conditions?.find((condition) => condition.type === type);
}

/** The node says that it takes pods, or somebody says so for it. */
export function isNodeReady(node: Node): boolean {
  return nodeCondition(node, 'Ready')?.status === 'True';
}

/** The region and zone of a node as one text, '' without both. The labels before Kubernetes 1.17 count where the new ones are missing. */
export function zoneKeyOf({ metadata }: Node): string {
  const labels = metadata.labels ?? {};
  const region =
    labels['topology.kubernetes.io/region'] ?? labels['failure-domain.beta.kubernetes.io/region'];
  const zone =
    labels['topology.kubernetes.io/zone'] ?? labels['failure-domain.beta.kubernetes.io/zone'];
  // No label holds the character between them.
  return region || zone ? `${region ?? ''}:\0:${zone ?? ''}` : '';
}
