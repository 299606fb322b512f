import type { QueuedPod } from '../framework/plugin.js';
import { KeyedHeap } from './keyed-heap.js';
import type { QueueEntry } from './queue-entry.js';

/**
 * Pods that pause after a failure. One that was refused may be tried before its pause is over, when there is nothing else to do; one whose
 * attempt failed may not: what failed may fail for everybody.
 */
export class PausedPods {
  readonly #byDueTime: KeyedHeap<QueueEntry>;
  /** Those that may be tried early. */
  readonly #early: KeyedHeap<QueueEntry>;

  /** `dueMsOf` does not change for a pod while it is here. */
  constructor(
    dueMsOf: (entry: QueueEntry) => number,
    less: (a: QueuedPod, b: QueuedPod) => number,
  ) {
    const uidOf = ({ info }: QueueEntry) => info.uid;
    this.#byDueTime = new KeyedHeap(uidOf, (a, b) => dueMsOf(a) - dueMsOf(b) || less(a, b));
    this.#early = new KeyedHeap(uidOf, less);
  }

  get size(): number {
    return this.#byDueTime.size;
  }

  get(uid: string): QueueEntry | undefined {
    return this.#byDueTime.get(uid);
  }

  /** The one whose pause ends first. */
  peek(): QueueEntry | undefined {
    return this.#byDueTime.peek();
  }

  /** True when it may be tried early. */
  push(entry: QueueEntry): boolean {
    this.#byDueTime.push(entry);
    if (entry.errors > 0) return false;
    this.#early.push(entry);
    return true;
  }

  remove(uid: string): QueueEntry | undefined {
    this.#early.remove(uid);
    return this.#byDueTime.remove(uid);
  }

  popEarly(): QueueEntry | undefined {
    const entry = this.#early.pop();
    if (entry !== undefined) this.#byDueTime.remove(entry.info.uid);
    return entry;
  }
}
