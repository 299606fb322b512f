import { type MemberId, memberId } from '../../base/ids.js';
import type { ConfState } from '../../raft/core/types.js';
import { type MemberPublish, MemberRecord } from '../../wire/gen/store.js';
import type { MemberReads } from '../contracts.js';
import { StoreError } from '../errors.js';
import { compareIds } from './member-ids.js';

const noConf: ConfState = {
  voters: [],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};

/**
 * Who the members are, as applied by this member. There is one source of truth for who is in: the consensus
 * configuration. The records say who they are; one is kept for every id of the configuration and for no other, and
 * whether it is a learner is read off the configuration, so the two cannot drift apart (etcd issues 13196, 19557, 20793,
 * 21694). An id that was removed is not to be proposed again; if the configuration had it all the same, its record would
 * be back too, for an operator to see and remove, and {@link Membership.isRemoved} would still say so.
 */
export class Membership implements MemberReads {
  #conf: ConfState = noConf;
  /** Invariant: after an applied change the keys are the ids of #conf. */
  readonly #members = new Map<MemberId, MemberRecord>();
  readonly #removed = new Set<MemberId>();
  readonly #listeners: (() => void)[] = [];

  /** Replaces everything by what the database holds. */
  load(records: readonly MemberRecord[], removed: readonly MemberId[], conf: ConfState): void {
    this.#conf = conf;
    this.#members.clear();
    this.#removed.clear();
    for (const record of records) this.#members.set(memberId(record.id), record);
    for (const id of removed) this.#removed.add(id);
    this.#changed();
  }

  /** The membership that consensus goes by. */
  get conf(): ConfState {
    return this.#conf;
  }

  list(): readonly MemberRecord[] {
    return [...this.#members.values()].sort((a, b) => compareIds(a.id, b.id));
  }

  get(id: MemberId): MemberRecord | undefined {
    return this.#members.get(id);
  }

  isRemoved(id: MemberId): boolean {
    return this.#removed.has(id);
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /**
   * A config entry was applied. `context` is the encoded MemberRecord of the change, or empty: it describes who is new. A
   * member that is there already keeps its name and URLs, which have commands of their own; so a promotion cannot bring
   * back URLs that were replaced while it was under way. Returns what must be stored: records to put, members to forget
   * for good.
   */
  applyConfChange(
    context: Uint8Array,
    conf: ConfState,
  ): { put: MemberRecord[]; removed: MemberId[] } {
    this.#conf = conf;
    const told = context.length === 0 ? undefined : MemberRecord.decode(context);
    const ids = idsOf(conf);
    // In an order that every member shares, however it came by its records: what is stored is hashed in that order.
    const removed = [...this.#members.keys()].filter((id) => !ids.has(id)).sort(compareIds);
    for (const id of removed) {
      this.#members.delete(id);
      this.#removed.add(id);
    }
    const put: MemberRecord[] = [];
    for (const id of ids) {
      const before = this.#members.get(id);
      const after = recordOf(id, before, told?.id === id ? told : undefined, conf);
      if (before !== undefined && isSame(before, after)) continue;
      this.#members.set(id, after);
      put.push(after);
    }
    if (put.length > 0 || removed.length > 0) this.#changed();
    return { put, removed };
  }

  /** A member says what it is called and where clients reach it. Undefined for one that is not a member: ignored. */
  publish(update: MemberPublish): MemberRecord | undefined {
    const id = memberId(update.id);
    const before = this.#members.get(id);
    if (before === undefined) return undefined;
    const after = { ...before, name: update.name, clientUrls: update.clientUrls };
    this.#members.set(id, after);
    this.#changed();
    return after;
  }

  /**
   * A member is reached at other URLs from now on; all else about it stays. Returns its record, to be stored. Throws
   * StoreError, with nothing changed: `member-not-found`, `peer-url-exists` when another member has one of them,
   * `member-bad-urls` when there is none.
   */
  updatePeerUrls(id: MemberId, peerUrls: readonly string[]): MemberRecord {
    const before = this.#members.get(id);
    if (before === undefined) throw new StoreError('member-not-found');
    if (peerUrls.length === 0) throw new StoreError('member-bad-urls');
    for (const other of this.#members.values()) {
      if (other === before) continue;
      if (other.peerUrls.some((url) => peerUrls.includes(url))) {
        throw new StoreError('peer-url-exists');
      }
    }
    const after = { ...before, peerUrls: [...peerUrls] };
    this.#members.set(id, after);
    this.#changed();
    return after;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Everyone with a part in the configuration, in order. During a joint one those on their way out are in still. */
function idsOf(conf: ConfState): Set<MemberId> {
  const all = [...conf.voters, ...conf.votersOutgoing, ...conf.learners, ...conf.learnersNext];
  return new Set(all.sort(compareIds));
}

function recordOf(
  id: MemberId,
  before: MemberRecord | undefined,
  told: MemberRecord | undefined,
  conf: ConfState,
): MemberRecord {
  return MemberRecord.create({
    id,
    name: before?.name ?? told?.name,
    peerUrls: before?.peerUrls ?? told?.peerUrls,
    clientUrls: before?.clientUrls ?? told?.clientUrls,
    isLearner: conf.learners.includes(id),
  });
}

function isSame(a: MemberRecord, b: MemberRecord): boolean {
  return (
    a.name === b.name &&
    a.isLearner === b.isLearner &&
    a.peerUrls.join() === b.peerUrls.join() &&
    a.clientUrls.join() === b.clientUrls.join()
  );
}
