/** Clusters up to so many nodes are searched whole, and so many are always enough to look for. */
const nodesMin = 100;
const percentageMin = 5;

/**
 * How many nodes that can do are enough to choose from. `percentage` 0 goes by the size: 50 % less 1 % for each 125 nodes, at least 5 %.
 */
export function enoughNodes(nodeCount: number, percentage: number): number {
  if (nodeCount < nodesMin) return nodeCount;
  const share =
    percentage > 0 ? percentage : Math.max(percentageMin, 50 - Math.floor(nodeCount / 125));
  return Math.max(nodesMin, Math.min(nodeCount, Math.floor((nodeCount * share) / 100)));
}
