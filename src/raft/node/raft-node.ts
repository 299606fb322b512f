import type { Clock } from '../../base/clock.js';
import { formatId, type MemberId, noMember } from '../../base/ids.js';
import type { Logger } from '../../base/logger.js';
import { RaftCore } from '../core/index.js';
import type {
  ConfChange,
  CoreStatus,
  Index,
  Message,
  Ready,
  SnapshotMeta,
  Term,
} from '../core/types.js';
import { ApplyLoop } from './apply-loop.js';
import type { PeerMessage, PeerTransport, Waiter } from './contracts.js';
import { NodeError } from './errors.js';
import { handOverWhenStalled } from './hand-over.js';
import { LeaderIntake } from './leader-intake.js';
import { LeadershipView } from './leadership-view.js';
import { PeerSender } from './peer-sender.js';
import { ProposalFlow } from './proposal-flow.js';
import { ProposalQueue } from './proposals.js';
import {
  type LeadershipStatus,
  type NodeActivity,
  type RaftNodeOptions,
  retentionOf,
} from './raft-node-options.js';
import { ReadQueue } from './read-queue.js';
import { whenStillLeaderless } from './still-leaderless.js';
import { TickTimer } from './tick-timer.js';
import { WritePipeline } from './write-pipeline.js';

/** With no more proposals waiting here than this, and no reads, there is nothing better to do than to write. */
const quietProposalsMax = 4;

/**
 * The driver: one loop that owns the consensus core and carries out what it asks for. Inputs are collected while the
 * event loop has I/O; at the end of the turn (`clock.defer`) they are processed together, so that one batch of proposals
 * costs one log write and one message per follower.
 */
export class RaftNode<Result> {
  readonly #options: RaftNodeOptions<Result>;
  readonly #clock: Clock;
  readonly #core: RaftCore;
  readonly #transport: PeerTransport;
  readonly #logger: Logger;
  /** Names this incarnation in envelopes and forwards. */
  readonly #session: bigint;
  readonly #proposals: ProposalQueue<Result>;
  readonly #flow: ProposalFlow<Result>;
  readonly #reads = new ReadQueue();
  readonly #writes: WritePipeline;
  readonly #sender: PeerSender;
  readonly #applyLoop: ApplyLoop<Result>;
  readonly #resendMs: number;
  readonly #ticks: TickTimer;
  readonly #leadership: LeadershipView;
  #turnScheduled = false;
  #stopped = false;

