interface Range {
  readonly first: number;
  readonly last: number;
}

/**
 * Completion indexes of an Indexed job, as ranges: `status.completedIndexes` of a job with 100,000 completions is a few numbers long.
 * Immutable.
 */
export class IndexSet {
  static readonly empty: IndexSet = new IndexSet([]);

  /** Invariant: in order, and with a gap before each. */
  readonly #ranges: readonly Range[];

  private constructor(ranges: readonly Range[]) {
    this.#ranges = ranges;
  }

  /**
   * Reads `1,3-5,7`. Indexes from `completions` on are left out: an elastic job may have shrunk since they were written. So is what
   * cannot be read, from there on.
   */
  static parse(text: string, completions: number): IndexSet {
    const ranges: Range[] = [];
    for (const part of text === '' ? [] : text.split(',')) {
      const range = parseRange(part);
      if (range === null || range.first >= completions) break;
      ranges.push({ first: range.first, last: Math.min(range.last, completions - 1) });
    }
    return new IndexSet(merged(ranges));
  }

  static of(indexes: Iterable<number>): IndexSet {
    return new IndexSet(merged([...indexes].map((index) => ({ first: index, last: index }))));
  }

  /** How many indexes there are. */
  get size(): number {
    return this.#ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  }

  has(index: number): boolean {
    let [low, high] = [0, this.#ranges.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const range = this.#ranges[middle] as Range;
      if (range.last < index) low = middle + 1;
      else high = middle;
    }
    const range = this.#ranges[low];
    return range !== undefined && range.first <= index;
  }

  /** The indexes of both. */
  union(other: IndexSet): IndexSet {
    return new IndexSet(merged([...this.#ranges, ...other.#ranges]));
  }

  with(indexes: Iterable<number>): IndexSet {
    return this.union(IndexSet.of(indexes));
  }

  /** How many indexes are in both. */
  countShared(other: IndexSet): number {
    let [i, j, shared] = [0, 0, 0];
    for (;;) {
      const [one, two] = [this.#ranges[i], other.#ranges[j]];
      if (one === undefined || two === undefined) return shared;
      shared += Math.max(0, Math.min(one.last, two.last) - Math.max(one.first, two.first) + 1);
      if (one.last <= two.last) i++;
      else j++;
    }
  }

  /** The lowest indexes below `completions` that are not in the set, `countMax` at most. */
  firstMissing(countMax: number, completions: number): readonly number[] {
    const missing: number[] = [];
    let next = 0;
    for (const { first, last } of [...this.#ranges, { first: completions, last: completions }]) {
      for (; next < Math.min(first, completions) && missing.length < countMax; next++) {
        missing.push(next);
      }
      next = Math.max(next, last + 1);
    }
    return missing;
  }

  /** `1,3-5,7`; two neighbours are written as `3,4`. */
  toString(): string {
    return this.#ranges
      .map(({ first, last }) => {
        if (first === last) return String(first);
        return `${first}${last === first + 1 ? ',' : '-'}${last}`;
      })
      .join(',');
  }
}

function parseRange(text: string): Range | null {
  const match = /^([0-9]{1,10})(?:-([0-9]{1,10}))?$/.exec(text);
  if (match === null) return null;
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  return last < first ? null : { first, last };
}

/** In order, and neighbours made one. */
function merged(ranges: readonly Range[]): readonly Range[] {
  const result: { first: number; last: number }[] = [];
  for (const { first, last } of [...ranges].sort((a, b) => a.first - b.first)) {
    const before = result.at(-1);
    if (before === undefined || first > before.last + 1) result.push({ first, last });
    else before.last = Math.max(before.last, last);
  }
  return result;
}
