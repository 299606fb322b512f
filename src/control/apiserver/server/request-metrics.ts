import { Counter, type Registry } from 'prom-client';
import { Distribution, registerDistributions } from '../distribution.js';
import type { Exchange } from '../exchange.js';

const durationSeconds = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45,
  60,
];
const sizeBytes = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/** What requests are told apart by. */
export const requestLabels = [
  'verb',
  'group',
  'version',
  'resource',
  'subresource',
  'scope',
  'component',
] as const;

/** What serves the requests: the API server itself, not one that it passes them on to. */
const component = 'apiserver';

/** Values of {@link requestLabels}. */
export type RequestLabels = Readonly<Record<(typeof requestLabels)[number], string>>;

/** What was counted of requests with the same labels. */
interface Series {
  readonly labels: RequestLabels;
  readonly sizes: Distribution;
  readonly live: Runs;
  readonly dry: Runs;
}

/** Requests of a series, dry runs or not. */
interface Runs {
  /** By status code. */
  readonly counts: Map<number, number>;
  readonly durations: Distribution;
}

/** Counts and measures requests that were answered, under kube-apiserver's names. */
export class RequestMetrics {
  readonly #series = new Map<string, Series>();

  constructor(registry: Registry) {
    const all = () => this.#series.values();
    new Counter({
      name: 'apiserver_request_total',
      help: 'Requests that were answered, by verb, dry run, group, version, resource, scope and HTTP code.',
      labelNames: [...requestLabels, 'code', 'dry_run'],
      registers: [registry],
      collect() {
        this.reset();
        for (const { labels, live, dry } of all()) {
          for (const [code, count] of live.counts)
            this.inc({ ...labels, code: String(code), dry_run: '' }, count);
          for (const [code, count] of dry.counts)
            this.inc({ ...labels, code: String(code), dry_run: 'All' }, count);
        }
      },
    });
    registerDistributions(
      registry,
      {
        name: 'apiserver_request_duration_seconds',
        help: 'Seconds until a request was answered; watches and the like are not counted.',
      },
      function* () {
        for (const { labels, live, dry } of all()) {
          yield [{ ...labels, dry_run: '' }, live.durations];
          yield [{ ...labels, dry_run: 'All' }, dry.durations];
        }
      },
    );
    registerDistributions(
      registry,
      {
        name: 'apiserver_request_sli_duration_seconds',
        help: 'The same for the service level: whether a run was dry or not makes no difference.',
      },
      function* () {
        for (const { labels, live, dry } of all())
          yield [labels, Distribution.sumOf(live.durations, dry.durations)];
      },
    );
    registerDistributions(
      registry,
      { name: 'apiserver_response_sizes', help: 'Bytes of answers.' },
      function* () {
        for (const { labels, sizes } of all()) yield [labels, sizes];
      },
    );
  }

  count(exchange: Exchange, seconds: number): void {
    const { sizes, live, dry } = this.#seriesOf(exchange);
    const { counts, durations } = isDryRun(exchange) ? dry : live;
    const { statusCode, isLongRunning, info, sentBytes } = exchange;
    counts.set(statusCode, (counts.get(statusCode) ?? 0) + 1);
    if (!isLongRunning) durations.observe(seconds);
    if (info.isResourceRequest) sizes.observe(sentBytes);
  }

  #seriesOf({ info, scope }: Exchange): Series {
    const { verb, group, version, resource, subresource } = info;
    // Only what was routed has a scope, and words that no client can invent.
    const isKnown = scope !== '';
    const labels = isKnown ? null : strangeLabelsOf(info);
    const key =
      labels === null
        ? `${verb} ${group} ${version} ${resource} ${subresource} ${scope}`
        : `${labels.verb} ${labels.subresource}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      const routed = {
        verb: verbLabel(info),
        group,
        version,
        resource,
        subresource,
        scope,
        component,
      };
      series = newSeries(labels ?? routed);
      this.#series.set(key, series);
    }
    return series;
  }
}

function newSeries(labels: RequestLabels): Series {
  const runs = () => ({ counts: new Map(), durations: new Distribution(durationSeconds) });
  return { labels, sizes: new Distribution(sizeBytes), live: runs(), dry: runs() };
}

function isDryRun({ query }: Exchange): boolean {
  return query.has('dryRun') && query.getAll('dryRun').includes('All');
}

/** First parts of the paths that are no resources and are worth a series of their own. */
const knownPaths: ReadonlySet<string> = new Set(
  '.well-known api apis healthz livez metrics openapi openid readyz version'.split(' '),
);

const unknownLabels = {
  group: '',
  version: '',
  resource: '',
  subresource: '',
  scope: '',
  component,
} as const;

/** Paths that nobody serves are one series, whatever clients invent: each series is kept for good. */
function strangeLabelsOf(info: Exchange['info']): RequestLabels {
  const first = info.isResourceRequest ? '' : (info.path.split('/')[1] ?? '');
  const subresource = knownPaths.has(first) ? first : '';
  return { verb: verbLabel(info), ...unknownLabels, subresource };
}

/** The parts that make requests long which are counted before it is known whether their resource is served. */
const longSubresources: ReadonlySet<string> = new Set(
  'attach exec log portforward proxy'.split(' '),
);

/** Requests without an end of their own are counted from their beginning, when any word of theirs may be invented. */
export function longLabelsOf({ info }: Exchange): RequestLabels {
  const subresource = longSubresources.has(info.subresource) ? info.subresource : '';
  return { verb: verbLabel(info), ...unknownLabels, subresource };
}

const knownVerbs: ReadonlySet<string> = new Set(
  'APPLY CONNECT CREATE DELETE DELETECOLLECTION GET LIST PATCH POST PROXY PUT UPDATE WATCH'.split(
    ' ',
  ),
);

function verbLabel({ verb }: Exchange['info']): string {
  const name = verb.toUpperCase();
  return knownVerbs.has(name) ? name : 'other';
}
