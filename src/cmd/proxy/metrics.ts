import { Gauge, Histogram, type Registry } from 'prom-client';

const syncSeconds = [
  0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192,
  16.384,
];

/** Finer where it matters, up to five minutes; kube-proxy's. */
const programmingSeconds = [
  ...[0.25, 0.5],
  ...steps(1, 1, 59),
  ...steps(60, 5, 12),
  ...steps(120, 30, 7),
];

function steps(first: number, width: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => first + width * at);
}

/** What a proxy counts, under kube-proxy's names. */
export class ProxyMetrics {
  readonly #took: Histogram;
  readonly #last: Gauge;
  readonly #ports: Gauge;
  readonly #programming: Histogram;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#took = new Histogram({
      name: 'kubeproxy_sync_proxy_rules_duration_seconds',
      help: 'How long it took to bring the rules up to date.',
      ...{ buckets: syncSeconds, registers },
    });
    this.#last = new Gauge({
      name: 'kubeproxy_sync_proxy_rules_last_timestamp_seconds',
      help: 'When the rules were brought up to date last.',
      registers,
    });
    this.#programming = new Histogram({
      name: 'kubeproxy_network_programming_duration_seconds',
      help: 'How long after pods or services changed their endpoints were served here.',
      ...{ buckets: programmingSeconds, registers },
    });
    this.#ports = new Gauge({
      name: 'flotilla_proxy_service_ports',
      help: 'Ports of services that are served.',
      registers,
    });
  }

  onProgrammed(latencyMs: number): void {
    this.#programming.observe(latencyMs / 1000);
  }

  onSync(tookMs: number, ports: number, nowMs: number): void {
    this.#took.observe(tookMs / 1000);
    this.#last.set(nowMs / 1000);
    this.#ports.set(ports);
  }
}
