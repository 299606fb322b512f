import { AssertionError } from '../../../base/assert.js';
import type { Clock } from '../../../base/clock.js';
import type { ControlClient } from '../../client/index.js';
import type { Extenders } from '../extenders/extenders.js';
import type { CycleState } from '../framework/cycle-state.js';
import type { PodInfo } from '../framework/node-info.js';
import type { PluginStatus } from '../framework/plugin.js';
import type { Profile } from '../runtime/profile.js';
import type { WaitingPods } from '../runtime/waiting-pods.js';
import { placedNode } from './placed-node.js';
import type { PodStatusWriter } from './pod-status-writer.js';
import type { Slots } from './slots.js';

/** A pod on its way to the node that was chosen for it. */
export interface Placement {
  readonly profile: Profile;
  readonly state: CycleState;
  readonly pod: PodInfo;
  readonly nodeName: string;
}

/** What placements are carried out with. */
export interface BindingParts {
  readonly client: ControlClient;
  readonly clock: Clock;
  readonly waiting: WaitingPods;
  readonly statuses: PodStatusWriter;
  readonly extenders: Extenders;
  /** So many bindings are sent at a time. */
  readonly slots: Slots;
  readonly signal: AbortSignal;
  /** The permits are there: where the pod will run is settled. */
  readonly onPermitted: (pod: PodInfo) => void;
}

/** How it ended. */
export type BindingOutcome =
  | { readonly kind: 'bound' }
  /** Nothing of it is left at the API. */
  | { readonly kind: 'failed'; readonly status: PluginStatus }
  /** The pod is gone, or somebody else has placed it. */
  | { readonly kind: 'not-ours' }
  /** The scheduler stops; what the API has of it is not known. */
  | { readonly kind: 'stopped' };

/** Waits for the permits, then does what comes before the binding, and binds. The caller undoes what was reserved when it fails. */
export async function carryOut(
  { profile, state, pod, nodeName }: Placement,
  parts: BindingParts,
): Promise<BindingOutcome> {
  const { waiting, slots, statuses, extenders, signal, onPermitted } = parts;
  const refusal = await waiting.decided(pod.uid);
  if (signal.aborted) return { kind: 'stopped' };
  if (refusal !== null) return { kind: 'failed', status: refusal };
  onPermitted(pod);
  const unready = await profile.preBind(state, pod, nodeName, signal);
  if (signal.aborted) return { kind: 'stopped' };
  if (unready !== null) return { kind: 'failed', status: unready };
  await slots.take();
  try {
    await statuses.settle(pod.uid);
    const extended = await extenders.bind(pod, nodeName);
    const status =
      extended === 'skip' ? await profile.bind(state, pod, nodeName, signal) : extended;
    if (status === null) return { kind: 'bound' };
    return await outcomeOf(status, pod, nodeName, parts);
  } finally {
    slots.release();
  }
}

/** A binding that seems to have failed may have been done: only the API knows. */
async function outcomeOf(
  status: PluginStatus,
  pod: PodInfo,
  nodeName: string,
  { client, clock, signal }: BindingParts,
): Promise<BindingOutcome> {
  try {
    const placed = await placedNode({ client, clock }, pod, signal);
    if (placed === nodeName) return { kind: 'bound' };
    return placed === '' ? { kind: 'failed', status } : { kind: 'not-ours' };
  } catch (error) {
    if (error instanceof AssertionError || !signal.aborted) throw error;
    return { kind: 'stopped' };
  }
}
