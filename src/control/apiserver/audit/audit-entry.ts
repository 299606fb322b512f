import { quote } from '../../machinery/quote.js';
import type { AuditEvent } from './audit-event.js';

/** Says of an event that its bodies were too large to keep. */
const truncatedAnnotation = { 'audit.k8s.io/truncated': 'true' };

/** An audit event on its way to where it is kept. Immutable; its text is made once for all that want it. */
export class AuditEntry {
  readonly event: AuditEvent;
  #json: string | null = null;

  constructor(event: AuditEvent) {
    this.event = event;
  }

  /** A line of JSON. */
  get json(): string {
    this.#json ??= JSON.stringify(this.event);
    return this.#json;
  }

  /** Bytes of the JSON. */
  get size(): number {
    return Buffer.byteLength(this.json);
  }

  /** The event without what was sent and answered, marked as such. */
  withoutBodies(): AuditEntry {
    return new AuditEntry({
      ...this.event,
      requestObject: undefined,
      responseObject: undefined,
      annotations: { ...this.event.annotations, ...truncatedAnnotation },
    });
  }
}

/** An event as a line of text: the format `legacy` of the audit log. */
export function legacyLine({ event }: AuditEntry): string {
  const { user, impersonatedUser, objectRef, responseStatus, sourceIPs } = event;
  const groups = user.groups ?? [];
  const asGroups = impersonatedUser?.groups;
  const fields = {
    id: event.auditID,
    stage: event.stage,
    ip: sourceIPs[0] ?? '<unknown>',
    method: event.verb,
    user: user.username || '<none>',
    groups: groups.length === 0 ? '<none>' : groups.map(quote).join(','),
    as: impersonatedUser === undefined ? '<self>' : (impersonatedUser.username ?? ''),
    asgroups: asGroups === undefined ? '<lookup>' : asGroups.map(quote).join(','),
    'user-agent': event.userAgent ?? '',
    namespace: objectRef?.namespace ?? '<none>',
    uri: event.requestURI,
  };
  const text = Object.entries(fields).map(([name, value]) => `${name}=${quote(value)}`);
  const response = responseStatus === undefined ? '<deferred>' : String(responseStatus.code);
  return `${shortTime(event.requestReceivedTimestamp)} AUDIT: ${text.join(' ')} response="${response}"`;
}

/** Without the zeros at the end of the fraction, or without it. */
function shortTime(text: string): string {
  return text.replace(/\.(\d*?)0*Z$/, (_, digits: string) => (digits === '' ? 'Z' : `.${digits}Z`));
}
