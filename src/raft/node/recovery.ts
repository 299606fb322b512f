import { noMember } from '../../base/ids.js';
import type { HardState, Index, RecoveredState, SnapshotMeta, Term } from '../core/types.js';
import type { StateMachine, WalRecovery } from './contracts.js';

/** What a member may do after it has read its log and its state. */
export type RecoveryPlan =
  /** Start. When `reset` is set, the log does not reach or contradicts the state: first make it start after the state. */
  | {
      readonly kind: 'start';
      readonly recovered: RecoveredState;
      readonly reset: { readonly hardState: HardState; readonly snapshot: SnapshotMeta } | null;
    }
  /** The state is older than the log's start (the database was lost): fetch a state of at least this index from a peer. */
  | { readonly kind: 'state-lost'; readonly indexMin: Index };

/**
 * Fits the log and the state machine's state together. Both survive on their own; what can be seen here:
 *
 * - The state is within the log: the ordinary case, also when the database lost its unsynced tail.
 * - The state is ahead of the log, or the log's entry at the state's index has another term: the state came from a snapshot
 *   and the process died before the log was reset to it, or the entries applied were durable on other members only.
 *   Whatever is in the state is committed, so the log may start behind it.
 * - The state is behind the log's start: the database was lost.
 */
export function planRecovery(
  wal: WalRecovery,
  state: Pick<StateMachine<unknown>, 'appliedIndex' | 'appliedTerm' | 'conf'>,
): RecoveryPlan {
  const { base, entries } = wal;
  const applied = state.appliedIndex;
  if (applied < base.index) return { kind: 'state-lost', indexMin: base.index };
  const termThere = applied === base.index ? base.term : entries[applied - base.index - 1]?.term;
  if (termThere === state.appliedTerm) {
    const recovered = { hardState: wal.hardState, base, entries, conf: state.conf, applied };
    return { kind: 'start', recovered, reset: null };
  }
  const snapshot = { index: applied, term: state.appliedTerm, conf: state.conf };
  const hardState = atLeast(wal.hardState, snapshot.term, applied);
  return {
    kind: 'start',
    recovered: { hardState, base: snapshot, entries: [], conf: state.conf, applied },
    reset: { hardState, snapshot },
  };
}

/** No vote was given in a term beyond the one in the log: it would be there. */
function atLeast(hardState: HardState, term: Term, commit: Index): HardState {
  if (hardState.term >= term) {
    return { ...hardState, commit: Math.max(hardState.commit, commit) };
  }
  return { term, vote: noMember, commit };
}
