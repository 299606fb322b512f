import { Counter, Gauge, type Registry } from 'prom-client';

/** Why the document of OpenAPI 2 changed. */
export type RegenerationReason = 'add' | 'update' | 'delete';

/** What is counted of servers behind APIServices, under Kubernetes' names. */
export class AggregationMetrics {
  /** Of APIServices that name a service: whether they answer. */
  readonly #isAvailable = new Map<string, boolean>();
  readonly #losses = new Map<
    string,
    { readonly name: string; readonly reason: string; count: number }
  >();
  readonly #regenerations = new Map<
    string,
    { readonly apiservice: string; readonly reason: RegenerationReason; count: number }
  >();

  /** What a look at a server found; `reason` is why it is not available. */
  onChecked(name: string, isAvailable: boolean, reason: string): void {
    const was = this.#isAvailable.get(name);
    this.#isAvailable.set(name, isAvailable);
    if (isAvailable || was === false) return;
    const key = `${name} ${reason}`;
    const loss = this.#losses.get(key) ?? { name, reason, count: 0 };
    loss.count++;
    this.#losses.set(key, loss);
  }

  onRemoved(name: string): void {
    this.#isAvailable.delete(name);
  }

  onRegenerated(apiservice: string, reason: RegenerationReason): void {
    const key = `${apiservice} ${reason}`;
    const entry = this.#regenerations.get(key) ?? { apiservice, reason, count: 0 };
    entry.count++;
    this.#regenerations.set(key, entry);
  }

  register(registry: Registry): void {
    const registers = [registry];
    const [isAvailable, losses] = [this.#isAvailable, this.#losses];
    new Gauge({
      name: 'aggregator_unavailable_apiservice',
      help: 'Whether the server behind an APIService does not answer: 1, or 0.',
      labelNames: ['name'],
      registers,
      collect() {
        this.reset();
        for (const [name, answers] of isAvailable) this.set({ name }, answers ? 0 : 1);
      },
    });
    new Counter({
      name: 'aggregator_unavailable_apiservice_total',
      help: 'How often servers behind APIServices became unavailable, by why.',
      labelNames: ['name', 'reason'],
      registers,
      collect() {
        this.reset();
        for (const { name, reason, count } of losses.values()) this.inc({ name, reason }, count);
      },
    });
    const regenerations = this.#regenerations;
    new Counter({
      name: 'aggregator_openapi_v2_regeneration_count',
      help: 'How often the document of OpenAPI 2 changed with that of an APIService, by why.',
      labelNames: ['apiservice', 'reason'],
      registers,
      collect() {
        this.reset();
        for (const { apiservice, reason, count } of regenerations.values())
          this.inc({ apiservice, reason }, count);
      },
    });
  }
}
