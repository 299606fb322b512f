/** Simulated nodes: kubelets of clusters that are to be tested or measured without machines. */
export * from './settings.js';
export { type FleetState, SimulatedNodes, type SimulatedNodesParts } from './simulated-nodes.js';
