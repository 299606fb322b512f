import { Counter, type Registry } from 'prom-client';
import type { AuditLevel } from './audit-policy.js';

/** What the audit log counts, under Kubernetes' names. */
export class AuditMetrics {
  #events = 0;
  readonly #levels = new Map<AuditLevel, number>();

  onEvent(): void {
    this.#events++;
  }

  onLevel(level: AuditLevel): void {
    this.#levels.set(level, (this.#levels.get(level) ?? 0) + 1);
  }

  register(registry: Registry): void {
    const registers = [registry];
    const events = () => this.#events;
    new Counter({
      ...{ name: 'apiserver_audit_event_total', registers },
      help: 'Events that were written to the audit log.',
      collect() {
        this.reset();
        this.inc(events());
      },
    });
    const levels = this.#levels;
    new Counter({
      ...{ name: 'apiserver_audit_level_total', labelNames: ['level'], registers },
      help: 'Requests by the level at which the policy has them audited.',
      collect() {
        this.reset();
        for (const [level, count] of levels) this.inc({ level }, count);
      },
    });
  }
}