  constructor(options: RaftNodeOptions<Result>) {
    this.#options = options;
    this.#clock = options.clock;
    this.#transport = options.transport;
    this.#logger = options.logger;
    this.#session = options.prng.uint64();
    this.#resendMs = options.core.electionTicks * options.tickMs * 0.5;
    this.#core = new RaftCore(
      { ...options.core, prng: options.prng.fork(), defects: options.defects },
      options.recovered,
    );
    options.probe?.onStart(this.#core, options.recovered);
    this.#proposals = new ProposalQueue({
      session: this.#session,
      pendingMax: options.pendingProposalsMax,
      defects: options.defects,
    });
    this.#applyLoop = new ApplyLoop({
      core: this.#core,
      stateMachine: options.stateMachine,
      session: this.#session,
      onResult: (number, result) => this.#proposals.onApplied(number, result),
      onTerm: (term) => this.#proposals.onTermApplied(term),
      onApplied: (index) => this.#onApplied(index),
      onFatal: (error) => this.#fail(error),
      retention: retentionOf(options),
    });
    this.#sender = new PeerSender({
      clock: this.#clock,
      transport: this.#transport,
      schedule: () => this.#schedule(),
    });
    this.#flow = new ProposalFlow({
      core: this.#core,
      clock: this.#clock,
      transport: this.#transport,
      proposals: this.#proposals,
      intake: new LeaderIntake(this.#core, options.admits ?? (() => null)),
      requestTimeoutMs: options.requestTimeoutMs,
      resendMs: this.#resendMs,
      schedule: () => this.#schedule(),
    });
    this.#writes = new WritePipeline({
      wal: options.wal,
      clock: this.#clock,
      isQuiet: () => this.#proposals.pendingCount <= quietProposalsMax && this.#reads.isEmpty,
      send: (messages) => this.#sender.send(messages),
      restore: (meta) => this.#applyLoop.restore(meta, () => options.snapshots.chunks(meta)),
      onRestored: () => this.#onRestored(),
      onFatal: (error) => this.#fail(error),
    });
    this.#leadership = new LeadershipView(this.#core, options.logger, (status) => {
      this.#proposals.onLeaderChange(status.term);
      options.onLeadership?.(status);
    });
    this.#ticks = new TickTimer({
      clock: this.#clock,
      tickMs: options.tickMs,
      // A pause within a sleep goes unnoticed: it leaves half of an election timeout to hear the leader.
      sleepTicksMax: Math.max(1, Math.floor(options.core.electionTicks / 2)),
      tick: () => this.#guard(() => this.#core.tick()),
      onWake: () => this.#onTick(),
    });
    this.#ticks.sleep(0);
  }

  /** What the core currently believes. */
  status(): CoreStatus {
    return this.#core.status();
  }

  get leadership(): LeadershipStatus {
    return this.#leadership.status;
  }

  get term(): Term {
    return this.#core.term;
  }

  /** What waits here for consensus now, and what has failed to get it so far. */
  get activity(): NodeActivity {
    return {
      proposalsPending: this.#proposals.pendingCount,
      proposalsFailed: this.#proposals.failedCount,
      readsFailed: this.#reads.failedCount,
    };
  }

  get appliedIndex(): Index {
    return this.#applyLoop.applied;
  }

  /**
   * Replicates `payload`, with the byte `tag` before it, through whoever leads, and tells `waiter` the state machine's
   * result here. It is applied at most once. Rejects with {@link NodeError}.
   */
  propose(tag: number, payload: Uint8Array, waiter: Waiter<Result>, signal?: AbortSignal): void {
    if (this.#isRefused(waiter)) return;
    this.#flow.add(tag, payload, waiter, signal);
    this.#schedule();
  }

  /** Replicates a membership change; the state machine's result comes back once it is applied here. */
  proposeConfChange(change: ConfChange, waiter: Waiter<Result>, signal?: AbortSignal): void {
    if (this.#isRefused(waiter)) return;
    this.#flow.addConfChange(change, waiter, signal);
    this.#schedule();
  }

  /**
   * Resolves once everything acknowledged anywhere before this call is applied here. Rejects with {@link NodeError}. All calls
   * of one loop turn get the same promise.
   */
  readBarrier(): Promise<void> {
    if (this.#stopped) return Promise.reject(stoppedError());
    const { current } = this.#reads;
    if (current !== undefined) return current;
    this.#schedule();
    return this.#reads.begin(this.#clock.now() + this.#options.requestTimeoutMs);
  }

  /** Starts handing leadership to `target`. Throws `not-leader` or `bad-transferee`; success shows as a leadership change. */
  transferLeadership(target: MemberId): void {
    if (this.#core.role !== 'leader')
      throw new NodeError('not-leader', 'this member does not lead');
    if (!this.#core.status().conf.voters.includes(target)) {
      throw new NodeError('bad-transferee', `${formatId(target)} is not a voter`);
    }
    this.#core.transferLeadership(target);
    this.#schedule();
  }

  /** A message from a peer. Anything may come; what makes no sense is ignored. */
  onMessage(from: MemberId, message: PeerMessage): void {
    if (this.#stopped) return;
    this.#ticks.catchUp();
    switch (message.kind) {
      case 'raft':
        if (message.message.from === from) this.#onRaftMessage(message.message);
        if (!this.#hasWork) return;
        break;
      case 'forward':
        this.#onForward(from, message);
        break;
      case 'forward-reply':
        this.#proposals.onForwardReply(message);
        break;
      case 'snapshot-fetch':
      case 'snapshot-chunk':
        this.#options.snapshots.onMessage(from, message);
        break;
    }
    this.#schedule();
  }

  /** Messages to this peer may have been lost. */
  onUnreachable(id: MemberId): void {
    if (this.#stopped) return;
    this.#core.onUnreachable(id);
    this.#schedule();
  }

  /** The peer's process seems to be gone. When it led, do not wait for the election timeout. */
  onGone(id: MemberId): void {
    if (this.#stopped || id !== this.#core.leader || this.#core.role !== 'follower') return;
    this.#ticks.catchUp();
    this.#core.onLeaderUnreachable();
    whenStillLeaderless(this.#core, this.#options, () => {
      if (this.#stopped) return;
      this.#core.campaign();
      this.#schedule();
    });
    this.#schedule();
  }

  /** The log reports that all writes up to `sequence` are durable. */
  onDurable(sequence: number): void {
    if (this.#stopped) return;
    this.#options.probe?.onDurable(sequence);
    this.#writes.onDurable(sequence);
    this.#guard(() => this.#core.onDurable(sequence));
    this.#schedule();
  }

  /** A verified snapshot file of `meta` from `message.from` is on this member's disk. */
  onSnapshotFetched(message: Extract<Message, { kind: 'snapshot' }>): void {
    if (this.#stopped) return;
    this.#ticks.catchUp();
    this.#core.step(message);
    this.#schedule();
  }

  /** A snapshot of `meta` can now be fetched from this member. */
  onSnapshotSaved(meta: SnapshotMeta): void {
    if (this.#stopped) return;
    this.#core.onSnapshotAvailable(meta);
    this.#schedule();
  }

  /** Stops taking inputs, rejects who waits, and makes what is applied durable. Does not close the log. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#halt();
    await this.#applyLoop.stop();
  }

  /** A turn would do something. Most heartbeats, and answers to them, only tell that somebody is there. */
  get #hasWork(): boolean {
    const isAwaited = this.#proposals.pendingCount > 0 || !this.#reads.isEmpty;
    return isAwaited || this.#core.hasReady() || this.#leadership.isStale;
  }

  #isRefused(waiter: Waiter<Result>): boolean {
    if (this.#stopped) waiter.reject(stoppedError());
    return this.#stopped;
  }

  #schedule(): void {
    if (this.#turnScheduled || this.#stopped) return;
    this.#turnScheduled = true;
    this.#clock.defer(() => {
      this.#turnScheduled = false;
      if (!this.#stopped) this.#guard(() => this.#turn());
    });
  }

  #onTick(): void {
    if (this.#stopped) return;
    this.#guard(() => {
      const now = this.#clock.now();
      this.#proposals.expire(now);
      this.#reads.expire(now);
      this.#reads.retry(now, this.#resendMs);
      handOverWhenStalled(this.#core, {
        stalledMs: this.#writes.stalledMs(now),
        stallMsMax: this.#options.core.electionTicks * this.#options.tickMs,
        logger: this.#logger,
      });
      this.#options.snapshots.onTick(now);
      this.#turn();
    });
  }

  /** One pass: propose and ask what was collected, then carry out what the core wants until it wants nothing. */
  #turn(): void {
    this.#ticks.catchUp();
    this.#flow.flush();
    this.#flushReads();
    while (this.#core.hasReady()) this.#carryOut(this.#core.ready());
    this.#leadership.refresh();
    this.#applyLoop.run();
    this.#sender.endTurn();
    const isIdle =
      this.#proposals.pendingCount === 0 && this.#reads.isEmpty && this.#options.snapshots.isIdle;
    this.#ticks.sleep(isIdle ? this.#core.idleTicks : 0);
  }

  #flushReads(): void {
    if (!this.#reads.hasQueued) return;
    const now = this.#clock.now();
    const hasLeader = this.#core.leader !== noMember || this.#core.role === 'leader';
    if (!hasLeader || this.#reads.isGathering(now)) this.#reads.seal();
    else this.#reads.flush(now, (requestId) => this.#core.readIndex(requestId));
  }

  #onForward(from: MemberId, message: Extract<PeerMessage, { kind: 'forward' }>): void {
    const reply = this.#flow.onForward(message);
    if (this.#core.role === 'leader') this.#sender.awaitCommit(from, this.#core.lastIndex);
    if (reply !== undefined) this.#transport.send(from, reply);
  }

  #onRaftMessage(message: Message): void {
    if (message.kind === 'snapshot') this.#options.snapshots.onOffer(message, this.#core.commit);
    else this.#core.step(message);
  }

  #carryOut(ready: Ready): void {
    this.#options.probe?.onReady(ready);
    this.#sender.send(ready.messages);
    // The others sync while this member writes.
    this.#transport.flush();
    if (ready.write !== null) {
      this.#writes.write(ready.write, ready.messages);
      // It may be durable already.
      this.#transport.flush();
    }
    for (const { requestId, index } of ready.reads) this.#reads.onAnswer(requestId, index);
    if (ready.reads.length > 0) {
      this.#reads.onApplied(this.#applyLoop.applied);
      if (this.#reads.hasQueued) this.#schedule();
    }
    // Whoever is about to be removed learns of it from here, as long as there is a connection.
    if (ready.committed.some((entry) => entry.kind === 'config')) this.#sender.sendHeld();
    this.#applyLoop.push(ready.committed);
    if (ready.snapshotWanted) this.#options.snapshots.save();
  }

  #onRestored(): boolean {
    if (this.#stopped) return false;
    this.#proposals.onStateReplaced();
    this.#schedule();
    return true;
  }

  #onApplied(index: Index): void {
    this.#reads.onApplied(index);
    this.#schedule();
  }

  /** Runs a step of the loop; what it throws is a bug or a dead disk, and ends this member. */
  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#fail(error);
    }
  }

  #halt(): void {
    this.#stopped = true;
    this.#ticks.close();
    this.#sender.close();
    this.#flow.close();
    this.#proposals.close();
    this.#reads.close();
  }

  #fail(error: unknown): void {
    if (this.#stopped) return;
    this.#halt();
    this.#options.onFatal(error instanceof Error ? error : new Error(String(error)));
  }
}

function stoppedError(): NodeError {
  return new NodeError('stopped', 'this member is stopping');
}
