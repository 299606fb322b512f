import { noMember } from '../../base/ids.js';
import type { HttpHandler, HttpResponse, HttpRoutes } from '../../rpc/http-routes.js';
import { AlarmType, RangeRequest } from '../../wire/gen/etcdserverpb.js';
import { clusterVersionOf } from './cluster-version.js';
import type { ApiContext } from './context.js';
import { debugVars } from './debug-vars.js';
import { alarmName } from './maintenance.js';
import { probeRoutes } from './probes.js';

/** How /health was answered. */
export interface HealthCounts {
  healthy: number;
  unhealthy: number;
}

/** What the endpoints tell beside what the context knows. */
export interface HttpOptions {
  /** Counted in when given. */
  readonly health?: HealthCounts;
  /** Answers /metrics; without it there is none. */
  readonly metrics?: HttpHandler;
  /** What the program was started with, for /debug/vars; without it there is none. */
  readonly commandLine?: readonly string[];
}

/** The plain HTTP endpoints next to gRPC: /health, /livez, /readyz, /version, /metrics and /debug/vars. */
export function httpRoutes(context: ApiContext, options: HttpOptions = {}): HttpRoutes {
  const { commandLine } = options;
  return toRoutes([
    ...observingRoutes(context, options),
    ['/version', () => version(context)],
    ...optionalRoute('/debug/vars', commandLine && debugVars(context, commandLine)),
  ]);
}

/** Those that are served at --listen-metrics-urls: /metrics and the health checks. */
export function metricsRoutes(context: ApiContext, options: HttpOptions): HttpRoutes {
  return toRoutes(observingRoutes(context, options));
}

function observingRoutes(
  context: ApiContext,
  { health: counts, metrics }: HttpOptions,
): [string, HttpHandler][] {
  const answerHealth: HttpHandler = async (request) => {
    const answer = await health(context, request.query, request.signal);
    if (counts !== undefined) counts[answer.status === 200 ? 'healthy' : 'unhealthy']++;
    return answer;
  };
  return [
    ['/health', answerHealth],
    ...probeRoutes(context),
    ...optionalRoute('/metrics', metrics),
  ];
}

function optionalRoute(path: string, handler: HttpHandler | undefined): [string, HttpHandler][] {
  return handler === undefined ? [] : [[path, handler]];
}

function toRoutes(routes: readonly (readonly [string, HttpHandler])[]): HttpRoutes {
  return new Map(routes.map(([path, handler]) => [path, getOnly(handler)]));
}

function getOnly(handler: HttpHandler): HttpHandler {
  return (request) => {
    if (request.method === 'GET') return handler(request);
    return { ...text(405, 'Method Not Allowed\n'), headers: { allow: 'GET' } };
  };
}

/**
 * Healthy: no alarm is active (`exclude=NOSPACE` leaves one out), a leader is known, and a read succeeds; with
 * `serializable=true` a read of this member alone.
 */
async function health(
  context: ApiContext,
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const isSerializable = query.get('serializable') === 'true';
  const reason = alarmReason(context, query.getAll('exclude'));
  if (reason !== '') return unhealthy(reason);
  if (!isSerializable && context.raft().leader === noMember) return unhealthy('RAFT NO LEADER');
  try {
    if (!isSerializable) await context.readBarrier(signal);
    await context.mvcc.range(RangeRequest.create({ key: Buffer.from('health'), limit: 1 }));
  } catch (error) {
    return unhealthy(`RANGE ERROR:${error instanceof Error ? error.message : String(error)}`);
  }
  return text(200, JSON.stringify({ health: 'true', reason: '' }));
}

function alarmReason(context: ApiContext, excluded: readonly string[]): string {
  for (const { alarm } of context.alarms()) {
    const name = alarmName(alarm);
    if (alarm !== AlarmType.NONE && !excluded.includes(name)) return `ALARM ${name}`;
  }
  return '';
}

function unhealthy(reason: string): HttpResponse {
  return text(503, `${JSON.stringify({ health: 'false', reason })}\n`);
}

function version(context: ApiContext): HttpResponse {
  const { etcd } = context.version;
  const cluster = clusterVersionOf(etcd);
  const body = JSON.stringify({ etcdserver: etcd, etcdcluster: cluster, storage: cluster });
  return { status: 200, contentType: 'application/json', body };
}

function text(status: number, body: string): HttpResponse {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}
