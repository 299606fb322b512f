import { RefusedNodes } from '../cycle/refused-nodes.js';
import type { NodeInfo } from '../framework/node-info.js';
import type { NodeList, NodeStatuses, PluginStatus } from '../framework/plugin.js';

/** Nodes that were refused for something that pods who leave can change. */
export interface PotentialNodes {
  readonly length: number;
  nodeAt(index: number): NodeInfo;
  /** Where it is in `all`; meaningless without. */
  placeOf(index: number): number;
  /** The list of all nodes; null when places in it are not known. */
  readonly all: readonly NodeInfo[] | null;
}

/** The nodes that are worth a try, in the order in which they were refused. */
export function potentialNodes({ byNode, others }: NodeStatuses, nodes: NodeList): PotentialNodes {
  if (byNode instanceof RefusedNodes && others === null) return amongRefused(byNode);
  const potential: NodeInfo[] = [];
  byNode.forEach((status, name) => {
    const node = nodes.get(name);
    if (isHopeful(status) && node !== undefined) potential.push(node);
  });
  if (others !== null && isHopeful(others)) {
    for (const node of nodes.all) if (!byNode.has(node.name)) potential.push(node);
  }
  return listed(potential, null, null);
}

/** Mostly they all are: then thousands of nodes are not gone through for it. */
function amongRefused(refused: RefusedNodes): PotentialNodes {
  const { size: length, all } = refused;
  if ([...refused.counts.keys()].every(isHopeful)) {
    return {
      ...{ length, all },
      nodeAt: (index) => refused.nodeAt(index),
      placeOf: (index) => refused.placeOf(index),
    };
  }
  const nodes: NodeInfo[] = [];
  const places: number[] = [];
  for (let i = 0; i < length; i++) {
    if (!isHopeful(refused.statusAt(i))) continue;
    nodes.push(refused.nodeAt(i));
    places.push(refused.placeOf(i));
  }
  return listed(nodes, places, all);
}

function listed(
  nodes: readonly NodeInfo[],
  places: readonly number[] | null,
  all: readonly NodeInfo[] | null,
): PotentialNodes {
  return {
    ...{ length: nodes.length, all },
    nodeAt: (index) => nodes[index] as NodeInfo,
    placeOf: (index) => places?.[index] ?? -1,
  };
}

function isHopeful({ code }: PluginStatus): boolean {
  return code === 'unschedulable';
}
