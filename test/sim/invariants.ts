import { crc32c } from '../../src/base/crc32c.js';
import { formatId, type MemberId, noMember } from '../../src/base/ids.js';
import type {
  ConfState,
  Entry,
  Index,
  Message,
  RaftCoreApi,
  Ready,
  RecoveredState,
  Term,
} from '../../src/raft/core/types.js';
import { nameOf } from '../../src/raft/node/envelope.js';
import { SimFailure } from './failure.js';
import { DurableShadow, isQuorum } from './shadow-log.js';

/** An entry as it was committed, once and for all. */
interface Committed {
  readonly term: Term;
  readonly digest: number;
}

/** A running incarnation of a member. */
interface Watched {
  readonly core: RaftCoreApi;
  readonly shadow: DurableShadow;
  term: Term;
  commit: Index;
  applied: Index;
  /** Next index that the core must hand out for applying. */
  nextCommitted: Index;
  /** Membership before the present event: commits of this event may have been counted in it. */
  conf: ConfState;
  /** The term that it was last seen to lead. */
  ledTerm: Term;
}

/**
 * The properties of Raft (dissertation figure 3.2, and what durability adds), checked after every event against what the
 * members' cores say and what their logs reported durable. Everything is incremental: an event costs what it changed.
 */
export class Invariants {
  readonly #shadows = new Map<MemberId, DurableShadow>();
  readonly #running = new Map<MemberId, Watched>();
  readonly #leaders = new Map<Term, MemberId>();
  /** Per term and member, the vote that is durable or was given (and then a vote or a later term was durable). */
  readonly #votes = new Map<Term, Map<MemberId, MemberId>>();
  /** Every entry ever appended, by index and term: its digest and the term of the entry before it. */
  readonly #entries = new Map<string, { readonly digest: number; readonly before: Term }>();
  /** Position i is index i + 1. */
  readonly #committed: Committed[] = [];
  /** Where each proposal is committed, by its envelope. */
  readonly #proposals = new Map<string, Index>();
  readonly #stateHashes = new Map<Index, bigint>();

  /** Highest index committed anywhere. */
  get committedIndex(): Index {
    return this.#committed.length;
  }

  /** Terms in which somebody led. */
  get elections(): number {
    return this.#leaders.size;
  }

