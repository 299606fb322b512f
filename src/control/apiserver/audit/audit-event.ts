import type { KubeObject } from '../../machinery/object.js';
import type { Status } from '../../machinery/status.js';
import { formatMicroTime } from '../../machinery/time.js';
import { reviewedUser } from '../authentication/reviews.js';
import type { UserInfo } from '../contracts.js';
import type { Exchange } from '../exchange.js';
import type { AuditDecision, AuditLevel, AuditStage } from './audit-policy.js';

/** What is known of a request beyond its exchange; filled in as it goes on. */
export interface AuditRecord {
  readonly decision: AuditDecision;
  readonly user: UserInfo;
  readonly annotations: Record<string, string>;
  requestObject: KubeObject | null;
  responseObject: KubeObject | null;
}

/** An audit event (audit.k8s.io/v1 Event). */
export interface AuditEvent {
  readonly kind: 'Event';
  readonly apiVersion: 'audit.k8s.io/v1';
  readonly level: AuditLevel;
  readonly auditID: string;
  readonly stage: AuditStage;
  readonly requestURI: string;
  readonly verb: string;
  readonly user: ReviewedUser;
  readonly impersonatedUser: ReviewedUser | undefined;
  readonly sourceIPs: readonly string[];
  readonly userAgent: string | undefined;
  readonly objectRef: Readonly<Record<string, string>> | undefined;
  readonly responseStatus: ResponseStatus | undefined;
  readonly requestObject: KubeObject | undefined;
  readonly responseObject: KubeObject | undefined;
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

/** A Status without what an answer's body has besides. */
type ResponseStatus = { readonly [Field in keyof Status]?: Status[Field] | undefined };

type ReviewedUser = ReturnType<typeof reviewedUser>;

/** What the audit log has of a request at a stage. */
export function auditEvent(
  exchange: Exchange,
  record: AuditRecord,
  stage: AuditStage,
  now: { readonly ms: number; readonly failure: Status | null },
): AuditEvent {
  const { request, info, impersonator, user } = exchange;
  const { level, omitManagedFields } = record.decision;
  const hasBodies = level === 'Request' || level === 'RequestResponse';
  const body = (object: KubeObject | null) =>
    object === null ? undefined : omitManagedFields ? withoutManagedFields(object) : object;
  const isAnswered = stage !== 'RequestReceived';
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level,
    auditID: exchange.auditId,
    stage,
    requestURI: request.query === '' ? request.path : `${request.path}?${request.query}`,
    verb: info.verb,
    user: reviewedUser(impersonator ?? record.user),
    impersonatedUser: impersonator === null ? undefined : reviewedUser(user),
    sourceIPs: sourceIps(exchange),
    userAgent: request.headers.get('user-agent'),
    objectRef: info.isResourceRequest ? objectRef(exchange) : undefined,
    responseStatus: isAnswered ? responseStatus(exchange, now.failure) : undefined,
    requestObject: hasBodies ? body(record.requestObject) : undefined,
    responseObject:
      level === 'RequestResponse' && isAnswered ? body(record.responseObject) : undefined,
    requestReceivedTimestamp: formatMicroTime(exchange.nowMs),
    stageTimestamp: formatMicroTime(now.ms),
    annotations: Object.keys(record.annotations).length > 0 ? { ...record.annotations } : undefined,
  };
}

function objectRef({ info }: Exchange): Record<string, string> {
  const { resource, namespace, name, group, version, subresource } = info;
  const all = { resource, namespace, name, apiGroup: group, apiVersion: version, subresource };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}

function responseStatus({ statusCode }: Exchange, failure: Status | null): ResponseStatus {
  if (failure !== null) {
    const { status, message, reason, details, code } = failure;
    return { metadata: {}, status, message, reason, details, code };
  }
  return { metadata: {}, code: statusCode };
}

/** Proxies in front first, then who is connected. */
function sourceIps({ request }: Exchange): string[] {
  const forwarded = (request.headers.get('x-forwarded-for') ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const port = request.remoteAddress.lastIndexOf(':');
  const peer = request.remoteAddress.slice(0, port).replace(/^\[|\]$/g, '');
  return forwarded.at(-1) === peer ? forwarded : [...forwarded, peer];
}

function withoutManagedFields(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata ?? {};
  return { ...object, metadata };
}
