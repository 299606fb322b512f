import { assert } from '../../../../base/assert.js';
import { resources } from '../../../client/index.js';
import type { StateData } from '../../framework/cycle-state.js';
import type { Plugin, PluginStatus } from '../../framework/plugin.js';
import type { SchedulerHandle } from '../../framework/scheduler-handle.js';
import { failure, unresolvable } from '../statuses.js';
import { AssumedObjects } from './assumed-objects.js';
import {
  NodeVolumeFinder,
  type NodeVolumes,
  type PodClaims,
  type VolumeConflict,
} from './node-volumes.js';
import { podVolumeClaims } from './pod-volume-claims.js';
import { type AssumedVolumes, VolumeBinder } from './volume-binder.js';
import { volumeBindingArgs } from './volume-binding-args.js';
import { volumeBindingEvents } from './volume-binding-events.js';

const name = 'VolumeBinding';
const stateKey = name;

const reasons: Readonly<Record<VolumeConflict, string>> = {
  'other-nodes': "node(s) didn't match PersistentVolume's node affinity",
  'no-volumes': "node(s) didn't find available persistent volumes to bind",
  'no-space': 'node(s) did not have enough free storage',
  'lost-volumes': 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)',
};

/** Volumes must be there for a pod's node, or be bound or made for it; they are before the pod is bound. */
export function volumeBinding(args: unknown, handle: SchedulerHandle): Plugin {
  const { bindTimeoutSeconds } = volumeBindingArgs(args);
  const { informers } = handle;
  const claims = new AssumedObjects(informers.of(resources.persistentVolumeClaims).lister);
  const volumes = new AssumedObjects(informers.of(resources.persistentVolumes).lister);
  const classes = informers.of(resources.storageClasses).lister;
  const finder = new NodeVolumeFinder(classes, {
    drivers: informers.of(resources.csiDrivers).lister,
    capacities: informers.of(resources.csiStorageCapacities).lister,
  });
  const binder = new VolumeBinder(handle, { claims, volumes }, bindTimeoutSeconds * 1000);
  const refusals = new Map<string, PluginStatus>();
  return {
    name,
    eventsToRegister: volumeBindingEvents,
    preFilter(state, { pod }) {
      if (pod.spec?.volumes === undefined) return 'skip';
      const found = podVolumeClaims(pod, { claims, volumes, classes });
      if (found === null) return 'skip';
      if ('code' in found) return found;
      state.write(stateKey, new BindingState(found));
      return null;
    },
    filter(state, _, { node, name: nodeName }) {
      const binding = state.read<BindingState>(stateKey);
      const found = finder.find(binding.claims, node);
      if (found instanceof Error) return failure(found.message);
      if (!('bindings' in found)) return refusalOf(refusals, found);
      if (found.bindings.length + found.provisions.length > 0)
        binding.volumesByNode.set(nodeName, found);
      return null;
    },
    // Nodes are compared by free storage only with a feature that Kubernetes has off.
    preScore: () => 'skip',
    score: () => 0,
    reserve(state, _, nodeName) {
      const binding = state.find<BindingState>(stateKey);
      const needed = binding?.volumesByNode.get(nodeName);
      if (binding === undefined || needed === undefined) return null;
      assert(binding.assumed === null);
      binding.assumed = binder.assume(needed, nodeName);
      return null;
    },
    unreserve(state) {
      const binding = state.find<BindingState>(stateKey);
      if (binding === undefined || binding.assumed === null) return;
      binder.restore(binding.assumed);
      binding.assumed = null;
    },
    async preBind(state, { pod }, nodeName, signal) {
      const assumed = state.find<BindingState>(stateKey)?.assumed ?? null;
      if (assumed === null) return null;
      const problem = await binder.bind(pod, assumed, nodeName, signal);
      return problem === null ? null : failure(problem);
    },
  };
}

/** What is known of a pod's volumes in its cycle. */
class BindingState implements StateData {
  readonly claims: PodClaims;
  /** Of nodes that passed and where something is to be done. */
  readonly volumesByNode = new Map<string, NodeVolumes>();
  assumed: AssumedVolumes | null = null;

  constructor(claims: PodClaims) {
    this.claims = claims;
  }

  /** Pods that come and go do not change volumes. */
  clone(): this {
    return this;
  }
}

function refusalOf(
  known: Map<string, PluginStatus>,
  conflicts: readonly VolumeConflict[],
): PluginStatus {
  const key = conflicts.join();
  let status = known.get(key);
  if (status === undefined) {
    status = unresolvable(...conflicts.map((conflict) => reasons[conflict]));
    known.set(key, status);
  }
  return status;
}
