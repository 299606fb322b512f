import type { Clock } from '../../../base/clock.js';
import type { KubeObject } from '../../machinery/object.js';
import { internalError, statusOf } from '../../machinery/status-errors.js';
import type { Exchange } from '../exchange.js';
import type { AuditHook } from '../filters/audit.js';
import type { AuditBackend } from './audit-backend.js';
import { AuditEntry } from './audit-entry.js';
import { type AuditRecord, auditEvent } from './audit-event.js';
import type { AuditMetrics } from './audit-metrics.js';
import type { AuditPolicy, AuditStage } from './audit-policy.js';

/** A place that audit events go to. */
export interface AuditTarget {
  readonly backend: AuditBackend;
  /** A request whose coming it cannot note is refused. */
  readonly isStrict: boolean;
}

/** Tells of requests by a policy, at each of the targets. */
export class AuditLog implements AuditHook {
  readonly #policy: AuditPolicy;
  readonly #targets: readonly AuditTarget[];
  readonly #clock: Clock;
  readonly #metrics: AuditMetrics | null;
  readonly #records = new WeakMap<Exchange, AuditRecord>();

  constructor(
    policy: AuditPolicy,
    targets: readonly AuditTarget[],
    { clock, metrics = null }: { readonly clock: Clock; readonly metrics?: AuditMetrics | null },
  ) {
    this.#metrics = metrics;
    this.#policy = policy;
    this.#targets = targets;
    this.#clock = clock;
  }

  onRequest(exchange: Exchange): Promise<void> | undefined {
    const decision = this.#policy.decide(exchange.user, exchange.info);
    this.#metrics?.onLevel(decision.level);
    if (decision.level === 'None') return undefined;
    this.#records.set(exchange, {
      decision,
      user: exchange.user,
      annotations: {},
      requestObject: null,
      responseObject: null,
    });
    const kept = this.#write(exchange, 'RequestReceived', null);
    if (typeof kept !== 'boolean') return kept.then((isKept) => this.#requireKept(isKept));
    this.#requireKept(kept);
    return undefined;
  }

  /** Adds an annotation to the events of a request that are still to come; the first of a key stays. */
  annotate(exchange: Exchange, key: string, value: string): void {
    const record = this.#records.get(exchange);
    if (record !== undefined && record.annotations[key] === undefined)
      record.annotations[key] = value;
  }

  /** What the client sent; noted at level Request and above. The object is not kept beyond the answer. */
  setRequestObject(exchange: Exchange, object: KubeObject): void {
    const record = this.#records.get(exchange);
    if (record !== undefined && record.decision.level !== 'Metadata') record.requestObject = object;
  }

  /** What was answered; noted at level RequestResponse. */
  setResponseObject(exchange: Exchange, object: KubeObject): void {
    const record = this.#records.get(exchange);
    if (record?.decision.level === 'RequestResponse') record.responseObject = object;
  }

  onResponseStarted(exchange: Exchange): void {
    void this.#write(exchange, 'ResponseStarted', null);
  }

  onResponseComplete(exchange: Exchange, error: unknown): Promise<void> | undefined {
    const kept = this.#write(exchange, 'ResponseComplete', error);
    this.#records.delete(exchange);
    return typeof kept === 'boolean' ? undefined : kept.then(() => undefined);
  }

  async close(): Promise<void> {
    await Promise.all(this.#targets.map(({ backend }) => backend.close()));
  }

  /** Whether all targets that must have kept the event. */
  #write(exchange: Exchange, stage: AuditStage, error: unknown): boolean | Promise<boolean> {
    const record = this.#records.get(exchange);
    if (record === undefined || record.decision.omitStages.has(stage)) return true;
    const failure = error === null || error === undefined ? null : statusOf(error);
    this.#metrics?.onEvent();
    const now = { ms: this.#clock.wallTime(), failure };
    const entries = [new AuditEntry(auditEvent(exchange, record, stage, now))];
    const results = this.#targets.map(({ backend, isStrict }) => {
      const kept = backend.take(entries);
      if (typeof kept === 'boolean') return kept || !isStrict;
      return kept.then((isKept) => isKept || !isStrict);
    });
    if (results.every((result) => typeof result === 'boolean')) return results.every(Boolean);
    return Promise.all(results).then((all) => all.every(Boolean));
  }

  #requireKept(isKept: boolean): void {
    if (isKept) return;
    this.#metrics?.onRejected();
    throw internalError(new Error('failed to store audit event'));
  }
}
