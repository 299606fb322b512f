import type { Clock } from '../../../base/clock.js';
import type { KubeObject } from '../../machinery/object.js';
import { statusOf } from '../../machinery/status-errors.js';
import type { Exchange } from '../exchange.js';
import type { AuditHook } from '../filters/audit.js';
import { type AuditRecord, auditLine } from './audit-event.js';
import type { AuditMetrics } from './audit-metrics.js';
import type { AuditPolicy, AuditStage } from './audit-policy.js';

/** Where lines of the audit log go. Never waits and never throws. */
export interface AuditSink {
  write(line: string): void;
}

/** Writes the audit log by its policy. */
export class AuditLog implements AuditHook {
  readonly #policy: AuditPolicy;
  readonly #sink: AuditSink;
  readonly #clock: Clock;
  readonly #metrics: AuditMetrics | null;
  readonly #records = new WeakMap<Exchange, AuditRecord>();

  constructor(
    policy: AuditPolicy,
    sink: AuditSink,
    { clock, metrics = null }: { readonly clock: Clock; readonly metrics?: AuditMetrics | null },
  ) {
    this.#metrics = metrics;
    this.#policy = policy;
    this.#sink = sink;
    this.#clock = clock;
  }

  onRequest(exchange: Exchange): void {
    const decision = this.#policy.decide(exchange.user, exchange.info);
    this.#metrics?.onLevel(decision.level);
    if (decision.level === 'None') return;
    this.#records.set(exchange, {
      decision,
      user: exchange.user,
      annotations: {},
      requestObject: null,
      responseObject: null,
    });
    this.#write(exchange, 'RequestReceived', null);
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
    this.#write(exchange, 'ResponseStarted', null);
  }

  onResponseComplete(exchange: Exchange, error: unknown): void {
    this.#write(exchange, 'ResponseComplete', error);
    this.#records.delete(exchange);
  }

  #write(exchange: Exchange, stage: AuditStage, error: unknown): void {
    const record = this.#records.get(exchange);
    if (record === undefined || record.decision.omitStages.has(stage)) return;
    const failure = error === null || error === undefined ? null : statusOf(error);
    this.#metrics?.onEvent();
    this.#sink.write(auditLine(exchange, record, stage, { ms: this.#clock.wallTime(), failure }));
  }
}
