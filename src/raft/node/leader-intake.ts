import { assert, unreachable } from '../../base/assert.js';
import { parseConfChange, type RaftCore } from '../core/index.js';
import type { ConfChange, CoreStatus, ProposeRefusal, Term } from '../core/types.js';
import { stampEntry } from '../wal/index.js';
import type { Proposal } from './contracts.js';
import { envelopeBytes } from './envelope.js';

/** How many proposals of a list were appended, and why the next was not; null: the next was not looked at. */
export interface Taken {
  readonly taken: number;
  readonly refusal: ProposeRefusal | null;
}

/** Whether the proposer is told; otherwise the leader is asked again, until it takes the proposal. */
export function isFinal(reason: ProposeRefusal): boolean {
  switch (reason) {
    case 'config-invalid':
    case 'config-pending':
    case 'not-member':
    case 'learner-not-ready':
    case 'quorum-at-risk':
      return true;
    case 'not-leader':
    case 'transferring':
    case 'too-much-uncommitted':
      return false;
    default:
      return unreachable(reason);
  }
}

/** Puts proposals, this member's own and forwarded ones, into the log of the core that leads. */
export class LeaderIntake {
  readonly #core: RaftCore;
  readonly #admits: (change: ConfChange, status: CoreStatus) => ProposeRefusal | null;

  constructor(
    core: RaftCore,
    admits: (change: ConfChange, status: CoreStatus) => ProposeRefusal | null,
  ) {
    this.#core = core;
    this.#admits = admits;
  }

  /** Appends the first ones of one kind: a run of data in one batch, or a single membership change. */
  take(proposals: readonly Proposal[]): Taken {
    const first = proposals[0];
    if (first === undefined) return { taken: 0, refusal: null };
    if (first.data.length < envelopeBytes) return { taken: 0, refusal: 'config-invalid' };
    if (first.kind === 'config') return this.#takeConfChange(first.data);
    let end = 1;
    while (end < proposals.length && proposals[end]?.kind === 'normal') end++;
    const outcome = this.#core.propose(proposals.slice(0, end).map((item) => item.data));
    if (outcome.ok) {
      for (let i = 0; i < end; i++) stamp(proposals[i], outcome.term);
      return { taken: end, refusal: null };
    }
    assert(!isFinal(outcome.reason) || outcome.reason === 'not-member');
    return { taken: 0, refusal: outcome.reason };
  }

  #takeConfChange(data: Uint8Array): Taken {
    const change = parseConfChange(data);
    if (change === null) return { taken: 0, refusal: 'config-invalid' };
    const refusal = this.#admits(change, this.#core.status());
    if (refusal !== null) return { taken: 0, refusal };
    const outcome = this.#core.proposeConfChange(change);
    return outcome.ok ? { taken: 1, refusal: null } : { taken: 0, refusal: outcome.reason };
  }
}

/** Now that its term is known, the entry is complete where it lies. */
function stamp(proposal: Proposal | undefined, term: Term): void {
  if (proposal?.kind === 'normal') stampEntry(proposal.data, term, 'normal');
}
