/** Reads that one message asks the leader for. */
interface ForwardedBatch {
  readonly requestIds: readonly number[];
  readonly sentTick: number;
}

const noRequests: readonly number[] = Object.freeze([]);

/**
 * The reads that this member has asked its leader for. What one batch of inputs brings goes out as one message under an
 * id of its own; ids start at a random place so that an answer to an earlier incarnation of this member is not taken for
 * an answer to this one.
 */
export class ForwardedReads {
  #nextId: number;
  #fresh: number[] = [];
  /** In the order sent, so the oldest come first. */
  #batches = new Map<number, ForwardedBatch>();

  /** `salt` is random in 0 to 2^32-1. */
  constructor(salt: number) {
    this.#nextId = salt * 0x10_0000 + 1;
  }

  get hasFresh(): boolean {
    return this.#fresh.length > 0;
  }

  /** The tick of the batch that waits longest for its answer; Infinity when none does. */
  get oldestSentTick(): number {
    for (const { sentTick } of this.#batches.values()) return sentTick;
    return Number.POSITIVE_INFINITY;
  }

  /** Notes a read to be asked for. */
  add(requestId: number): void {
    this.#fresh.push(requestId);
  }

  /** Makes one batch of the reads not asked for yet; returns the id to ask under. */
  startBatch(sentTick: number): number {
    const id = this.#nextId++;
    this.#batches.set(id, { requestIds: this.#fresh, sentTick });
    this.#fresh = [];
    return id;
  }

  /** Takes out the reads asked for under `id`; none when that was answered already, or by somebody else. */
  takeBatch(id: number): readonly number[] {
    const batch = this.#batches.get(id);
    if (batch === undefined) return noRequests;
    this.#batches.delete(id);
    return batch.requestIds;
  }

  /** Takes out the reads asked for at `tick` or before. */
  takeSentBy(tick: number): readonly number[] {
    if (this.#batches.size === 0) return noRequests;
    const taken: number[] = [];
    for (const [id, batch] of this.#batches) {
      if (batch.sentTick > tick) break;
      this.#batches.delete(id);
      taken.push(...batch.requestIds);
    }
    return taken;
  }

  /** Takes out every read. */
  takeAll(): readonly number[] {
    if (this.#batches.size === 0 && this.#fresh.length === 0) return noRequests;
    const taken = [...this.#batches.values()].flatMap((batch) => batch.requestIds);
    taken.push(...this.#fresh);
    this.#batches = new Map();
    this.#fresh = [];
    return taken;
  }
}
