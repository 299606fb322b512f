import { assert } from '../../src/base/assert.js';

/**
 * A sequential specification. `step` says what an operation does to a state, or that its observed outcome is impossible
 * there. States are immutable; `key` is equal exactly for states that behave alike from now on.
 */
export interface Model<State, Op> {
  readonly initial: State;
  step(state: State, op: Op): State | undefined;
  key(state: State): string;
  /** Among operations that may come next, those with the smallest rank are tried first. */
  rank(op: Op): number;
  /** False only when no operation of this rank is possible any more in this state or any after it. Bounds the search. */
  admits(state: State, rank: number): boolean;
  /** Equal for operations of unknown outcome that do the same to every state: of those, one can stand for another. */
  effect(op: Op): string;
}

/** One operation as its client saw it. Times are virtual milliseconds. */
export interface Interval<Op> {
  readonly op: Op;
  readonly call: number;
  /** When the answer was seen; null when the outcome stayed unknown: it may take effect any time after `call`, or never. */
  readonly return: number | null;
}

/** `exhausted`: the search gave up at its bound; nothing is known. */
export type Verdict<Op> =
  | { readonly kind: 'linearizable'; readonly steps: number }
  | { readonly kind: 'exhausted'; readonly steps: number }
  | {
      readonly kind: 'violation';
      readonly steps: number;
      /** The longest legal order found, and the operations with an answer that could come next but fit nowhere. */
      readonly longest: readonly Interval<Op>[];
      readonly stuck: readonly Interval<Op>[];
    };

/** Known operations form a list by call time; taking one out and putting it back is O(1) (Lowe 2017, section 3). */
interface Node<Op> {
  readonly interval: Interval<Op>;
  /** Among the known operations, or among the unknown ones. */
  readonly position: number;
  readonly returns: number;
  readonly rank: number;
  previous: Node<Op> | null;
  next: Node<Op> | null;
  /** For one of unknown outcome: the one of the same effect that was called before it. That one is placed first. */
  readonly alike: Node<Op> | null;
}

/** One decision of the depth-first search: the candidates at this point, and the one being tried. */
interface Frame<State, Op> {
  readonly state: State;
  readonly candidates: readonly Node<Op>[];
  tried: number;
}

/**
 * Decides whether a history is linearizable (Wing and Gong 1993, with the memoisation of Lowe 2017): is there an order of
 * the operations that respects real time, in which the specification explains every answer? Operations of unknown outcome
 * are placed anywhere after their call, or left out. Exponential in the worst case, bounded by `stepsMax`.
 *
 * Two things keep the unknown ones from multiplying the search. Of those with the same effect, the one called first is
 * placed first: in any order that uses a later one instead, the two can change places, since neither has to be over by any
 * time. And a configuration is given up when nothing led to the end from one with the same known operations and the same
 * state that had used up only some of its unknown ones: whatever can follow the one can follow the other.
 */
export function checkLinearizable<State, Op>(
  model: Model<State, Op>,
  history: readonly Interval<Op>[],
  stepsMax = 8_000_000,
): Verdict<Op> {
  return new Search(model, history).run(stepsMax);
}

class Search<State, Op> {
  readonly #model: Model<State, Op>;
  /** First of the known operations not yet placed. */
  readonly #head: Node<Op>;
  readonly #unknown: readonly Node<Op>[];
  /** One bit per operation that is placed. */
  readonly #placedKnown: Uint32Array;
  readonly #placedUnknown: Uint32Array;
  #knownLeft: number;
  readonly #order: Node<Op>[] = [];
  /**
   * Configurations met before: by the known operations placed and the state, the sets of unknown ones placed. No set of one
   * list contains an earlier one.
   */
  readonly #met = new Map<string, Uint32Array[]>();

