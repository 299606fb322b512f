import type { Defect } from '../../base/defect.js';
import { SequenceMap } from '../../base/sequence-map.js';
import { encodeConfChange } from '../core/index.js';
import type { ConfChange, ProposeRefusal, Term } from '../core/types.js';
import { EntryRoom, type RoomyData, stampEntry } from '../wal/index.js';
import type { PeerMessage, Proposal, Waiter } from './contracts.js';
import { type SessionWords, seal, sealContext, sessionWords, unknownTerm } from './envelope.js';
import { NodeError } from './errors.js';
import { isFinal, type Taken } from './leader-intake.js';

/** A proposal somebody waits for. Its life: queued -> proposed in a term -> resolved, or back to queued when provably lost. */
type PendingProposal<Result> = Pending<Result> &
  ({ readonly kind: 'normal'; data: RoomyData } | { readonly kind: 'config'; data: Uint8Array });

/** Forwarded and not known to be taken, at the most: proposals, and bytes but for a single one. */
const streamMax = 4096;
const streamBytesMax = 8 * 1024 * 1024;

interface Pending<Result> {
  readonly number: number;
  readonly deadline: number;
  readonly waiter: Waiter<Result>;
  /** Term whose leader may have it in its log; 0 while queued. */
  term: Term;
  /** It was proposed in an earlier term and provably lost. For the error text at its deadline. */
  wasLost: boolean;
}

/**
 * The proposals of this member, each applied at most once however often leaders change.
 *
 * The argument: a proposal is sent to the leader of one term only, which takes it only while it leads that very term
 * (`ForwardIntake`). An entry of term T that is ever committed precedes, in every log, the first entry of any later
 * term. So once this member has applied an entry of a later term and the proposal has not been applied before it, the
 * proposal is in no log that counts and never will be: it may be proposed again.
 */
export class ProposalQueue<Result> {
  readonly #session: bigint;
  readonly #sessionWords: SessionWords;
  readonly #pendingMax: number;
  readonly #defects: ReadonlySet<Defect>;
  readonly #room = new EntryRoom();
  #failedCount = 0;
  /** Everything unresolved, by number. */
  readonly #pending = new SequenceMap<PendingProposal<Result>>(1);
  /** Not proposed in any term, in order. Invariant: each has term 0. */
  #queued: PendingProposal<Result>[] = [];
  /** What was forwarded in `#streamTerm` and is not known to be taken: numbers `#streamAccepted + 1` and up. */
  #stream: PendingProposal<Result>[] = [];
  #streamTerm: Term = 0;
  /** Numbers up to here have been taken by the leader. */
  #streamAccepted = 0;
  /** Numbers up to here have been sent at least once. Invariant: accepted <= sent <= accepted + stream length. */
  #streamSent = 0;
  /** Sum over `#stream`. */
  #streamBytes = 0;
  /** When the leader last took something, or the oldest of what it has not taken was sent. */
  #streamProgressAt = 0;
  /** It took something since {@link forward} was called last. */
  #hasProgressed = false;
  /** The leader of `#streamTerm` has said that it takes no more. */
  #streamEnded = false;

  constructor(options: { session: bigint; pendingMax: number; defects: ReadonlySet<Defect> }) {
    this.#session = options.session;
    this.#sessionWords = sessionWords(options.session);
    this.#pendingMax = options.pendingMax;
    this.#defects = options.defects;
  }

  /** Proposals that were refused, or of which nobody could say in time what became of them. */
  get failedCount(): number {
    return this.#failedCount;
  }

