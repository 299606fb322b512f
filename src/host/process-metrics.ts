import { collectDefaultMetrics, type Registry } from 'prom-client';

/** Of delays that a timer of the event loop samples. It would wake an idle process a hundred times a second, a third of a percent of a processor. */
const sampledMetrics = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'].map(
  (part) => `nodejs_eventloop_lag_${part}_seconds`,
);
const neverMs = 2 ** 31 - 1;

/** The process's own metrics: `process_*`, `nodejs_*`; the event loop's lag as it is when they are asked for. */
export function collectProcessMetrics(register: Registry): void {
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: neverMs });
  for (const name of sampledMetrics) register.removeSingleMetric(name);
}
