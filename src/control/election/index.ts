/** Who of several replicas works: elections by the store, and the Leases that show them. */
export { clientElectionStore } from './client-store.js';
export { type ElectionCall, type ElectionStore, ElectionStoreError } from './election-store.js';
export {
  type ElectionOutcome,
  electionKey,
  LeaderElection,
  type LeaderElectionOptions,
} from './leader-election.js';
export { Leadership, LeadershipLostError } from './leadership.js';
export { LeaseMirror, type LeaseMirrorOptions } from './lease-mirror.js';
export { type LeaseObjectOptions, LeaseObjectStore } from './lease-object-store.js';
