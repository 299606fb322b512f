import { type MemberId, noMember } from '../../base/ids.js';
import { membersOf } from './conf-state.js';
import { LeaderReads } from './leader-reads.js';
import { Progress } from './progress.js';
import { majorityValue } from './quorum.js';
import type { ConfState, CoreConfig, Index } from './types.js';

/** What only a leader has: made when it is elected, dropped when it stops leading. */
export class Leadership {
  readonly #config: CoreConfig;
  /** Every member by id, this one included while it is one. */
  peers: ReadonlyMap<MemberId, Progress> = new Map();
  /** The same as a list, by id: for the loops. */
  list: readonly Progress[] = [];
  /** The voters of either half of the configuration. */
  #incoming: readonly Progress[] = [];
  #outgoing: readonly Progress[] = [];
  /** This leader's own; null once it is no member. */
  self: Progress | null = null;

  /** The term's first entry. Committed once the commit index is there. */
  readonly termStartIndex: Index;
  /** The last config entry that may be in the log and not applied; nothing beyond `applied` once it is. */
  pendingConfIndex: Index;
  /** Bytes of data in the entries not committed yet. */
  uncommittedBytes: number;

  heartbeatElapsed = 0;
  /** Something changed that followers may have to be sent; done by the next `ready`. */
  isReplicationDue = true;
  readonly reads = new LeaderReads();

  /** To whom leadership is being handed, and for how many ticks that has been tried. */
  transferee: MemberId = noMember;
  transferElapsed = 0;

  /** Reused by the quorum computations. */
  readonly #scratch: number[] = [];

  constructor(
    config: CoreConfig,
    start: {
      readonly termStartIndex: Index;
      readonly pendingConfIndex: Index;
      readonly uncommittedBytes: number;
    },
  ) {
    this.#config = config;
    this.termStartIndex = start.termStartIndex;
    this.pendingConfIndex = start.pendingConfIndex;
    this.uncommittedBytes = start.uncommittedBytes;
  }

  /** Takes a membership over: keeps what is known of those who stay, starts probing those who are new. */
  setConf(conf: ConfState, now: { readonly tick: number; readonly next: Index }): void {
    const learners = new Set(conf.learners);
    const peers = new Map<MemberId, Progress>();
    for (const id of membersOf(conf)) {
      const progress = this.peers.get(id) ?? this.#newProgress(id, now);
      progress.isLearner = learners.has(id);
      peers.set(id, progress);
    }
    this.peers = peers;
    this.list = [...peers.values()];
    const outgoing = this.#config.defects.has('joint-ignores-outgoing') ? [] : conf.votersOutgoing;
    this.#incoming = this.list.filter((progress) => conf.voters.includes(progress.id));
    this.#outgoing = this.list.filter((progress) => outgoing.includes(progress.id));
    this.self = peers.get(this.#config.id) ?? null;
  }

  /** This leader alone is a quorum. */
  get isAlone(): boolean {
    return (
      this.#incoming.length === 1 && this.#incoming[0] === this.self && this.#outgoing.length === 0
    );
  }

  /** Everything up to here is durable on a quorum of voters. */
  quorumMatch(): Index {
    return Math.min(this.#majorityMatch(this.#incoming), this.#majorityMatch(this.#outgoing));
  }

  /** The newest read round that a quorum of voters has answered; this leader answers every one. */
  quorumReadRound(): number {
    return Math.min(this.#majorityRound(this.#incoming), this.#majorityRound(this.#outgoing));
  }

  /** A quorum of voters was heard after `tick`; this leader always hears itself. */
  hasQuorumHeardAfter(tick: number): boolean {
    return this.#majorityHeard(this.#incoming) > tick && this.#majorityHeard(this.#outgoing) > tick;
  }

  /** Voters other than this leader. */
  isPeerVoter(progress: Progress): boolean {
    if (progress === this.self) return false;
    return this.#incoming.includes(progress) || this.#outgoing.includes(progress);
  }

  #newProgress(id: MemberId, now: { readonly tick: number; readonly next: Index }): Progress {
    return new Progress({
      id,
      isLearner: false,
      next: now.next,
      heardTick: now.tick,
      inflightMessagesMax: this.#config.inflightMessagesMax,
      inflightBytesMax: this.#config.inflightBytesMax,
    });
  }

  #majorityMatch(voters: readonly Progress[]): Index {
    const values = this.#scratch;
    values.length = 0;
    for (const voter of voters) values.push(voter.match);
    return majorityValue(values);
  }

  #majorityRound(voters: readonly Progress[]): number {
    const values = this.#scratch;
    values.length = 0;
    for (const voter of voters) {
      values.push(voter === this.self ? this.reads.newestRound : voter.readRound);
    }
    return majorityValue(values);
  }

  #majorityHeard(voters: readonly Progress[]): number {
    const values = this.#scratch;
    values.length = 0;
    for (const voter of voters) {
      values.push(voter === this.self ? Number.POSITIVE_INFINITY : voter.heardTick);
    }
    return majorityValue(values);
  }
}
