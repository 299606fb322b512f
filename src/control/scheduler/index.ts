/** The scheduler, and what plugins for it are written against (`flotilla/scheduler`). */
export { parseConfiguration } from './config/parse-configuration.js';
export {
  type ClientConnectionConfiguration,
  defaultConfiguration,
  type ExtenderConfiguration,
  type ExtenderTls,
  type LeaderElectionConfiguration,
  type PluginSet,
  type PluginSets,
  type ProfileConfiguration,
  type SchedulerConfiguration,
} from './config/scheduler-configuration.js';
export type { AttemptResult, SchedulerObserver } from './cycle/observer.js';
export type { ExtenderPost } from './extenders/extender.js';
export type { ExtenderPostOf } from './extenders/extenders.js';
export type {
  ClusterEvent,
  ClusterEventInterest,
  EventAction,
  EventResource,
} from './framework/cluster-event.js';
export { ConfigurationError } from './framework/configuration-error.js';
export { CycleState, type StateData } from './framework/cycle-state.js';
export type {
  AffinityTerm,
  HostPort,
  NodeInfo,
  PodInfo,
  ResourceAmounts,
  WeightedAffinityTerm,
} from './framework/node-info.js';
export { NodeState } from './framework/node-state.js';
export {
  type EnabledPlugin,
  type NodeList,
  type NodeStatuses,
  type Plugin,
  type PluginFactory,
  type PluginStatus,
  type PostFilterResult,
  type PreFilterResult,
  type QueuedPod,
  type StatusCode,
  skip,
} from './framework/plugin.js';
export { podInfoOf } from './framework/pod-info.js';
export type {
  MutableNodeInfo,
  PreemptionExtender,
  ProposedVictims,
  SchedulerHandle,
  WaitingPod,
} from './framework/scheduler-handle.js';
export type { QueueName } from './queue/scheduling-queue.js';
export { Scheduler, type SchedulerOptions } from './scheduler.js';
