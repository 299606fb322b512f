/** Some values over time, the last ones only. Null: not known at that time. */
export class TimeSeries {
  readonly names: readonly string[];
  readonly #pointsMax: number;
  #times: number[] = [];
  /** One list a name. Invariant: all are as long as the times. */
  readonly #values: (number | null)[][];
  #added = 0;

  constructor(names: readonly string[], pointsMax: number) {
    this.names = names;
    this.#pointsMax = pointsMax;
    this.#values = names.map(() => []);
  }

  /** How many points were ever added. */
  get length(): number {
    return this.#added;
  }

  /** Adds the values of a moment, in the order of the names. */
  add(atMs: number, values: readonly (number | null)[]): void {
    this.#added++;
    this.#times.push(atMs / 1000);
    for (const [at, list] of this.#values.entries()) list.push(values[at] ?? null);
    if (this.#times.length <= this.#pointsMax) return;
    this.#times.shift();
    for (const list of this.#values) list.shift();
  }

  /** Times in seconds since the epoch, then one list a name: as uPlot takes data. */
  columns(): [number[], ...(number | null)[][]] {
    return [[...this.#times], ...this.#values.map((list) => [...list])];
  }

  /** The latest value of each name. */
  latest(): readonly (number | null)[] {
    return this.#values.map((list) => list.at(-1) ?? null);
  }
}
