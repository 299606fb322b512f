export { openPodNetwork, type PodNetworkSettings } from './network/open-pod-network.js';
export type { PodNetwork } from './network/pod-network.js';
export { ProcessRuntime } from './process-runtime.js';
export type { ProcessRuntimeSettings } from './settings.js';
