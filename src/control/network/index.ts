/** A node's part of the network of pods. */
export { type CniConfig, type CniConfigOptions, cniConfig } from './cni-config.js';
export {
  type NamespacedNode,
  NodeNamespaces,
  type NodeNamespacesOptions,
} from './node-namespaces.js';
export { PodNetwork, type PodNetworkOptions } from './pod-network.js';
export { podCidrs } from './routes/plan-routes.js';