  constructor(model: Model<State, Op>, history: readonly Interval<Op>[]) {
    this.#model = model;
    const inOrder = [...history].sort((a, b) => a.call - b.call);
    const known = inOrder.filter((interval) => interval.return !== null);
    this.#head = listOf(known, model);
    this.#unknown = chainsOf(
      inOrder.filter((interval) => interval.return === null),
      model,
    );
    this.#knownLeft = known.length;
    this.#placedKnown = new Uint32Array(Math.ceil(known.length / 32));
    this.#placedUnknown = new Uint32Array(Math.ceil(this.#unknown.length / 32));
  }

  run(stepsMax: number): Verdict<Op> {
    const stack: Frame<State, Op>[] = [this.#frame(this.#model.initial)];
    let longest: Node<Op>[] = [];
    let stuck: Node<Op>[] = this.#known();
    let steps = 0;
    while (this.#knownLeft > 0) {
      const frame = stack[stack.length - 1];
      if (frame === undefined) {
        const intervals = (nodes: Node<Op>[]) => nodes.map((node) => node.interval);
        return { kind: 'violation', steps, longest: intervals(longest), stuck: intervals(stuck) };
      }
      const node = frame.candidates[frame.tried++];
      if (node === undefined) {
        stack.pop();
        const undone = this.#order.pop();
        if (undone !== undefined) this.#putBack(undone);
        continue;
      }
      if (steps++ >= stepsMax) return { kind: 'exhausted', steps };
      const state = this.#model.step(frame.state, node.interval.op);
      if (state === undefined || !this.#admitsRest(frame, node, state)) continue;
      this.#place(node);
      if (this.#isNew(state)) {
        this.#order.push(node);
        stack.push(this.#frame(state));
        if (this.#order.length > longest.length) {
          longest = [...this.#order];
          stuck = this.#known();
        }
      } else {
        this.#putBack(node);
      }
    }
    return { kind: 'linearizable', steps };
  }

  /** What may be placed next: whatever was called before the first answer among those not placed. */
  #frame(state: State): Frame<State, Op> {
    const known = this.#known();
    const firstReturn = known.reduce((least, node) => Math.min(least, node.returns), Infinity);
    const candidates = known.sort((a, b) => a.rank - b.rank);
    for (const node of this.#unknown) {
      if (node.interval.call > firstReturn) break;
      if (this.#isPlaced(node)) continue;
      if (node.alike === null || this.#isPlaced(node.alike)) candidates.push(node);
    }
    return { state, candidates, tried: 0 };
  }

  /** Is there still room for the known operations that did not come first? */
  #admitsRest(frame: Frame<State, Op>, placed: Node<Op>, state: State): boolean {
    const first = frame.candidates[0] === placed ? frame.candidates[1] : frame.candidates[0];
    if (first === undefined || first.interval.return === null) return true;
    return this.#model.admits(state, first.rank);
  }

  #known(): Node<Op>[] {
    const found: Node<Op>[] = [];
    let firstReturn = Number.POSITIVE_INFINITY;
    for (let node = this.#head.next; node !== null; node = node.next) {
      if (node.interval.call > firstReturn) break;
      found.push(node);
      firstReturn = Math.min(firstReturn, node.returns);
    }
    return found;
  }

  #isNew(state: State): boolean {
    const key = `${this.#placedKnown.join()}|${this.#model.key(state)}`;
    const unknown = this.#placedUnknown;
    const met = this.#met.get(key);
    if (met === undefined) {
      this.#met.set(key, [unknown.slice()]);
      return true;
    }
    if (met.some((set) => isSubset(set, unknown))) return false;
    met.push(unknown.slice());
    return true;
  }

  #isPlaced(unknown: Node<Op>): boolean {
    return ((this.#placedUnknown[unknown.position >> 5] as number) & bitOf(unknown)) !== 0;
  }

  #place(node: Node<Op>): void {
    this.#flip(node);
    if (node.interval.return === null) return;
    this.#knownLeft--;
    if (node.previous !== null) node.previous.next = node.next;
    if (node.next !== null) node.next.previous = node.previous;
  }

  #putBack(node: Node<Op>): void {
    this.#flip(node);
    if (node.interval.return === null) return;
    this.#knownLeft++;
    if (node.previous !== null) node.previous.next = node;
    if (node.next !== null) node.next.previous = node;
  }

  #flip(node: Node<Op>): void {
    const placed = node.interval.return === null ? this.#placedUnknown : this.#placedKnown;
    const word = node.position >> 5;
    placed[word] = (placed[word] as number) ^ bitOf(node);
  }
}

/** What a model says of operations apart from any state. */
type Facts<Op> = Pick<Model<unknown, Op>, 'rank' | 'effect'>;

/** The known operations, linked in the order of their calls, behind a sentinel. */
function listOf<Op>(known: readonly Interval<Op>[], model: Facts<Op>): Node<Op> {
  const links = { previous: null, next: null, alike: null };
  const head: Node<Op> = {
    interval: {} as Interval<Op>,
    position: -1,
    returns: 0,
    rank: 0,
    ...links,
  };
  let last = head;
  for (const [position, interval] of known.entries()) {
    const returns = interval.return ?? Number.POSITIVE_INFINITY;
    assert(returns >= interval.call, 'an operation returned before it was called');
    const rank = model.rank(interval.op);
    const node: Node<Op> = { interval, position, returns, rank, ...links, previous: last };
    last.next = node;
    last = node;
  }
  return head;
}

/** The operations of unknown outcome in the order of their calls, each with the one of its effect before it. */
function chainsOf<Op>(unknown: readonly Interval<Op>[], model: Facts<Op>): Node<Op>[] {
  const lastOf = new Map<string, Node<Op>>();
  return unknown.map((interval, position) => {
    const effect = model.effect(interval.op);
    const alike = lastOf.get(effect) ?? null;
    const rank = model.rank(interval.op);
    const node = { interval, position, returns: Infinity, rank, previous: null, next: null, alike };
    lastOf.set(effect, node);
    return node;
  });
}

function bitOf({ position }: { readonly position: number }): number {
  return 1 << (position & 31);
}

function isSubset(part: Uint32Array, whole: Uint32Array): boolean {
  return part.every((word, i) => (word & ~(whole[i] as number)) === 0);
}
