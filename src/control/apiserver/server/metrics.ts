import { Counter, Gauge, Registry } from 'prom-client';
import type { Clock } from '../../../base/clock.js';
import type { ServedResource } from '../../api/scheme.js';
import type { Exchange } from '../exchange.js';
import type { AuthenticationResult } from '../filters/authentication.js';
import type { Filter } from '../filters/filter.js';
import { DistributionFamily } from '../labelled-series.js';
import { longLabelsOf, RequestMetrics, requestLabels } from './request-metrics.js';

const watchListSeconds = [
  0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60, 90, 120,
  180, 300,
];

const eventBytes = [1, 2, 4, 8, 16, 32, 64, 128].map((kilobytes) => kilobytes * 1024);

/** Counts of one kind by their label, of which there are few. */
type Tally<Key> = Map<Key, number>;

/** What the server counts, under kube-apiserver's names. Counted in maps of its own, which become metrics when somebody looks. */
export class ServerMetrics {
  readonly registry = new Registry();
  readonly #clock: Clock;
  readonly #requests: RequestMetrics;
  readonly #longRunning: Gauge<(typeof requestLabels)[number]>;
  readonly #inFlight: Tally<'readOnly' | 'mutating'> = new Map();
  readonly #authentications: Tally<AuthenticationResult> = new Map();
  /** By username as it is shown. */
  readonly #authenticatedUsers: Tally<string> = new Map();
  /** Deprecated resources that somebody has used: group, version, resource, subresource. */
  readonly #deprecated = new Set<string>();
  /** By group, version and resource. */
  readonly #watchEvents: Tally<string> = new Map();
  readonly #watchEventSizes = new DistributionFamily(eventBytes);
  readonly #watchLists = new DistributionFamily(watchListSeconds);

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#requests = new RequestMetrics(this.registry);
    this.#longRunning = new Gauge({
      name: 'apiserver_longrunning_requests',
      help: 'Watches and other requests without an end of their own that are under way.',
      labelNames: [...requestLabels],
      registers: [this.registry],
    });
    const inFlight = this.#inFlight;
    new Gauge({
      name: 'apiserver_current_inflight_requests',
      help: 'Requests that are being worked on, by kind.',
      labelNames: ['request_kind'],
      registers: [this.registry],
      collect() {
        for (const [request_kind, count] of inFlight) this.set({ request_kind }, count);
      },
    });
    this.#show(this.#authentications, (result) => ({ result }), {
      name: 'authentication_attempts',
      help: 'Authentications by result.',
      labelNames: ['result'],
    });
    this.#show(this.#authenticatedUsers, (username) => ({ username }), {
      name: 'authenticated_user_requests',
      help: 'Requests by the user that they were authenticated as; all but a few are `other`.',
      labelNames: ['username'],
    });
    const deprecated = this.#deprecated;
    new Gauge({
      name: 'apiserver_requested_deprecated_apis',
      help: 'Always 1: a deprecated resource that somebody has used since the start.',
      labelNames: ['group', 'version', 'resource', 'subresource', 'removed_release'],
      registers: [this.registry],
      collect() {
        for (const text of deprecated) {
          const [group = '', version = '', resource = '', subresource = ''] = text.split('/');
          this.set({ group, version, resource, subresource, removed_release: '' }, 1);
        }
      },
    });
    this.#show(this.#watchEvents, resourceLabels, {
      name: 'apiserver_watch_events_total',
      help: 'Events that were sent to watchers, by resource.',
      labelNames: ['group', 'version', 'resource'],
    });
    this.#watchEventSizes.register(this.registry, {
      name: 'apiserver_watch_events_sizes',
      help: 'Bytes of events that were sent to watchers, by resource.',
    });
    this.#watchLists.register(this.registry, {
      name: 'apiserver_watch_list_duration_seconds',
      help: 'Seconds until a watch had sent all that was there when it began, by resource and scope.',
    });
  }

  onDeprecatedRequest(
    { group, version, resource }: Pick<ServedResource, 'group' | 'version' | 'resource'>,
    subresource: string,
  ): void {
    this.#deprecated.add(`${group}/${version}/${resource}/${subresource}`);
  }

  onWatchEvents(
    { group, version, resource }: Pick<ServedResource, 'group' | 'version' | 'resource'>,
    sizes: readonly number[],
  ): void {
    const key = `${group}/${version}/${resource}`;
    add(this.#watchEvents, key, sizes.length);
    const labels = () => ({ group, version, resource });
    for (const size of sizes) this.#watchEventSizes.observe(key, size, labels);
  }

  onWatchList(
    { group, version, resource }: Pick<ServedResource, 'group' | 'version' | 'resource'>,
    scope: string,
    seconds: number,
  ): void {
    const labels = () => ({ group, version, resource, scope });
    this.#watchLists.observe(`${group}/${version}/${resource}/${scope}`, seconds, labels);
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
        this.#requests.count(exchange, (this.#clock.now() - start) / 1000);
      }
    };
  }

  onInFlight(kind: 'readOnly' | 'mutating', count: number): void {
    this.#inFlight.set(kind, count);
  }

  onAuthenticated(result: AuthenticationResult, username: string): void {
    add(this.#authentications, result, 1);
    if (result === 'success') add(this.#authenticatedUsers, compressed(username), 1);
  }

  /** Answers all metrics as text, as Prometheus reads them. */
  async serve(exchange: Exchange): Promise<void> {
    const text = await this.registry.metrics();
    exchange.send(200, this.registry.contentType, new TextEncoder().encode(text));
  }

  #show<Key>(
    tally: Tally<Key>,
    labelsOf: (key: Key) => Readonly<Record<string, string>>,
    metric: { readonly name: string; readonly help: string; readonly labelNames: string[] },
  ): void {
    new Counter({
      ...metric,
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [key, count] of tally) this.inc(labelsOf(key), count);
      },
    });
  }
}

function resourceLabels(text: string): Readonly<Record<string, string>> {
  const [group = '', version = '', resource = ''] = text.split('/');
  return { group, version, resource };
}

function add<Key>(tally: Tally<Key>, key: Key, count: number): void {
  tally.set(key, (tally.get(key) ?? 0) + count);
}

function compressed(username: string): string {
  const isSystem =
    /^system:(anonymous|apiserver|kube-[a-z-]+)$/.test(username) || username === 'admin';
  return isSystem ? username : 'other';
}
