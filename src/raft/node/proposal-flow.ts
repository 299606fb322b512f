import type { Clock, Timer } from '../../base/clock.js';
import { type MemberId, noMember } from '../../base/ids.js';
import type { ConfChange, RaftCore } from '../core/index.js';
import { BatchPace } from './batch-pace.js';
import type { PeerMessage, PeerTransport, Waiter } from './contracts.js';
import { ForwardIntake } from './forward-intake.js';
import type { LeaderIntake } from './leader-intake.js';
import type { ProposalQueue } from './proposals.js';
import { cancellable } from './waiter.js';

/** What a {@link ProposalFlow} works with. */
export interface ProposalFlowOptions<Result> {
  readonly core: Pick<RaftCore, 'role' | 'leader' | 'term' | 'commit' | 'lastIndex'>;
  readonly clock: Clock;
  readonly transport: Pick<PeerTransport, 'send'>;
  readonly proposals: ProposalQueue<Result>;
  readonly intake: Pick<LeaderIntake, 'take'>;
  /** Proposals fail after so many milliseconds. */
  readonly requestTimeoutMs: number;
  /** What was forwarded and is not answered is sent again after so many milliseconds. */
  readonly resendMs: number;
  /** Asks for another turn of the loop. */
  readonly schedule: () => void;
}

/** The way of proposals into the log of whoever leads: this member's own, and as long as it leads those of the others. */
export class ProposalFlow<Result> {
  readonly #options: ProposalFlowOptions<Result>;
  readonly #pace = new BatchPace();
  readonly #forwards = new ForwardIntake();
  /** Wakes the loop for what is held back; null when it need not be woken. */
  #timer: Timer | null = null;

  constructor(options: ProposalFlowOptions<Result>) {
    this.#options = options;
  }

  /** Queues data for the state machine, `tag` before `payload`. */
  add(tag: number, payload: Uint8Array, waiter: Waiter<Result>, signal?: AbortSignal): void {
    const { proposals } = this.#options;
    const deadline = this.#deadline();
    if (signal === undefined) {
      proposals.add(tag, payload, deadline, waiter);
      return;
    }
    cancellable(waiter, signal, {
      add: (settled) => proposals.add(tag, payload, deadline, settled),
      cancel: (number) => proposals.cancel(number),
    });
  }

  /** Queues a membership change. */
  addConfChange(change: ConfChange, waiter: Waiter<Result>, signal?: AbortSignal): void {
    const { proposals } = this.#options;
    const deadline = this.#deadline();
    cancellable(waiter, signal, {
      add: (settled) => proposals.addConfChange(change, deadline, settled),
      cancel: (number) => proposals.cancel(number),
    });
  }

  /** Proposes what is queued here, or forwards it, unless it had better wait for more. */
  flush(): void {
    const { core, proposals } = this.#options;
    if (core.role === 'leader') {
      if (proposals.queuedCount > 0) this.#propose();
    } else if (core.leader !== noMember) {
      this.#forward(core.leader);
    }
  }

  /** Takes what a member forwards. Returns the answer; undefined when nothing truthful can be said. */
  onForward(message: Extract<PeerMessage, { kind: 'forward' }>): PeerMessage | undefined {
    const { core, intake } = this.#options;
    const ledTerm = core.role === 'leader' ? core.term : 0;
    return this.#forwards.onForward(message, ledTerm, (proposals) => intake.take(proposals));
  }

  /** Asks for no more turns. */
  close(): void {
    if (this.#timer !== null) this.#options.clock.clearTimer(this.#timer);
    this.#timer = null;
  }

  #deadline(): number {
    return this.#options.clock.now() + this.#options.requestTimeoutMs;
  }

  #propose(): void {
    const { core, clock, proposals, intake } = this.#options;
    const now = clock.now();
    if (this.#holdsBack(core.commit < core.lastIndex, now)) return;
    this.#pace.onBatch(proposals.pendingCount, now);
    proposals.flushToCore(core.term, (queued) => intake.take(queued));
  }

  #forward(leader: MemberId): void {
    const { core, clock, transport, proposals, resendMs } = this.#options;
    const now = clock.now();
    const isHeld = proposals.queuedCount > 0 && this.#holdsBack(proposals.isForwarding, now);
    const message = proposals.forward(core.term, now, { resendMs, isHeld });
    if (message === undefined) return;
    this.#pace.onBatch(proposals.pendingCount, now);
    transport.send(leader, message);
  }

  /** Whether what is queued waits for more; sees to it that it does not wait for too long. */
  #holdsBack(isCommitting: boolean, now: number): boolean {
    const { clock, proposals, schedule } = this.#options;
    const heldMs = this.#pace.holdMs(proposals, isCommitting, now);
    if (heldMs <= 0) return false;
    if (this.#timer === null && Number.isFinite(heldMs)) {
      this.#timer = clock.setTimer(heldMs, () => {
        this.#timer = null;
        schedule();
      });
    }
    return true;
  }
}
