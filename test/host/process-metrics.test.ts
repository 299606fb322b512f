import { Registry } from 'prom-client';
import t from 'tap';
import { collectProcessMetrics } from '../../src/host/process-metrics.js';

t.test('collectProcessMetrics: tells of the process, and samples nothing meanwhile', async (t) => {
  const registry = new Registry();
  collectProcessMetrics(registry);
  const text = await registry.metrics();
  for (const name of ['process_cpu_seconds_total', 'nodejs_heap_size_used_bytes']) {
    t.match(text, new RegExp(`^${name} [0-9.]+$`, 'm'));
  }
  t.match(text, /^nodejs_eventloop_lag_seconds /m);
  t.notMatch(text, /nodejs_eventloop_lag_(min|max|mean|stddev|p\d+)_seconds/);
});