  onStart(id: MemberId, core: RaftCoreApi, recovered: RecoveredState): void {
    const shadow = this.#shadowOf(id);
    shadow.onRecovered(recovered);
    this.#noteBeginning(recovered);
    this.#noteDurableVote(id, shadow);
    this.#noteEntries(recovered.base.term, recovered.entries);
    this.#running.set(id, {
      core,
      shadow,
      term: core.term,
      commit: core.commit,
      applied: recovered.applied,
      nextCommitted: recovered.applied + 1,
      conf: recovered.conf,
      ledTerm: 0,
    });
  }

  /** The incarnation is gone. What it handed to its log and was not told durable may be there or not. */
  onStop(id: MemberId): void {
    this.#running.delete(id);
  }

  onReady(id: MemberId, ready: Ready): void {
    const watched = this.#running.get(id);
    if (watched === undefined) return;
    if (ready.write !== null) {
      const { entries, snapshot } = ready.write;
      const first = entries[0];
      const before =
        snapshot !== null && first?.index === snapshot.index + 1
          ? snapshot.term
          : first === undefined
            ? 0
            : watched.shadow.latest.termAt(first.index - 1);
      watched.shadow.onWrite(ready.write);
      this.#noteEntries(before, entries);
      if (snapshot !== null)
        watched.nextCommitted = Math.max(watched.nextCommitted, snapshot.index + 1);
    }
    for (const entry of ready.committed) this.#onHandedOut(id, watched, entry);
  }

  onDurable(id: MemberId, sequence: number): void {
    const watched = this.#running.get(id);
    if (watched === undefined) return;
    watched.shadow.onDurable(sequence);
    this.#noteDurableVote(id, watched.shadow);
  }

  /** A member says something that promises durability. */
  onSend(id: MemberId, message: Message): void {
    const watched = this.#running.get(id);
    if (watched === undefined) return;
    const { durable } = watched.shadow;
    if (message.kind === 'vote-reply' && message.granted && !message.pre) {
      const { term, vote } = durable.hardState;
      const isKept = term > message.term || (term === message.term && vote === message.to);
      check(
        isKept,
        'a vote is durable before it is given',
        () =>
          `${formatId(id)} gave ${formatId(message.to)} its vote of term ${message.term}; durable are term ${term} and vote ${formatId(vote)}`,
      );
      this.#noteVote(id, message.term, message.to);
    }
    if (message.kind === 'append-reply' && !message.rejected) {
      const wanted = this.#termAtLeader(message) ?? durable.termAt(message.index) ?? 0;
      const isHeld =
        message.index <= durable.lastIndex &&
        durable.holds(message.index, wanted) &&
        message.term <= durable.hardState.term;
      const isOfEndedTerm = message.term < durable.hardState.term;
      const wasHeld = isOfEndedTerm && message.index <= watched.shadow.reachedIn(message.term);
      check(
        isHeld || wasHeld,
        'an entry is durable before it is acknowledged',
        () =>
          `${formatId(id)} acknowledged ${message.index} of term ${wanted} in term ${message.term}; durable are ${durable.lastIndex}, there term ${durable.termAt(message.index)}, and term ${durable.hardState.term}`,
      );
    }
  }

  /** The term of the entry that a follower acknowledges, as the leader has it; undefined when that leader is gone. */
  #termAtLeader({ to, term, index }: Message & { kind: 'append-reply' }): Term | undefined {
    const leader = this.#running.get(to);
    const leads = leader?.core.role === 'leader' && leader.core.term === term;
    return leads ? leader.shadow.latest.termAt(index) : undefined;
  }

  /** Hash over everything applied, at `index`. */
  onStateHash(id: MemberId, index: Index, hash: bigint): void {
    const before = this.#stateHashes.get(index);
    if (before === undefined) this.#stateHashes.set(index, hash);
    else
      check(
        before === hash,
        'members that applied the same entries have the same state',
        () => `${formatId(id)} has ${formatId(hash)} at ${index}, another had ${formatId(before)}`,
      );
  }

  /** Checks a member after an event of its own. */
  check(id: MemberId): void {
    const watched = this.#running.get(id);
    if (watched === undefined) return;
    const { core } = watched;
    const { term, commit, role } = core;
    check(
      term >= watched.term,
      'the term never decreases',
      () => `${formatId(id)}: ${watched.term} to ${term}`,
    );
    check(
      commit >= watched.commit,
      'the commit index never decreases',
      () => `${formatId(id)}: ${watched.commit} to ${commit}`,
    );
    watched.term = term;
    // What the core has taken in but not handed out yet is in no log that can be seen here.
    if (core.hasReady()) return;
    const isNewLeader = role === 'leader' && watched.ledTerm !== term;
    if (!isNewLeader && commit === watched.commit) return;
    const { conf } = core.status();
    const hasLed = role === 'leader' && !isNewLeader;
    if (isNewLeader) {
      watched.ledTerm = term;
      this.#onLeader(id, watched, conf);
    }
    if (commit > watched.commit) this.#onCommit(id, watched, { commit, conf, hasLed });
    watched.commit = commit;
    watched.conf = conf;
  }

  /** Applied indexes never go back within an incarnation. True when this one went on. */
  checkApplied(id: MemberId, applied: Index): boolean {
    const watched = this.#running.get(id);
    if (watched === undefined || applied === watched.applied) return false;
    check(
      applied >= watched.applied,
      'the applied index never decreases',
      () => `${formatId(id)}: ${watched.applied} to ${applied}`,
    );
    check(
      applied <= watched.core.commit,
      'only what is committed is applied',
      () => `${formatId(id)}: applied ${applied}, committed ${watched.core.commit}`,
    );
    watched.applied = applied;
    return true;
  }

  #onLeader(id: MemberId, watched: Watched, conf: ConfState): void {
    const { term } = watched;
    const other = this.#leaders.get(term);
    check(
      other === undefined || other === id,
      'one leader in a term',
      () => `${formatId(id)} and ${formatId(other ?? noMember)} lead term ${term}`,
    );
    this.#leaders.set(term, id);
    const votes = this.#votes.get(term);
    const hasQuorum = isQuorum(conf, (voter) => votes?.get(voter) === id);
    check(hasQuorum, 'a leader has the durable votes of a quorum', () => {
      const given = [...(votes ?? [])].map(([from, to]) => `${formatId(from)} for ${formatId(to)}`);
      return `${formatId(id)} leads term ${term} of ${showConf(conf)} with the votes ${given.join(', ')}`;
    });
    const last = this.#committed.length;
    const committed = this.#committed[last - 1];
    if (committed === undefined || committed.term >= term) return;
    check(
      watched.shadow.latest.holds(last, committed.term),
      'a leader has all that is committed',
      () =>
        `${formatId(id)} leads term ${term} without entry ${last} of term ${committed.term}; its log ends at ${watched.shadow.latest.lastIndex}`,
    );
  }

  #onCommit(
    id: MemberId,
    watched: Watched,
    { commit, conf, hasLed }: { commit: Index; conf: ConfState; hasLed: boolean },
  ): void {
    const { latest } = watched.shadow;
    const known = this.#committed[Math.min(commit, this.#committed.length) - 1];
    if (known !== undefined) {
      const at = Math.min(commit, this.#committed.length);
      check(
        latest.holds(at, known.term),
        'one entry is committed at an index',
        () =>
          `${formatId(id)} has committed ${commit}; at ${at} its entry has term ${latest.termAt(at)}, but term ${known.term} was committed`,
      );
    }
    if (commit <= this.#committed.length) return;
    const term = latest.termAt(commit);
    check(
      !hasLed || term === watched.term,
      'a leader commits by counting only what is of its own term',
      () =>
        `${formatId(id)} leads term ${watched.term} and has committed ${commit} of term ${term}`,
    );
    check(
      term !== undefined,
      'what is committed is in the log',
      () => `${formatId(id)} has committed ${commit}; its log ends at ${latest.lastIndex}`,
    );
    const isDurable = (voter: MemberId) =>
      this.#shadows.get(voter)?.durable.holds(commit, term as Term) ?? false;
    const isKept = isQuorum(conf, isDurable) || isQuorum(watched.conf, isDurable);
    check(isKept, 'what is committed is durable on a quorum', () => {
      const having = [...this.#shadows.keys()].filter(isDurable).map(formatId);
      return `${formatId(id)} has committed ${commit} of term ${term} in ${showConf(conf)}; it is durable on ${having.join(', ') || 'none'}`;
    });
    for (let index = this.#committed.length + 1; index <= commit; index++) {
      const at = latest.termAt(index);
      const entry = at === undefined ? undefined : this.#entries.get(`${index}/${at}`);
      check(
        entry !== undefined,
        'what is committed is in the log',
        () => `${formatId(id)}: ${index}`,
      );
      if (at !== undefined && entry !== undefined) {
        this.#committed.push({ term: at, digest: entry.digest });
      }
    }
  }

  #onHandedOut(id: MemberId, watched: Watched, entry: Entry): void {
    check(
      entry.index === watched.nextCommitted,
      'entries are applied in order, each once',
      () => `${formatId(id)} is handed ${entry.index} after ${watched.nextCommitted - 1}`,
    );
    watched.nextCommitted++;
    // The commit index of this event is checked at its end; until then only what was known before can be compared.
    const committed = this.#committed[entry.index - 1];
    if (committed === undefined) {
      this.#noteProposal(entry);
      return;
    }
    const isSame = committed.term === entry.term && committed.digest === digestOf(entry);
    check(
      isSame,
      'members apply the same entries',
      () =>
        `${formatId(id)} applies ${entry.index} of term ${entry.term}; committed was term ${committed.term}`,
    );
  }

  /** First time that this index is applied anywhere: its proposal must be new. */
  #noteProposal(entry: Entry): void {
    if (entry.kind !== 'normal') return;
    const sealed = nameOf(entry.data);
    if (sealed === undefined) return;
    const name = `${formatId(sealed.session)}/${sealed.number}`;
    const before = this.#proposals.get(name) ?? entry.index;
    check(
      before === entry.index,
      'a proposal is committed at most once',
      () => `proposal ${name} is at ${before} and at ${entry.index}`,
    );
    this.#proposals.set(name, entry.index);
  }

  /** Log matching: an entry is determined by its index and term, and so is all before it. */
  #noteEntries(before: Term | undefined, entries: readonly Entry[]): void {
    let previous = before;
    for (const entry of entries) {
      const key = `${entry.index}/${entry.term}`;
      const digest = digestOf(entry);
      const known = this.#entries.get(key);
      if (known === undefined) {
        if (previous !== undefined) this.#entries.set(key, { digest, before: previous });
      } else {
        check(known.digest === digest, 'logs match', () => `two entries ${key} differ`);
        check(
          previous === undefined || previous === known.before,
          'logs match',
          () =>
            `before ${key} is an entry of term ${previous} here and of term ${known.before} elsewhere`,
        );
      }
      previous = entry.term;
    }
  }

  #noteDurableVote(id: MemberId, shadow: DurableShadow): void {
    const { term, vote } = shadow.durable.hardState;
    if (vote !== noMember) this.#noteVote(id, term, vote);
  }

  #noteVote(id: MemberId, term: Term, vote: MemberId): void {
    let votes = this.#votes.get(term);
    if (votes === undefined) {
      votes = new Map();
      this.#votes.set(term, votes);
    }
    const before = votes.get(id);
    check(
      before === undefined || before === vote,
      'one vote in a term',
      () =>
        `${formatId(id)} voted for ${formatId(before ?? noMember)} and ${formatId(vote)} in term ${term}`,
    );
    votes.set(id, vote);
  }

  /** A cluster begins with a state that all have, as if it had been committed. */
  #noteBeginning({ base }: RecoveredState): void {
    if (this.#committed.length > 0) return;
    while (this.#committed.length < base.index) {
      this.#committed.push({ term: base.term, digest: 0 });
    }
  }

  #shadowOf(id: MemberId): DurableShadow {
    let shadow = this.#shadows.get(id);
    if (shadow === undefined) {
      shadow = new DurableShadow(id);
      this.#shadows.set(id, shadow);
    }
    return shadow;
  }
}

function digestOf(entry: Entry): number {
  return crc32c(entry.data) ^ (entry.kind === 'config' ? 1 : 0);
}

/** One line about a configuration. */
export function showConf({ voters, votersOutgoing }: ConfState): string {
  const list = (ids: readonly MemberId[]) => `(${ids.map(formatId).join(' ')})`;
  return votersOutgoing.length === 0 ? list(voters) : `${list(voters)}&&${list(votersOutgoing)}`;
}

function check(holds: boolean, property: string, details: () => string): void {
  if (!holds) throw new SimFailure(property, details());
}
