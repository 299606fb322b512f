import type { EnabledPlugin, PluginFactory } from '../framework/plugin.js';
import { defaultPreemption } from '../preemption/default-preemption.js';
import { dataLocality } from './data-locality/data-locality.js';
import { deadlineSort } from './deadline-sort/deadline-sort.js';
import { defaultBinder } from './default-binder/default-binder.js';
import { dynamicResources } from './dynamic-resources/dynamic-resources.js';
import { imageLocality } from './image-locality/image-locality.js';
import { interPodAffinity } from './inter-pod-affinity/inter-pod-affinity.js';
import { interferenceAware } from './interference-aware/interference-aware.js';
import { nodeAffinity } from './node-affinity/node-affinity.js';
import { nodeName } from './node-name/node-name.js';
import { nodePorts } from './node-ports/node-ports.js';
import { nodeResourcesBalancedAllocation } from './node-resources/balanced-allocation.js';
import { nodeResourcesFit } from './node-resources/node-resources-fit.js';
import { nodeUnschedulable } from './node-unschedulable/node-unschedulable.js';
import { nodeVolumeLimits } from './node-volume-limits/node-volume-limits.js';
import { podTopologySpread } from './pod-topology-spread/pod-topology-spread.js';
import { prioritySort } from './priority-sort/priority-sort.js';
import { schedulingGates } from './scheduling-gates/scheduling-gates.js';
import { taintToleration } from './taint-toleration/taint-toleration.js';
import { volumeBinding } from './volume-binding/volume-binding.js';
import { volumeRestrictions } from './volume-restrictions/volume-restrictions.js';
import { volumeZone } from './volume-zone/volume-zone.js';

/** The plugins that are built in, by name: Kubernetes' own, and three that no profile has unless it says so. */
export const defaultPluginFactories: Readonly<Record<string, PluginFactory>> = {
  SchedulingGates: schedulingGates,
  PrioritySort: prioritySort,
  NodeUnschedulable: nodeUnschedulable,
  NodeName: nodeName,
  TaintToleration: taintToleration,
  NodeAffinity: nodeAffinity,
  NodePorts: nodePorts,
  NodeResourcesFit: nodeResourcesFit,
  VolumeRestrictions: volumeRestrictions,
  NodeVolumeLimits: nodeVolumeLimits,
  VolumeBinding: volumeBinding,
  VolumeZone: volumeZone,
  PodTopologySpread: podTopologySpread,
  InterPodAffinity: interPodAffinity,
  DynamicResources: dynamicResources,
  DefaultPreemption: defaultPreemption,
  NodeResourcesBalancedAllocation: nodeResourcesBalancedAllocation,
  ImageLocality: imageLocality,
  DefaultBinder: defaultBinder,
  DeadlineSort: deadlineSort,
  InterferenceAware: interferenceAware,
  DataLocality: dataLocality,
};

/** The plugins of a profile that says nothing else, in Kubernetes' order and with its weights; each serves at all points that it has. */
export const defaultPlugins: readonly EnabledPlugin[] = [
  { name: 'SchedulingGates' },
  { name: 'PrioritySort' },
  { name: 'NodeUnschedulable' },
  { name: 'NodeName' },
  { name: 'TaintToleration', weight: 3 },
  { name: 'NodeAffinity', weight: 2 },
  { name: 'NodePorts' },
  { name: 'NodeResourcesFit', weight: 1 },
  { name: 'VolumeRestrictions' },
  { name: 'NodeVolumeLimits' },
  { name: 'VolumeBinding' },
  { name: 'VolumeZone' },
  { name: 'PodTopologySpread', weight: 2 },
  { name: 'InterPodAffinity', weight: 2 },
  { name: 'DynamicResources' },
  { name: 'DefaultPreemption' },
  { name: 'NodeResourcesBalancedAllocation', weight: 1 },
  { name: 'ImageLocality', weight: 1 },
  { name: 'DefaultBinder' },
];
