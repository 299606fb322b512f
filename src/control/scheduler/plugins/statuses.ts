import type { PluginStatus } from '../framework/plugin.js';

/** Not on this node now; pods that leave, or a preemption, may help. */
export function unschedulable(...reasons: readonly string[]): PluginStatus {
  return { code: 'unschedulable', reasons };
}

/** Not on this node whoever leaves it. */
export function unresolvable(...reasons: readonly string[]): PluginStatus {
  return { code: 'unresolvable', reasons };
}

/** The plugin cannot tell; the pod is tried again after a pause. */
export function failure(reason: string): PluginStatus {
  return { code: 'error', reasons: [reason] };
}
