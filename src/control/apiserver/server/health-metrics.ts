import { Counter, Gauge, type Registry } from 'prom-client';

interface CheckCounts {
  readonly name: string;
  readonly type: string;
  wasWell: boolean;
  success: number;
  error: number;
}

/** What health checks came to when somebody looked, under Kubernetes' names. */
export class HealthMetrics {
  readonly #checks = new Map<string, CheckCounts>();

  /** `type` is the path that was asked: `healthz`, `livez` or `readyz`. */
  onCheck(type: string, name: string, isWell: boolean): void {
    const key = `${type}/${name}`;
    const counts = this.#checks.get(key) ?? { name, type, wasWell: isWell, success: 0, error: 0 };
    this.#checks.set(key, counts);
    counts.wasWell = isWell;
    counts[isWell ? 'success' : 'error']++;
  }

  register(registry: Registry): void {
    const registers = [registry];
    const checks = this.#checks;
    new Gauge({
      ...{ name: 'kubernetes_healthcheck', labelNames: ['name', 'type'], registers },
      help: 'Whether a health check was well at the last look: 1, or 0.',
      collect() {
        for (const { name, type, wasWell } of checks.values())
          this.set({ name, type }, wasWell ? 1 : 0);
      },
    });
    new Counter({
      ...{ name: 'kubernetes_healthchecks_total', registers },
      labelNames: ['name', 'type', 'status'],
      help: 'Looks at health checks, by what they came to.',
      collect() {
        this.reset();
        for (const { name, type, success, error } of checks.values()) {
          if (success > 0) this.inc({ name, type, status: 'success' }, success);
          if (error > 0) this.inc({ name, type, status: 'error' }, error);
        }
      },
    });
  }
}
