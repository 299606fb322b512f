import type { CycleState } from '../framework/cycle-state.js';
import type { NodeInfo, PodInfo } from '../framework/node-info.js';
import { NodeState } from '../framework/node-state.js';
import type { PluginStatus } from '../framework/plugin.js';
import type { Profile } from '../runtime/profile.js';

/**
 * Whether a pod fits on a node, beside the pods that are promised the node and go before it: with them, since they will come, and without
 * them, since they may not.
 */
export function runFilters(
  profile: Profile,
  state: CycleState,
  pod: PodInfo,
  node: NodeInfo,
): PluginStatus | null {
  const filters = profile.activeFilters(state);
  const promised = absent(profile.nominatedBefore(pod, node.name), node);
  if (promised.length > 0) {
    const full = NodeState.copyOf(node);
    const fullState = state.clone();
    for (const each of promised) {
      full.add(each);
      const status = profile.addPod(fullState, pod, each, full);
      if (status !== null) return status;
    }
    const status = profile.filter(filters, fullState, pod, full);
    if (status !== null) return status;
  }
  return profile.filter(filters, state, pod, node);
}

/** Those that are not on the node already. */
function absent(pods: readonly PodInfo[], node: NodeInfo): readonly PodInfo[] {
  if (pods.length === 0) return pods;
  const present = new Set(node.pods.map(({ uid }) => uid));
  return pods.filter(({ uid }) => !present.has(uid));
}
