import { assert, defined } from '../../../src/base/assert.js';
import { noMember } from '../../../src/base/ids.js';
import type { ConfState, Entry, Index, Message, Ready } from '../../../src/raft/core/index.js';
import type { Cluster, Member } from './cluster.js';
import { lastIndexOf, termIn, type Wal } from './wal-model.js';

/**
 * Raft's invariants, checked against what the members of a {@link Cluster} do. Throws at the first violation. It keeps
 * the history that the members themselves forget: who led, who voted, what was committed.
 */
export class Checker {
  /** Who led each term. */
  readonly #leaders = new Map<number, bigint>();
  /** Whom each member voted for in each term, as far as anybody was told. */
  readonly #votes = new Map<string, bigint>();
  /** The newest term that each member let anybody know. */
  readonly #shownTerms = new Map<bigint, number>();
  /** Every entry that some member took for committed. */
  readonly committed: (Entry | undefined)[] = [];
  /** The state machine's hash after each index. */
  readonly #hashes = new Map<Index, number>();
  /** The newest commit index that any member knew. */
  commitMax: Index = 0;
  /** Per member: what must not go back within an incarnation. */
  readonly #last = new Map<bigint, { term: number; commit: Index; applied: Index }>();

  /** The cluster starts from a state at `index` that everybody has. */
  onStart(index: Index): void {
    this.commitMax = index;
  }

  onReady(cluster: Cluster, member: Member, ready: Ready): void {
    this.#checkCommit(cluster, member, member.core.commit);
    let last = member.toApply.at(-1)?.index ?? member.machine.index;
    for (const entry of ready.committed) {
      assert(entry.index === last + 1, `member ${member.id}: ${entry.index} applied after ${last}`);
      last = entry.index;
      this.#onCommitted(member, entry);
    }
  }

  onSent(message: Message): void {
    const isProspective = (message.kind === 'vote' || message.kind === 'vote-reply') && message.pre;
    if (!isProspective) {
      const shown = this.#shownTerms.get(message.from) ?? 0;
      this.#shownTerms.set(message.from, Math.max(shown, message.term));
    }
    if (message.kind === 'vote' && !message.pre)
      this.#onVote(message.from, message.term, message.from);
    if (message.kind === 'vote-reply' && message.granted && !message.pre) {
      this.#onVote(message.from, message.term, message.to);
    }
  }

  onWritten(member: Member): void {
    const { hardState } = member.wal;
    assert(hardState.term >= 0);
    assert(hardState.commit <= Math.max(lastIndexOf(member.wal), member.machineOnDisk.index));
  }

  onRestarted(member: Member): void {
    this.#last.delete(member.id);
    const shown = this.#shownTerms.get(member.id) ?? 0;
    assert(
      member.core.term >= shown,
      `member ${member.id} forgot term ${shown} which it had shown`,
    );
    const { term, vote } = member.core.status();
    const given = this.#votes.get(`${member.id}/${term}`);
    assert(given === undefined || given === vote, `member ${member.id} forgot its vote of ${term}`);
  }

  onApplied(member: Member): void {
    const { index, hash } = member.machine;
    const known = this.#hashes.get(index);
    assert(known === undefined || known === hash, `state machines differ at ${index}`);
    this.#hashes.set(index, hash);
  }

  /** Called after everything that a member does. */
  check(cluster: Cluster, member: Member): void {
    const status = member.core.status();
    const { term, commit, applied } = status;
    const last = this.#last.get(member.id) ?? { term: 0, commit: 0, applied: 0 };
    assert(term >= last.term, 'term went back');
    assert(commit >= last.commit, 'commit went back');
    assert(applied >= last.applied, 'applied went back');
    assert(applied <= commit);
    assert(commit <= status.lastIndex);
    assert(status.lastIndex === lastIndexOf(member.log), 'the core hides entries');
    assert(status.durableIndex <= status.lastIndex);
    this.#last.set(member.id, { term, commit, applied });
    this.#checkDurableIndex(member, status.durableIndex);
    if (status.role === 'leader') this.#checkLeader(cluster, member);
    this.#checkLogs(cluster, member);
  }

  /** What the core believes to be on its disk is there. */
  #checkDurableIndex(member: Member, durableIndex: Index): void {
    if (durableIndex <= member.wal.base.index || durableIndex < member.log.base.index) return;
    const inLog = termIn(member.log, durableIndex);
    const onDisk = termIn(member.wal, durableIndex);
    assert(inLog === onDisk, `member ${member.id} takes ${durableIndex} for durable`);
  }

  #checkLeader(cluster: Cluster, member: Member): void {
    const { term } = member.core;
    const known = this.#leaders.get(term);
    assert(known === undefined || known === member.id, `two leaders in term ${term}`);
    if (known !== undefined) return;
    this.#leaders.set(term, member.id);
    // Leader completeness: everything committed so far is in the log of whoever is elected in a later term.
    for (const entry of this.committed) {
      if (entry === undefined || entry.index <= member.log.base.index) continue;
      const has = termIn(member.log, entry.index) === entry.term;
      assert(has, `leader ${member.id} of term ${term} lacks committed entry ${entry.index}`);
    }
    assert(cluster.members.has(Number(member.id)));
  }

  /** A newly known commit index is durable on a quorum, counting only what the disks hold. */
  #checkCommit(cluster: Cluster, member: Member, commit: Index): void {
    if (commit <= this.commitMax) return;
    this.commitMax = commit;
    const term = defined(termIn(member.log, commit), 'term of the commit index');
    if (member.core.role === 'leader') {
      assert(term === member.core.term, `entry ${commit} of term ${term} is committed by counting`);
    }
    const has = (id: bigint) => holds(cluster.member(id).wal, commit, term);
    // The membership that counts is the leader's, who learns of it first.
    assert(
      isQuorum(member.core.status().conf, has),
      `${commit} is committed, not on a quorum of disks`,
    );
  }

  /** Log matching: if two logs have the same entry at an index, they are the same up to there. */
  #checkLogs(cluster: Cluster, member: Member): void {
    for (const other of cluster.members.values()) {
      if (other === member || !other.isRunning) continue;
      const from = Math.max(member.log.base.index, other.log.base.index);
      let agree = false;
      for (let i = Math.min(lastIndexOf(member.log), lastIndexOf(other.log)); i > from; i--) {
        const same = termIn(member.log, i) === termIn(other.log, i);
        assert(same || !agree, `logs of ${member.id} and ${other.id} differ at ${i} but not after`);
        agree ||= same;
      }
    }
  }

  #onCommitted(member: Member, entry: Entry): void {
    const known = this.committed[entry.index - 1];
    if (known === undefined) {
      this.committed[entry.index - 1] = entry;
      return;
    }
    const same = known.term === entry.term && String(known.data) === String(entry.data);
    assert(same, `member ${member.id} has another entry ${entry.index} committed`);
  }

  #onVote(from: bigint, term: number, candidate: bigint): void {
    const key = `${from}/${term}`;
    const given = this.#votes.get(key) ?? noMember;
    assert(given === noMember || given === candidate, `member ${from} voted twice in term ${term}`);
    this.#votes.set(key, candidate);
  }
}

function holds(wal: Wal, index: Index, term: number): boolean {
  return wal.base.index > index || termIn(wal, index) === term;
}

function isQuorum(conf: ConfState, has: (id: bigint) => boolean): boolean {
  return [conf.voters, conf.votersOutgoing].every((voters) => {
    const count = voters.filter(has).length;
    return voters.length === 0 || 2 * count > voters.length;
  });
}
