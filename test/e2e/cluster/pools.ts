import type { Place } from './place.js';

/** Nodes that scenarios have to themselves: labelled, and tainted so that nobody else comes. The others are for all. */
export const pools = {
  loss: ['node-6', 'node-7', 'node-8'],
  drain: ['node-9', 'node-10', 'node-11'],
  preemption: ['node-12'],
  daemon: ['node-13', 'node-14'],
  taint: ['node-15'],
  surge: ['node-16', 'node-17'],
  eviction: ['node-18'],
  nominee: ['node-19'],
  kubectls: ['node-20'],
} as const;

/** Nodes that everybody may use, two in each of the zones `a`, `b` and `c`. */
export const freeNodes = 6;

/** Nodes in all. */
export const nodeCount = 21;

/** Labels and taints the nodes of the pools, with kubectl. */
export async function makePools(place: Place): Promise<void> {
  for (const [pool, nodes] of Object.entries(pools)) {
    await place.kubectl(`label node ${nodes.join(' ')} pool=${pool}`);
    await place.kubectl(`taint node ${nodes.join(' ')} pool=${pool}:NoSchedule`);
  }
}
