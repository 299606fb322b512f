import t from 'tap';
import { ControlClient } from '../../../../src/control/client/index.js';
import type { Transport } from '../../../../src/control/client/transport.js';
import { MetricsClient } from '../../../../src/control/controllers/horizontal-pod-autoscaler/metrics-client.js';
import { MetricError } from '../../../../src/control/controllers/horizontal-pod-autoscaler/samples.js';
import type { ScaleTargets } from '../../../../src/control/controllers/scale-targets/scale-targets.js';
import { hostClock } from '../../../../src/host/clock.js';

/** Of a server of metrics that gives the same answer to everything. */
function metricsOf(answer: unknown): MetricsClient {
  const bytes = new TextEncoder().encode(JSON.stringify(answer));
  const transport: Transport = {
    call: async () => bytes,
    document: async () => bytes,
    watch: async function* () {},
    close: async () => {},
  };
  const client = new ControlClient(transport, { clock: hostClock });
  return new MetricsClient(client, {} as ScaleTargets);
}

const { signal } = new AbortController();
const ofPods = { metric: 'm', namespace: 'n', selector: '', metricSelector: '' };
const ofResource = { resource: 'cpu', namespace: 'n', selector: '', container: '' };
const object = { kind: 'Namespace', name: 'n' };

t.test(
  'MetricsClient: what a server of metrics says wrongly is a metric that cannot be had',
  async (t) => {
    const answers: readonly [title: string, answer: unknown][] = [
      ['a value that is none', { items: [{ value: 'plenty' }] }],
      ['a value that is an object', { items: [{ value: { is: 1 } }, null] }],
      ['nothing', { items: null }],
      ['no list', { items: 'many' }],
    ];
    for (const [title, answer] of answers) {
      const metrics = metricsOf(answer);
      await t.rejects(metrics.pods(ofPods, { signal }), MetricError, title);
      await t.rejects(metrics.object({ ...ofPods, object }, { signal }), MetricError, title);
      await t.rejects(metrics.external(ofPods, { signal }), MetricError, title);
    }
    const usage = {
      items: [{ metadata: { name: 'p' }, containers: [{ usage: { cpu: 'lots' } }] }],
    };
    await t.rejects(metricsOf(usage).resource(ofResource, { signal }), MetricError);
  },
);

t.test('MetricsClient: what is left out is nothing', async (t) => {
  const bare = { items: [{ metadata: { name: 'p' }, containers: null, timestamp: 5, window: 7 }] };
  const samples = await metricsOf(bare).resource(ofResource, { signal });
  t.match(samples.get('p'), { value: 0, atMs: 0 });
});
