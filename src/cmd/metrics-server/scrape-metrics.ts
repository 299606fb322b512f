import { Counter, Histogram, type Registry } from 'prom-client';

/** What the metrics server counts of its own work. */
export class ScrapeMetrics {
  readonly #requests: Counter<'success'>;
  readonly #seconds: Histogram;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#requests = new Counter({
      ...{ name: 'metrics_server_kubelet_request_total', registers, labelNames: ['success'] },
      help: 'Kubelets that were read, or could not be.',
    });
    this.#seconds = new Histogram({
      ...{ name: 'metrics_server_kubelet_request_duration_seconds', registers },
      help: 'How long that took.',
      buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    });
  }

  /** A node was read, or could not be. */
  onRead(isGood: boolean, tookMs: number): void {
    this.#requests.labels(String(isGood)).inc();
    this.#seconds.observe(tookMs / 1000);
  }
}
