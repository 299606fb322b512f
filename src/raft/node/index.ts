/** The driver of the consensus core: one loop that carries out what it asks for. */
export type * from './contracts.js';
export { NodeError, type NodeErrorCode } from './errors.js';
export { heirOf } from './heir.js';
export type { NodeProbe } from './probe.js';
export { RaftNode } from './raft-node.js';
export type { LeadershipStatus, NodeActivity, RaftNodeOptions } from './raft-node-options.js';
export { planRecovery, type RecoveryPlan } from './recovery.js';
export {
  SnapshotExchange,
  type SnapshotExchangeOptions,
  type SnapshotFiles,
  type SnapshotIntake,
} from './snapshot-exchange.js';
export { becomeSoleMember } from './sole-member.js';
export { rebuildState, type StateRebuildOptions } from './state-rebuild.js';
