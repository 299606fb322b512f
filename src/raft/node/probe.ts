import type { RaftCoreApi, Ready, RecoveredState } from '../core/types.js';

/** Watches a node from inside: what the simulator's invariants are checked on. It must not change anything. */
export interface NodeProbe {
  /** The node is about to run on what its disk held. */
  onStart(core: RaftCoreApi, recovered: RecoveredState): void;
  /** About to be carried out. */
  onReady(ready: Ready): void;
  /** The log reports that all writes up to `sequence` are durable; what waited for that is about to be sent. */
  onDurable(sequence: number): void;
}