  /** Takes data for the state machine, `tag` before `payload`. Returns its number, for {@link cancel}; 0 when it was refused. */
  add(tag: number, payload: Uint8Array, deadline: number, waiter: Waiter<Result>): number {
    const number = this.#pending.next;
    if (this.#isRefused(waiter)) return 0;
    const data = seal(this.#room, this.#sessionWords, number, tag, payload);
    this.#add({ kind: 'normal', data, number, deadline, waiter, term: 0, wasLost: false });
    return number;
  }

  /** Takes a membership change. */
  addConfChange(change: ConfChange, deadline: number, waiter: Waiter<Result>): number {
    const number = this.#pending.next;
    if (this.#isRefused(waiter)) return 0;
    const context = sealContext(this.#sessionWords, number, change.context);
    const data = encodeConfChange({ ...change, context });
    this.#add({ kind: 'config', data, number, deadline, waiter, term: 0, wasLost: false });
    return number;
  }

  #isRefused(waiter: Waiter<Result>): boolean {
    if (this.#pending.size < this.#pendingMax) return false;
    this.#failedCount++;
    waiter.reject(new NodeError('busy', `${this.#pending.size} proposals are pending here`));
    return true;
  }

  #add(item: PendingProposal<Result>): void {
    this.#pending.push(item);
    this.#queued.push(item);
  }

  /** Proposals that somebody waits for. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Of them those that are not proposed in any term. */
  get queuedCount(): number {
    return this.#queued.length;
  }

  /** The size of those. */
  get queuedBytes(): number {
    let bytes = 0;
    for (const { data } of this.#queued) bytes += data.length;
    return bytes;
  }

  /** Proposes everything queued through the local core, which leads `term`; `take` appends some of the first. */
  flushToCore(term: Term, take: (proposals: readonly Proposal[]) => Taken): void {
    while (this.#queued.length > 0) {
      const { taken, refusal } = take(this.#queued);
      for (const item of this.#queued.splice(0, taken)) item.term = term;
      if (refusal === null) continue;
      if (!isFinal(refusal)) return;
      for (const item of this.#queued.splice(0, 1)) this.#refuse(item, refusal);
    }
  }

  /** Something was forwarded, and its leader has not said that it has taken it. */
  get isForwarding(): boolean {
    return this.#streamAccepted < this.#streamSent;
  }

  /**
   * What to send to the leader of `term` now; undefined when nothing is new, or what is new is held back. Resends what is unanswered
   * for `resendMs`, and then nothing is held back.
   */
  forward(
    term: Term,
    now: number,
    { resendMs, isHeld }: { readonly resendMs: number; readonly isHeld: boolean },
  ): PeerMessage | undefined {
    if (term !== this.#streamTerm) this.#openStream(term);
    if (this.#streamEnded) return undefined;
    if (this.#hasProgressed) this.#streamProgressAt = now;
    this.#hasProgressed = false;
    const isUnanswered = this.isForwarding;
    const isStale = isUnanswered && now - this.#streamProgressAt >= resendMs;
    if (isHeld && !isStale) return undefined;
    this.#fillStream(term);
    const after = isStale ? this.#streamAccepted : this.#streamSent;
    const unsent = this.#stream.slice(after - this.#streamAccepted);
    if (unsent.length === 0) return undefined;
    this.#streamSent = this.#streamAccepted + this.#stream.length;
    if (isStale || !isUnanswered) this.#streamProgressAt = now;
    return {
      kind: 'forward',
      session: this.#session,
      term,
      firstSequence: after + 1,
      proposals: unsent,
    };
  }

  /** What the stream has no room for stays queued: the leader takes frames up to a size, and what is queued can expire. */
  #fillStream(term: Term): void {
    let count = 0;
    for (const item of this.#queued) {
      const isFull =
        this.#stream.length >= streamMax || this.#streamBytes + item.data.length > streamBytesMax;
      if (isFull && this.#stream.length > 0) break;
      item.term = term;
      this.#stream.push(item);
      this.#streamBytes += item.data.length;
      count++;
    }
    this.#queued.splice(0, count);
  }

  /** The leader's answer to {@link forward}. */
  onForwardReply(reply: Extract<PeerMessage, { kind: 'forward-reply' }>): void {
    if (reply.session !== this.#session || reply.term !== this.#streamTerm) return;
    if (reply.acceptedSequence > this.#streamSent || this.#streamEnded) return;
    for (const { sequence, reason } of reply.refusals) {
      const item = this.#stream[sequence - this.#streamAccepted - 1];
      if (sequence <= reply.acceptedSequence && item?.term === reply.term) {
        this.#refuse(item, reason);
      }
    }
    if (reply.acceptedSequence > this.#streamAccepted) {
      const taken = this.#stream.splice(0, reply.acceptedSequence - this.#streamAccepted);
      for (const { data } of taken) this.#streamBytes -= data.length;
      this.#streamAccepted = reply.acceptedSequence;
      this.#hasProgressed = true;
    }
    if (!reply.ended) return;
    this.#streamEnded = true;
    const untaken = this.#stream;
    this.#stream = [];
    this.#streamBytes = 0;
    // What was provably lost meanwhile may have been proposed in a later term already.
    this.#requeue(untaken.filter((item) => item.term === reply.term));
  }

  /** An own proposal has been applied. */
  onApplied(number: number, result: Result): void {
    this.#pending.take(number)?.waiter.resolve(result);
  }

  /** An entry of `term` has been applied: what was proposed in earlier terms and is still pending is provably lost. */
  onTermApplied(term: Term): void {
    this.#requeue(this.#pending.values().filter((item) => item.term > 0 && item.term < term));
  }

  /** A new leader is known. Nothing is provable yet; only the seeded defect acts here. */
  onLeaderChange(term: Term): void {
    if (!this.#defects.has('forward-retried-blindly')) return;
    this.#requeue(this.#pending.values().filter((item) => item.term > 0 && item.term < term));
  }

  /** The state jumped over entries: whether what was proposed is among them cannot be known. */
  onStateReplaced(): void {
    for (const item of this.#pending.values()) {
      if (item.term === 0) continue;
      this.#pending.take(item.number);
      this.#failedCount++;
      item.waiter.reject(new NodeError('timeout-leader-lost', 'the outcome is inside a snapshot'));
    }
  }

  /** Rejects what has passed its deadline. */
  expire(now: number): void {
    let removed = false;
    for (const item of this.#pending.values()) {
      if (item.deadline > now) continue;
      this.#pending.take(item.number);
      this.#failedCount++;
      removed = true;
      item.waiter.reject(
        item.wasLost
          ? new NodeError('timeout-leader-lost', 'the leader was lost and none answered in time')
          : new NodeError('timeout', 'no answer in time'),
      );
    }
    if (removed) this.#queued = this.#queued.filter((item) => this.#isPending(item));
  }

  /** The caller no longer waits. */
  cancel(number: number): void {
    const item = this.#pending.take(number);
    if (item === undefined) return;
    if (item.term === 0) this.#queued = this.#queued.filter((queued) => queued !== item);
    item.waiter.reject(new NodeError('canceled', 'the caller gave up'));
  }

  /** Rejects everything. */
  close(): void {
    const all = this.#pending.values();
    this.#pending.clear();
    this.#queued = [];
    for (const item of all) item.waiter.reject(new NodeError('stopped', 'this member is stopping'));
  }

  #openStream(term: Term): void {
    this.#streamTerm = term;
    this.#stream = [];
    this.#streamAccepted = 0;
    this.#streamSent = 0;
    this.#streamBytes = 0;
    this.#streamProgressAt = 0;
    this.#hasProgressed = false;
    this.#streamEnded = false;
  }

  #isPending(item: PendingProposal<Result>): boolean {
    return this.#pending.get(item.number) !== undefined;
  }

  #requeue(items: readonly PendingProposal<Result>[]): void {
    const again = items.filter((item) => this.#isPending(item) && item.term > 0);
    if (again.length === 0) return;
    for (const item of again) {
      item.term = 0;
      item.wasLost = true;
      if (item.kind === 'normal') item.data = this.#copy(item.data);
    }
    this.#queued = [...again, ...this.#queued].sort((a, b) => a.number - b.number);
  }

  /** What was proposed or forwarded may still be on its way out of the old memory, head and all: it stays as it is. */
  #copy(data: RoomyData): RoomyData {
    const copy = this.#room.allocate(data.length);
    copy.set(data);
    stampEntry(copy, unknownTerm, 'normal');
    return copy;
  }

  #refuse(item: PendingProposal<Result>, reason: ProposeRefusal): void {
    if (this.#pending.take(item.number) === undefined) return;
    this.#failedCount++;
    item.waiter.reject(new NodeError('config-refused', reason));
  }
}
