import { Counter, Gauge, type Registry } from 'prom-client';

/** Values of a metric with labels. */
export type LabelledValues = Iterable<
  readonly [labels: Readonly<Record<string, string>>, value: number]
>;

/** Adds metrics to a registry whose values are kept elsewhere and looked up when somebody asks. */
export class MetricSet {
  readonly #registers: Registry[];

  constructor(registry: Registry) {
    this.#registers = [registry];
  }

  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      ...{ name, help, registers: this.#registers },
      collect() {
        this.set(read());
      },
    });
  }

  /** `read` never gives less than it gave before. */
  counter(name: string, help: string, read: () => number): void {
    new Counter({
      ...{ name, help, registers: this.#registers },
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }

  /** A gauge that is 1 for what a label says. */
  info(name: string, help: string, label: string, read: () => string): void {
    this.labelledGauge(name, help, [label], () => [[{ [label]: read() }, 1]]);
  }

  labelledGauge(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => LabelledValues,
  ): void {
    new Gauge({
      ...{ name, help, labelNames: [...labelNames], registers: this.#registers },
      collect() {
        this.reset();
        for (const [labels, value] of read()) this.set(labels, value);
      },
    });
  }

  labelledCounter(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => LabelledValues,
  ): void {
    new Counter({
      ...{ name, help, labelNames: [...labelNames], registers: this.#registers },
      collect() {
        this.reset();
        for (const [labels, value] of read()) this.inc(labels, value);
      },
    });
  }
}
