import { formatId, type MemberId, noMember } from '../../src/base/ids.js';
import type {
  ConfState,
  DurableWrite,
  HardState,
  Index,
  RecoveredState,
  Term,
} from '../../src/raft/core/types.js';
import { SimFailure } from './failure.js';

/** A log as far as the invariants need it: terms by index, and the hard state. */
export class ShadowLog {
  /** Entries up to here are covered by a snapshot, or are part of the applied state: committed in any case. */
  base: { index: Index; term: Term } = { index: 0, term: 0 };
  /** Terms of the entries after the base. */
  terms: Term[] = [];
  hardState: HardState = { term: 0, vote: noMember, commit: 0 };

  get lastIndex(): Index {
    return this.base.index + this.terms.length;
  }

  /** Undefined before the base and after the end. */
  termAt(index: Index): Term | undefined {
    return index === this.base.index ? this.base.term : this.terms[index - this.base.index - 1];
  }

  /** Does the log hold the committed entry at `index`? What the base covers is committed, so it is the same. */
  holds(index: Index, term: Term): boolean {
    return index < this.base.index || this.termAt(index) === term;
  }

  apply({
    snapshot,
    entries,
    hardState,
  }: Pick<DurableWrite, 'snapshot' | 'entries' | 'hardState'>) {
    if (snapshot !== null) this.#rebase(snapshot.index, snapshot.term);
    for (const { index, term } of entries) {
      if (index <= this.base.index) continue;
      this.terms.length = Math.min(this.terms.length, index - this.base.index - 1);
      this.terms.push(term);
    }
    if (hardState !== null) this.hardState = hardState;
  }

  copy(): ShadowLog {
    const copy = new ShadowLog();
    copy.base = { ...this.base };
    copy.terms = [...this.terms];
    copy.hardState = this.hardState;
    return copy;
  }

  #rebase(index: Index, term: Term): void {
    this.base = { index, term };
    this.terms = [];
  }
}

/** What one member's disk must hold, by what its log reported; outlives the member's incarnations. */
export class DurableShadow {
  readonly #id: MemberId;
  /** State after all writes reported durable. */
  durable = new ShadowLog();
  /** State after all writes handed to the log. */
  latest = new ShadowLog();
  /** Handed to the log, not reported durable, in order. */
  #pending: DurableWrite[] = [];
  /** Last index of the durable log at the end of each term of this incarnation. */
  #reached = new Map<Term, Index>();

  constructor(id: MemberId) {
    this.#id = id;
  }

  onWrite(write: DurableWrite): void {
    this.#pending.push(write);
    this.latest.apply(write);
  }

  /** Returns the writes that have just become durable. */
  onDurable(sequence: number): DurableWrite[] {
    const done: DurableWrite[] = [];
    while (this.#pending[0] !== undefined && this.#pending[0].sequence <= sequence) {
      const write = this.#pending.shift() as DurableWrite;
      this.durable.apply(write);
      this.#reached.set(this.durable.hardState.term, this.durable.lastIndex);
      done.push(write);
    }
    return done;
  }

  /**
   * How far the durable log went when a term ended here. Writes become durable in groups, and the messages of all leave
   * afterwards: an acceptance may name what a later write of the group overwrote. It is as if it had left between the two.
   */
  reachedIn(term: Term): Index {
    return this.#reached.get(term) ?? 0;
  }

  /**
   * A new incarnation starts on what the disk gave back: all that was durable, and possibly some of what was not, in order.
   * State that is ahead of the log replaces it.
   */
  onRecovered(recovered: RecoveredState): void {
    const { base, hardState } = recovered;
    const found = new ShadowLog();
    found.base = { ...base };
    found.terms = recovered.entries.map((entry) => entry.term);
    found.hardState = hardState;
    const candidate = this.durable.copy();
    let isExplained = explains(candidate, found, recovered);
    for (const write of this.#pending) {
      if (isExplained) break;
      candidate.apply(write);
      isExplained = explains(candidate, found, recovered);
    }
    if (!isExplained) {
      const { durable, latest } = this;
      throw new SimFailure(
        'what was durable is there after a restart',
        `member ${formatId(this.#id)} recovered ${show(found)} (applied ${recovered.applied}); durable was ${show(durable)}; with all that was written ${show(latest)}`,
      );
    }
    this.#pending = [];
    this.#reached.clear();
    this.durable = found;
    this.latest = found.copy();
  }
}

/** Is `found` what a disk with `expected` may give back? The log may have been released, and the commit index may lag. */
function explains(expected: ShadowLog, found: ShadowLog, recovered: RecoveredState): boolean {
  const isHardStateKept =
    found.hardState.term === expected.hardState.term &&
    found.hardState.vote === expected.hardState.vote;
  const startsBehindState = found.terms.length === 0 && found.base.index === recovered.applied;
  if (startsBehindState && isAheadOf(found, expected)) {
    return isHardStateKept || found.hardState.term > expected.hardState.term;
  }
  if (!isHardStateKept || found.lastIndex !== expected.lastIndex) return false;
  if (found.base.index < expected.base.index) return false;
  for (let index = found.base.index; index <= found.lastIndex; index++) {
    if (found.termAt(index) !== expected.termAt(index)) return false;
  }
  return true;
}

/** The applied state of `found` is not in the log `expected`: it came from a snapshot, or the disk lost what was unsynced. */
function isAheadOf(found: ShadowLog, expected: ShadowLog): boolean {
  return found.base.term !== expected.termAt(found.base.index);
}

function show(log: ShadowLog): string {
  const { term, vote } = log.hardState;
  const last = log.termAt(log.lastIndex);
  return `log ${log.base.index + 1}..${log.lastIndex} (last term ${last}), term ${term}, vote ${formatId(vote)}`;
}

/** Do those for whom `has` holds form a quorum of the configuration (of both halves while it is joint)? */
export function isQuorum(conf: ConfState, has: (id: MemberId) => boolean): boolean {
  const majority = (voters: readonly MemberId[]) =>
    voters.length === 0 || voters.filter(has).length * 2 > voters.length;
  return majority(conf.voters) && majority(conf.votersOutgoing);
}
