import type { Clock, Timer } from '../../src/base/clock.js';
import type { Planned, Scheduler } from './scheduler.js';

/** Something that the machine would do for a process, held back while the process is stopped. */
interface Held {
  readonly label: string;
  readonly run: () => void;
}

/**
 * A member's machine as far as time goes. It outlives the member's incarnations: the rate of its oscillator, its wall
 * clock, and whether its process is stopped (as by SIGSTOP, a long collection of garbage or a frozen virtual machine).
 */
export class MachineTime {
  readonly scheduler: Scheduler;
  readonly owner: string;
  /** Local milliseconds per virtual one. */
  #rate = 1;
  #localBase: number;
  #virtualBase = 0;
  #wallOffset: number;
  #paused = false;
  #held: Held[] = [];

  constructor(options: { scheduler: Scheduler; owner: string; localStart: number; wall: number }) {
    this.scheduler = options.scheduler;
    this.owner = options.owner;
    this.#localBase = options.localStart;
    this.#virtualBase = options.scheduler.now;
    this.#wallOffset = options.wall - options.localStart;
  }

  get isPaused(): boolean {
    return this.#paused;
  }

  get rate(): number {
    return this.#rate;
  }

  /** Monotonic local time. */
  now(): number {
    return this.#localBase + (this.scheduler.now - this.#virtualBase) * this.#rate;
  }

  wallTime(): number {
    return this.now() + this.#wallOffset;
  }

  /** From now on the oscillator runs at `rate`; timers already set keep their virtual time. */
  setRate(rate: number): void {
    this.#localBase = this.now();
    this.#virtualBase = this.scheduler.now;
    this.#rate = rate;
  }

  /** Moves the wall clock, as an operator or ntpd would. */
  jumpWall(byMs: number): void {
    this.#wallOffset += byMs;
  }

  /** Stops the process: nothing is delivered to it until {@link resume}. */
  pause(): void {
    this.#paused = true;
  }

  /** Continues the process; what was held back happens at once, in its order, each as an event of its own. */
  resume(): void {
    this.#paused = false;
    const held = this.#held;
    this.#held = [];
    for (const { label, run } of held) this.plan(0, label, run);
  }

  /** Plans something that happens to the process after `virtualMs`; held back while the process is stopped. */
  plan(virtualMs: number, label: string, run: () => void): Planned {
    return this.scheduler.after(virtualMs, this.owner, label, () => this.#deliver(label, run));
  }

  #deliver(label: string, run: () => void): void {
    if (this.#paused) this.#held.push({ label, run });
    else run();
  }
}

/** The clock of one incarnation of a member: its timers die with it. */
export class IncarnationClock implements Clock {
  readonly #machine: MachineTime;
  readonly #timers = new Set<SimTimer>();
  #isDead = false;

  constructor(machine: MachineTime) {
    this.#machine = machine;
  }

  now(): number {
    return this.#machine.now();
  }

  wallTime(): number {
    return this.#machine.wallTime();
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    return this.#plan(Math.max(0, delayMs) / this.#machine.rate, 'timer', callback);
  }

  clearTimer(timer: Timer): void {
    const own = timer as SimTimer;
    own.isCancelled = true;
    if (own.planned !== null) this.#machine.scheduler.cancel(own.planned);
    this.#timers.delete(own);
  }

  defer(callback: () => void): void {
    this.#plan(0, 'defer', callback);
  }

  deferBriefly(callback: () => void): void {
    this.defer(callback);
  }

  /** No timer of this incarnation fires any more. */
  kill(): void {
    this.#isDead = true;
    for (const timer of this.#timers) this.clearTimer(timer);
  }

  #plan(virtualMs: number, label: string, callback: () => void): Timer {
    const timer = new SimTimer();
    if (this.#isDead) return timer;
    this.#timers.add(timer);
    timer.planned = this.#machine.plan(virtualMs, label, () => {
      if (timer.isCancelled) return;
      this.#timers.delete(timer);
      callback();
    });
    return timer;
  }
}

/** A timer may be cancelled while it is held back by a pause, so the plan alone does not do. */
class SimTimer implements Timer {
  planned: Planned | null = null;
  isCancelled = false;
  get timer(): unknown {
    return this;
  }
}
