/** Keys from `begin` to before `end`, as latin1; without an end where that is null. */
export interface KeyInterval {
  readonly begin: string;
  readonly end: string | null;
}

/**
 * A set of keys made of intervals. A range of keys is in it when the intervals cover it together, though none may alone: what
 * several roles allow adds up.
 */
export class KeyRanges {
  /** Invariant: ascending, not empty, and neither overlapping nor touching one another. */
  readonly #intervals: readonly KeyInterval[];

  /** Intervals that end before they begin count as empty. */
  constructor(intervals: Iterable<KeyInterval>) {
    this.#intervals = merged(intervals);
  }

  contains(key: string): boolean {
    return this.#at(key) !== undefined;
  }

  /** Whether all keys of the interval are in the set; of an empty one, whether the key that it begins with is. */
  covers({ begin, end }: KeyInterval): boolean {
    const found = this.#at(begin);
    if (found === undefined) return false;
    if (found.end === null) return true;
    return end !== null && end <= found.end;
  }

  /** The interval that has the key. */
  #at(key: string): KeyInterval | undefined {
    let low = 0;
    let high = this.#intervals.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const interval = this.#intervals[middle] as KeyInterval;
      if (interval.begin <= key) low = middle + 1;
      else high = middle;
    }
    const last = this.#intervals[low - 1];
    if (last === undefined) return undefined;
    return last.end === null || key < last.end ? last : undefined;
  }
}

function merged(intervals: Iterable<KeyInterval>): readonly KeyInterval[] {
  const result: KeyInterval[] = [];
  for (const interval of [...intervals].filter(isNotEmpty).sort(byBegin)) {
    const last = result.at(-1);
    if (last === undefined || (last.end !== null && last.end < interval.begin)) {
      result.push(interval);
    } else {
      result[result.length - 1] = { begin: last.begin, end: later(last.end, interval.end) };
    }
  }
  return result;
}

function isNotEmpty({ begin, end }: KeyInterval): boolean {
  return end === null || begin < end;
}

function byBegin(a: KeyInterval, b: KeyInterval): number {
  if (a.begin === b.begin) return 0;
  return a.begin < b.begin ? -1 : 1;
}

function later(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return null;
  return a > b ? a : b;
}
