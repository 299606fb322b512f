import type { Metric, MetricObjectWithValues, MetricValueWithName, Registry } from 'prom-client';
import { durationBounds, type MethodCounts } from '../../rpc/index.js';
import { type LabelledValues, MetricSet } from './metric-set.js';

/** gRPC's own names of its status codes, in order. */
const codeNames = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
] as const;

const durationsName = 'grpc_server_handling_seconds';
const methodLabels = ['grpc_method', 'grpc_service', 'grpc_type'] as const;

/** Adds what clients asked for by gRPC, under the names of grpc-ecosystem's interceptors, which etcd has. */
export function addCallMetrics(
  registry: Registry,
  { calls, isTimed }: { readonly calls: () => readonly MethodCounts[]; readonly isTimed: boolean },
): void {
  if (isTimed) addDurations(registry, calls);
  const set = new MetricSet(registry);
  const perMethod = (name: string, help: string, count: (counts: MethodCounts) => number) =>
    set.labelledCounter(name, help, methodLabels, () =>
      calls().map((counts) => [labelsOf(counts), count(counts)] as const),
    );
  perMethod('grpc_server_started_total', 'Calls begun.', ({ started }) => started);
  set.labelledCounter(
    'grpc_server_handled_total',
    'Calls ended, by the status that they ended with.',
    ['grpc_code', ...methodLabels],
    () => endedCalls(calls()),
  );
  perMethod('grpc_server_msg_received_total', 'Request messages.', ({ received }) => received);
  perMethod('grpc_server_msg_sent_total', 'Response messages.', ({ sent }) => sent);
  const sum = (count: (counts: MethodCounts) => number) =>
    calls().reduce((all, counts) => all + count(counts), 0);
  set.counter('etcd_network_client_grpc_received_bytes_total', 'Bytes of request messages.', () =>
    sum(({ receivedBytes }) => receivedBytes),
  );
  set.counter('etcd_network_client_grpc_sent_bytes_total', 'Bytes of response messages.', () =>
    sum(({ sentBytes }) => sentBytes),
  );
}

/** prom-client's own histograms take one observation at a time; these are counted elsewhere. */
function addDurations(registry: Registry, calls: () => readonly MethodCounts[]): void {
  const shown = {
    ...{ name: durationsName, help: 'How long calls take.', type: 'histogram', aggregator: 'sum' },
    async get() {
      const values = calls().flatMap((counts) => [...durationValues(counts)]);
      return { ...this, values } as unknown as MetricObjectWithValues<MetricValueWithName<string>>;
    },
  };
  // A registry asks for no more than this of what it shows.
  registry.registerMetric(shown as unknown as Metric<string>);
}

function* durationValues(counts: MethodCounts): Generator<MetricValueWithName<string>> {
  const labels = labelsOf(counts);
  const name = durationsName;
  let count = 0;
  for (const [at, own] of counts.durations.entries()) {
    count += own;
    const le = durationBounds[at] ?? '+Inf';
    yield { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
  }
  yield { metricName: `${name}_sum`, labels, value: counts.totalSeconds };
  yield { metricName: `${name}_count`, labels, value: count };
}

/** Those that have happened, and OK of every method, so that rates begin at 0. */
function* endedCalls(calls: readonly MethodCounts[]): LabelledValues {
  for (const counts of calls) {
    const labels = labelsOf(counts);
    for (const [code, count] of counts.ended.entries()) {
      const grpc_code = codeNames[code] ?? String(code);
      if (count > 0 || code === 0) yield [{ grpc_code, ...labels }, count];
    }
  }
}

function labelsOf({ method }: MethodCounts): Readonly<Record<string, string>> {
  const { path, requestStream, responseStream } = method;
  const [, service = '', name = ''] = path.split('/');
  return {
    grpc_method: name,
    grpc_service: service,
    grpc_type: typeOf(requestStream, responseStream),
  };
}

function typeOf(requestStream: boolean, responseStream: boolean): string {
  if (requestStream) return responseStream ? 'bidi_stream' : 'client_stream';
  return responseStream ? 'server_stream' : 'unary';
}
