import { assert } from '../../src/base/assert.js';
import type { Trace } from './trace.js';

/** Whose event it is: a member's slot, a client, or the world itself. Names appear in traces. */
export type Owner = string;

/** A planned event. Opaque; pass it to {@link Scheduler.cancel}. */
export interface Planned {
  readonly time: number;
  readonly sequence: number;
  readonly owner: Owner;
  readonly label: string;
  run: (() => void) | null;
}

/** Events run per trip through Node's loop; each still has its own turn, with its microtasks drained. */
const turnsPerLoop = 64;

/**
 * The one virtual timeline. An event runs to its end, then every promise chain that it set off runs until nothing is
 * left to run, then the checks see the outcome, then the next event is taken. Everything simulated waits on events of
 * this timeline only, so a seed determines the whole history.
 */
export class Scheduler {
  /** Virtual milliseconds since the start. Never goes back. */
  now = 0;
  /** Events executed. */
  executed = 0;
  /** Whose event runs, or ran last; errors that surface outside any call are charged to it. */
  current: Owner = 'world';
  readonly #trace: Trace;
  readonly #heap: Planned[] = [];
  #sequence = 0;
  #failure: { readonly error: unknown } | null = null;

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  /** Plans `run` in `delayMs` virtual milliseconds; events of one time run in the order in which they were planned. */
  after(delayMs: number, owner: Owner, label: string, run: () => void): Planned {
    if (!(delayMs >= 0)) assert(false, `event ${label} of ${owner} planned ${delayMs} ms ahead`);
    const time = this.now + delayMs;
    const planned: Planned = { time, sequence: this.#sequence++, owner, label, run };
    this.#push(planned);
    return planned;
  }

  /** The event does not run; a no-op when it already did. */
  cancel(planned: Planned): void {
    planned.run = null;
  }

  /** Ends {@link run} with `error` once the present event is over. The first failure wins. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /**
   * Executes events until `until()` holds, no event is left, or the virtual time is past `deadline`; rejects with the
   * first failure. `check` is called after every event, once all that it set off has settled.
   */
  run(options: {
    readonly deadline: number;
    readonly until: () => boolean;
    readonly check: (owner: Owner) => void;
  }): Promise<void> {
    return new Promise((resolve, reject) => {
      let live = true;
      let pendingCheck = false;
      const finish = () => {
        live = false;
        if (this.#failure !== null) reject(this.#failure.error);
        else resolve();
      };
      const turn = () => {
        if (!live) return;
        if (pendingCheck) {
          pendingCheck = false;
          this.#guard(() => options.check(this.current));
        }
        if (this.#failure !== null || options.until()) return finish();
        const event = this.#pop(options.deadline);
        if (event === undefined) {
          if (Number.isFinite(options.deadline)) this.now = Math.max(this.now, options.deadline);
          return finish();
        }
        pendingCheck = true;
        this.#execute(event);
      };
      const loop = () => {
        for (let i = 0; i < turnsPerLoop; i++) setImmediate(turn);
        setImmediate(() => {
          if (live) loop();
        });
      };
      loop();
    });
  }

  #execute(event: Planned): void {
    const { run } = event;
    assert(run !== null && event.time >= this.now);
    this.now = event.time;
    this.current = event.owner;
    this.executed++;
    event.run = null;
    this.#trace.event(event.time, event.owner, event.label);
    this.#guard(run);
  }

  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.fail(error);
    }
  }

  /** The next event that is not cancelled and not past `deadline`. */
  #pop(deadline: number): Planned | undefined {
    const heap = this.#heap;
    for (;;) {
      const first = heap[0];
      if (first === undefined || first.time > deadline) return undefined;
      const last = heap.pop() as Planned;
      if (heap.length > 0) {
        heap[0] = last;
        this.#siftDown();
      }
      if (first.run !== null) return first;
    }
  }

  #push(planned: Planned): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(planned);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Planned;
      if (!isBefore(planned, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = planned;
  }

  #siftDown(): void {
    const heap = this.#heap;
    const moving = heap[0] as Planned;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as Planned)) child++;
      const below = heap[child] as Planned;
      if (!isBefore(below, moving)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = moving;
  }
}

function isBefore(a: Planned, b: Planned): boolean {
  return a.time < b.time || (a.time === b.time && a.sequence < b.sequence);
}
