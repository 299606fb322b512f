import type { LoadClient } from './load.js';
import type { Meter } from './meter.js';

/** After a failure a client pauses this long: a server that is gone is not asked in a tight loop. */
const failurePauseMs = 10;
/** The open loop wakes up this often. */
const tickMs = 1;
/** Timers come this late by themselves. What starts no later than that, and did not wait for a client, is on time. */
const graceMs = 2.5;

/** Decides when a client that is idle makes its next call. */
interface Pace {
  onIdle(slot: Slot): void;
}

/** A client at work. */
class Slot {
  readonly #client: LoadClient;
  readonly #meter: Meter;
  readonly #pace: Pace;
  #startMs = 0;

  constructor(client: LoadClient, meter: Meter, pace: Pace) {
    this.#client = client;
    this.#meter = meter;
    this.#pace = pace;
  }

  /** Makes a call, which was to start at that time. */
  start(startMs: number): void {
    this.#startMs = startMs;
    this.#client.call(this.#onDone, startMs);
  }

  readonly #onDone = (error: Error | null): void => {
    const nowMs = performance.now();
    const { series, weight } = this.#client;
    if (error === null) {
      this.#meter.onSuccess(series, weight, this.#startMs, nowMs);
      this.#pace.onIdle(this);
    } else {
      this.#meter.onFailure(error, this.#startMs, nowMs);
      setTimeout(() => this.#pace.onIdle(this), failurePauseMs);
    }
  };
}

/** What both loops have in common: a number of calls left, and an end. */
export abstract class Pacer implements Pace {
  protected readonly slots: readonly Slot[];
  /** Calls that may still be made. */
  #left = Number.POSITIVE_INFINITY;
  #isStopped = false;
  #busy = 0;
  #onQuiet: (() => void) | null = null;

  constructor(clients: readonly LoadClient[], meter: Meter) {
    this.slots = clients.map((client) => new Slot(client, meter, this));
  }

  /** Begins to make calls. */
  abstract start(): void;
  /** A client is free. */
  protected abstract takeBack(slot: Slot): void;

  /** Calls in progress. */
  get busy(): number {
    return this.#busy;
  }

  /** Calls that are due and wait for a client. */
  get backlog(): number {
    return 0;
  }

  /** From now on so many calls are made. */
  limit(total: number): void {
    this.#left = total;
  }

  /** Makes no more calls. */
  stop(): void {
    this.#isStopped = true;
    if (this.#busy === 0) this.#onQuiet?.();
  }

  /** Resolves when there are no calls in progress and none to be made. */
  whenQuiet(): Promise<void> {
    if (this.isOver && this.#busy === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onQuiet = resolve;
    });
  }

  /** No more calls are to be made. */
  protected get isOver(): boolean {
    return this.#isStopped || this.#left <= 0;
  }

  protected launch(slot: Slot, startMs: number): void {
    this.#left--;
    this.#busy++;
    slot.start(startMs);
  }

  onIdle(slot: Slot): void {
    this.#busy--;
    this.takeBack(slot);
    if (this.#busy === 0 && this.isOver) this.#onQuiet?.();
  }
}

/** Each client calls again as soon as it is answered. */
export class ClosedLoop extends Pacer {
  /** Clients that have nothing to do for now. */
  #idle: Slot[] = [...this.slots];

  start(): void {
    const idle = this.#idle;
    this.#idle = [];
    for (const slot of idle) this.takeBack(slot);
  }

  override limit(total: number): void {
    super.limit(total);
    this.start();
  }

  protected takeBack(slot: Slot): void {
    if (this.isOver) this.#idle.push(slot);
    else this.launch(slot, performance.now());
  }
}

/**
 * Calls are made at a given rate, whether those before are answered or not. Latencies are from when a call was due, so that a
 * server that stalls is not asked less and does not look better for it (coordinated omission).
 */
export class OpenLoop extends Pacer {
  readonly #ratePerMs: number;
  readonly #idle: Slot[] = [...this.slots];
  #beginMs = 0;
  /** Calls made since the beginning. */
  #made = 0;
  #nowMs = 0;

  constructor(clients: readonly LoadClient[], meter: Meter, ratePerSecond: number) {
    super(clients, meter);
    this.#ratePerMs = ratePerSecond / 1000;
  }

  start(): void {
    this.#beginMs = performance.now();
    this.#tick();
  }

  override get backlog(): number {
    const due = 1 + Math.floor((this.#nowMs - this.#beginMs) * this.#ratePerMs);
    return Math.max(0, due - this.#made);
  }

  #tick(): void {
    if (this.isOver) return;
    this.#nowMs = performance.now();
    this.#pump(graceMs);
    // On whole ticks, however late the last one came.
    const intoTickMs = (this.#nowMs - this.#beginMs) % tickMs;
    setTimeout(() => this.#tick(), tickMs - intoTickMs);
  }

  /** Makes the calls that are due, as far as there are clients. */
  #pump(lateMsMax: number): void {
    while (!this.isOver && this.#idle.length > 0 && this.backlog > 0) {
      const dueMs = this.#beginMs + this.#made / this.#ratePerMs;
      const isOnTime = this.#nowMs - dueMs <= lateMsMax;
      this.#made++;
      this.launch(this.#idle.pop() as Slot, isOnTime ? performance.now() : dueMs);
    }
  }

  protected takeBack(slot: Slot): void {
    this.#idle.push(slot);
    this.#pump(0);
  }
}
