import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from '../../../base/clock.js';
import type { GroupVersionKind } from '../../machinery/object.js';
import type { Exchange } from '../exchange.js';
import type { AuthenticationResult } from '../filters/authentication.js';
import type { Filter } from '../filters/filter.js';

const durationSeconds = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45,
  60,
];
const sizeBytes = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

const labelNames = ['verb', 'group', 'version', 'resource', 'subresource', 'scope'] as const;

/** What the server counts, under kube-apiserver's names. */
export class ServerMetrics {
  readonly registry = new Registry();
  readonly #clock: Clock;
  readonly #requests: Counter<(typeof labelNames)[number] | 'code' | 'dry_run'>;
  readonly #durations: Histogram<(typeof labelNames)[number] | 'dry_run'>;
  readonly #sizes: Histogram<(typeof labelNames)[number]>;
  readonly #longRunning: Gauge<(typeof labelNames)[number]>;
  readonly #inFlight: Gauge<'request_kind'>;
  readonly #authentications: Counter<'result'>;
  readonly #authenticatedUsers: Counter<'username'>;
  readonly #watchEvents: Counter<'group' | 'version' | 'kind'>;

  constructor(clock: Clock) {
    this.#clock = clock;
    const registers = [this.registry];
    this.#requests = new Counter({
      name: 'apiserver_request_total',
      help: 'Requests that were answered, by verb, dry run, group, version, resource, scope and HTTP code.',
      labelNames: [...labelNames, 'code', 'dry_run'],
      registers,
    });
    this.#durations = new Histogram({
      name: 'apiserver_request_duration_seconds',
      help: 'Seconds until a request was answered; watches and the like are not counted.',
      labelNames: [...labelNames, 'dry_run'],
      buckets: durationSeconds,
      registers,
    });
    this.#sizes = new Histogram({
      name: 'apiserver_response_sizes',
      help: 'Bytes of answers.',
      labelNames: [...labelNames],
      buckets: sizeBytes,
      registers,
    });
    this.#longRunning = new Gauge({
      name: 'apiserver_longrunning_requests',
      help: 'Watches and other requests without an end of their own that are under way.',
      labelNames: [...labelNames],
      registers,
    });
    this.#inFlight = new Gauge({
      name: 'apiserver_current_inflight_requests',
      help: 'Requests that are being worked on, by kind.',
      labelNames: ['request_kind'],
      registers,
    });
    this.#authentications = new Counter({
      name: 'authentication_attempts',
      help: 'Authentications by result.',
      labelNames: ['result'],
      registers,
    });
    this.#authenticatedUsers = new Counter({
      name: 'authenticated_user_requests',
      help: 'Requests by the user that they were authenticated as; all but a few are `other`.',
      labelNames: ['username'],
      registers,
    });
    this.#watchEvents = new Counter({
      name: 'apiserver_watch_events_total',
      help: 'Events that were sent to watchers, by kind.',
      labelNames: ['group', 'version', 'kind'],
      registers,
    });
  }

  onWatchEvents({ group, version, kind }: GroupVersionKind, count: number): void {
    this.#watchEvents.inc({ group, version, kind }, count);
  }

  /** Measures each request around everything else. */
  get observe(): Filter {
    return async (exchange, next) => {
      const start = this.#clock.now();
      const labels = exchange.isLongRunning ? longLabelsOf(exchange) : null;
      if (labels !== null) this.#longRunning.inc(labels);
      try {
        await next();
      } finally {
        if (labels !== null) this.#longRunning.dec(labels);
        this.#count(exchange, (this.#clock.now() - start) / 1000);
      }
    };
  }

  onInFlight(kind: 'readOnly' | 'mutating', count: number): void {
    this.#inFlight.set({ request_kind: kind }, count);
  }

  onAuthenticated(result: AuthenticationResult, username: string): void {
    this.#authentications.inc({ result });
    if (result !== 'success') return;
    this.#authenticatedUsers.inc({ username: compressed(username) });
  }

  /** Answers all metrics as text, as Prometheus reads them. */
  async serve(exchange: Exchange): Promise<void> {
    const text = await this.registry.metrics();
    exchange.send(200, this.registry.contentType, new TextEncoder().encode(text));
  }

  #count(exchange: Exchange, seconds: number): void {
    const labels = labelsOf(exchange);
    const dry_run = isDryRun(exchange) ? 'All' : '';
    this.#requests.inc({ ...labels, code: String(exchange.statusCode), dry_run });
    if (!exchange.isLongRunning) this.#durations.observe({ ...labels, dry_run }, seconds);
    if (exchange.info.isResourceRequest) this.#sizes.observe(labels, exchange.sentBytes);
  }
}

function isDryRun({ query }: Exchange): boolean {
  return query.has('dryRun') && query.getAll('dryRun').includes('All');
}

/** First parts of the paths that are no resources and are worth a series of their own. */
const knownPaths: ReadonlySet<string> = new Set(
  '.well-known api apis healthz livez metrics openapi openid readyz version'.split(' '),
);
/** The parts that make requests long which are counted before it is known whether their resource is served. */
const longSubresources: ReadonlySet<string> = new Set(
  'attach exec log portforward proxy'.split(' '),
);

/** Requests without an end of their own are counted from their beginning, when any word of theirs may be invented. */
function longLabelsOf({ info }: Exchange): Record<(typeof labelNames)[number], string> {
  const subresource = longSubresources.has(info.subresource) ? info.subresource : '';
  return { ...unknownLabels, verb: verbLabel(info), subresource };
}

const unknownLabels = { group: '', version: '', resource: '', subresource: '', scope: '' } as const;

function verbLabel({ verb }: Exchange['info']): string {
  const name = verb.toUpperCase();
  return knownVerbs.has(name) ? name : 'other';
}

/** Paths that nobody serves are one series, whatever clients invent: each series is kept for good. */
function labelsOf({ info, scope }: Exchange): Record<(typeof labelNames)[number], string> {
  const verb = verbLabel(info);
  if (!info.isResourceRequest) {
    const first = info.path.split('/')[1] ?? '';
    return { ...unknownLabels, verb, subresource: knownPaths.has(first) ? first : '' };
  }
  // Only what was routed has a scope.
  if (scope === '') return { ...unknownLabels, verb };
  const { group, version, resource, subresource } = info;
  return { verb, group, version, resource, subresource, scope };
}

const knownVerbs: ReadonlySet<string> = new Set(
  'APPLY CONNECT CREATE DELETE DELETECOLLECTION GET LIST PATCH POST PROXY PUT UPDATE WATCH'.split(
    ' ',
  ),
);

function compressed(username: string): string {
  const isSystem =
    /^system:(anonymous|apiserver|kube-[a-z-]+)$/.test(username) || username === 'admin';
  return isSystem ? username : 'other';
}
