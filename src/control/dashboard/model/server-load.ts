import {
  type Histogram,
  histogramSince,
  histogramTotal,
  quantile,
  sumHistogram,
} from './histogram.js';
import { parseMetrics, type Sample } from './prometheus.js';

/** One reading of an API server's metrics. */
export interface LoadReading {
  readonly atMs: number;
  /** Requests that were answered, by whether they only read. */
  readonly reads: Histogram;
  readonly writes: Histogram;
  /** Pods that were given to a node. */
  readonly bindings: Histogram;
  readonly inFlight: number;
  readonly watches: number;
}

/** How busy a server was between two readings. Times are in milliseconds; null: nothing was answered. */
export interface ServerLoad {
  readonly readsPerSecond: number;
  readonly writesPerSecond: number;
  readonly readMsP50: number | null;
  readonly readMsP99: number | null;
  readonly writeMsP50: number | null;
  readonly writeMsP99: number | null;
  readonly bindingsPerSecond: number;
  readonly bindingMsP50: number | null;
  readonly bindingMsP99: number | null;
}

const durations = 'apiserver_request_duration_seconds';
const wanted: ReadonlySet<string> = new Set([
  `${durations}_bucket`,
  'apiserver_current_inflight_requests',
  'apiserver_longrunning_requests',
]);
const readVerbs: ReadonlySet<string> = new Set(['GET', 'LIST']);
const writeVerbs: ReadonlySet<string> = new Set(
  'APPLY CREATE DELETE DELETECOLLECTION PATCH POST PUT UPDATE'.split(' '),
);

/** Reads what counts of the text of `/metrics`. */
export function readLoad(text: string, atMs: number): LoadReading {
  const samples = parseMetrics(text, (name) => wanted.has(name));
  return {
    atMs,
    reads: sumHistogram(samples, durations, ({ verb = '' }) => readVerbs.has(verb)),
    writes: sumHistogram(samples, durations, ({ verb = '' }) => writeVerbs.has(verb)),
    bindings: sumHistogram(samples, durations, isBinding),
    inFlight: sumOf(samples, 'apiserver_current_inflight_requests'),
    watches: sumOf(samples, 'apiserver_longrunning_requests'),
  };
}

function isBinding({ resource, subresource, verb }: Readonly<Record<string, string>>): boolean {
  return resource === 'pods' && subresource === 'binding' && writeVerbs.has(verb ?? '');
}

/** What happened between two readings. */
export function loadBetween(earlier: LoadReading, later: LoadReading): ServerLoad {
  const seconds = Math.max(0.001, (later.atMs - earlier.atMs) / 1000);
  const reads = histogramSince(later.reads, earlier.reads);
  const writes = histogramSince(later.writes, earlier.writes);
  const bindings = histogramSince(later.bindings, earlier.bindings);
  return {
    readsPerSecond: histogramTotal(reads) / seconds,
    writesPerSecond: histogramTotal(writes) / seconds,
    readMsP50: ms(quantile(reads, 0.5)),
    readMsP99: ms(quantile(reads, 0.99)),
    writeMsP50: ms(quantile(writes, 0.5)),
    writeMsP99: ms(quantile(writes, 0.99)),
    bindingsPerSecond: histogramTotal(bindings) / seconds,
    bindingMsP50: ms(quantile(bindings, 0.5)),
    bindingMsP99: ms(quantile(bindings, 0.99)),
  };
}

function ms(seconds: number | null): number | null {
  return seconds === null ? null : seconds * 1000;
}

function sumOf(samples: readonly Sample[], name: string): number {
  return samples.reduce((sum, sample) => (sample.name === name ? sum + sample.value : sum), 0);
}
