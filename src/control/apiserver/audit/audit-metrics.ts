import { Counter, type Registry } from 'prom-client';
import { LabelledTally } from '../labelled-series.js';
import type { AuditLevel } from './audit-policy.js';

/** What the audit log counts, under Kubernetes' names. */
export class AuditMetrics {
  #events = 0;
  #rejected = 0;
  readonly #errors = new LabelledTally();
  readonly #levels = new Map<AuditLevel, number>();

  onEvent(): void {
    this.#events++;
  }

  onLevel(level: AuditLevel): void {
    this.#levels.set(level, (this.#levels.get(level) ?? 0) + 1);
  }

  /** Events that a part of the audit log lost. */
  onLoss(plugin: string, count: number): void {
    this.#errors.add(plugin, () => ({ plugin }), count);
  }

  /** A request that was refused because its coming could not be noted. */
  onRejected(): void {
    this.#rejected++;
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
    const rejected = () => this.#rejected;
    new Counter({
      ...{ name: 'apiserver_audit_requests_rejected_total', registers },
      help: 'Requests that were refused because the audit log failed.',
      collect() {
        this.reset();
        this.inc(rejected());
      },
    });
    this.#errors.register(registry, {
      name: 'apiserver_audit_error_total',
      help: 'Events that are not in the audit log although they should be, by the part that lost them.',
      labelNames: ['plugin'],
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
