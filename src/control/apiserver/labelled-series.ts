import { Counter, type Registry } from 'prom-client';
import { Distribution, registerDistributions } from './distribution.js';

/** The labels of a series. */
export type Labels = Readonly<Record<string, string>>;

/** Observations by label, of which there are few; labels are made once for each. */
export class DistributionFamily {
  readonly #bounds: readonly number[];
  /** By any key: labels that are alike have the same. */
  readonly #series = new Map<unknown, { readonly labels: Labels; readonly all: Distribution }>();

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
  }

  observe(key: unknown, value: number, labels: () => Labels): void {
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { labels: labels(), all: new Distribution(this.#bounds) };
      this.#series.set(key, series);
    }
    series.all.observe(value);
  }

  register(registry: Registry, about: { readonly name: string; readonly help: string }): void {
    registerDistributions(registry, about, () => this.#entries());
  }

  *#entries(): Generator<readonly [Labels, Distribution]> {
    for (const { labels, all } of this.#series.values()) yield [labels, all];
  }
}

/** Counts by label, of which there are few; labels are made once for each. */
export class LabelledTally {
  readonly #counts = new Map<string, { readonly labels: Labels; count: number }>();

  add(key: string, labels: () => Labels, by = 1): void {
    let entry = this.#counts.get(key);
    if (entry === undefined) {
      entry = { labels: labels(), count: 0 };
      this.#counts.set(key, entry);
    }
    entry.count += by;
  }

  register(
    registry: Registry,
    about: { readonly name: string; readonly help: string; readonly labelNames: string[] },
  ): void {
    const counts = this.#counts;
    new Counter({
      ...about,
      registers: [registry],
      collect() {
        this.reset();
        for (const { labels, count } of counts.values()) this.inc(labels, count);
      },
    });
  }
}
