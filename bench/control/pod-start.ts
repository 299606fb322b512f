/**
 * From `kubectl create deployment` to a running pod: `node dist/bench/control/pod-start.js --kubeconfig FILE [--runs 20]
 * [--image flotilla.local/base:1] [--json]`, on a cluster that somebody runs. One deployment after the other is made, watched and
 * deleted. Printed are the times from the request on until the pod is there, is bound, is said to be running, and is gone after its
 * deletion; every time by a watch.
 */
import { parseArgs } from 'node:util';
import type { Pod } from '../../src/control/api/gen/core-v1.js';
import { connectRest, readKubeconfig, resources } from '../../src/control/client/index.js';
import { hostClock } from '../../src/host/clock.js';
import { printRows, type ResultRow } from '../print-rows.js';

const { values } = parseArgs({
  options: {
    kubeconfig: { type: 'string' },
    runs: { type: 'string', default: '20' },
    image: { type: 'string', default: 'flotilla.local/base:1' },
    namespace: { type: 'string', default: 'default' },
    json: { type: 'boolean' },
  },
});

const steps = ['pod made', 'pod bound', 'pod running', 'pod gone after deletion'] as const;
type Step = (typeof steps)[number];
const deadlineMs = 120_000;

const access = await readKubeconfig(values.kubeconfig ?? '');
const client = connectRest(access, { clock: hostClock, userAgent: 'flotilla-pod-start' });
const { namespace, image } = values;
const times = new Map<Step, number[]>(steps.map((step) => [step, []]));
for (let run = 0; run < Number(values.runs); run += 1) {
  for (const [step, ms] of await measureOne(`start-${process.pid}-${run}`))
    times.get(step)?.push(ms);
}
printRows([...times].map(([name, list]) => rowOf(name, list)));
await client.close();

/** Makes a deployment of one pod, and takes it away again. */
async function measureOne(name: string): Promise<ReadonlyMap<Step, number>> {
  const stop = AbortSignal.timeout(deadlineMs);
  const labels = { app: name };
  const found = new Map<Step, number>();
  const seen = watchPod(`app=${name}`, stop, (step) => {
    if (!found.has(step)) found.set(step, hostClock.now() - startedMs);
  });
  await seen.isWatching;
  let startedMs = hostClock.now();
  const deployments = client.objects(resources.deployments);
  await deployments.create({
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'main', image, command: ['sleep', '1000000'] }],
        },
      },
    },
  });
  await seen.running;
  startedMs = hostClock.now();
  await deployments.delete({ namespace, name });
  await seen.gone;
  return found;
}

/** Follows the one pod with a label. */
function watchPod(labelSelector: string, signal: AbortSignal, onStep: (step: Step) => void) {
  let onRunning: () => void = () => {};
  const running = new Promise<void>((resolve) => {
    onRunning = resolve;
  });
  let onWatching: () => void = () => {};
  const isWatching = new Promise<void>((resolve) => {
    onWatching = resolve;
  });
  const gone = (async () => {
    const { resourceVersion } = await client.objects(resources.pods).list({ namespace });
    onWatching();
    const query = { namespace, labelSelector, signal, ...(resourceVersion && { resourceVersion }) };
    for await (const { type, object } of client.objects(resources.pods).watch(query)) {
      if (type === 'DELETED') return onStep('pod gone after deletion');
      onStep('pod made');
      const { spec, status } = object as Pod;
      if ((spec?.nodeName ?? '') !== '') onStep('pod bound');
      if (status?.phase !== 'Running') continue;
      onStep('pod running');
      onRunning();
    }
  })();
  return { isWatching, running, gone };
}

function rowOf(name: string, list: readonly number[]): ResultRow {
  const sorted = [...list].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { name, p50Ms: at(0.5) ?? 0, p99Ms: at(0.99) ?? 0, maxMs: sorted.at(-1) ?? 0 };
}
