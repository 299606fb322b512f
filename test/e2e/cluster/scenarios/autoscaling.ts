import type { Test } from 'tap';
import { apiResource, resources } from '../../../../src/control/client/index.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';
import { foundKubectls } from '../../kubectl/kubectls.js';
import { deployment } from '../manifests.js';
import type { Place } from '../place.js';
import { areServing, nameOf } from '../pod-views.js';
import { podMetrics, serveRecordedMetrics } from '../recorded-metrics.js';
import type { Scenario } from '../scenario.js';

/** HorizontalPodAutoscalers, and what kubectl shows of measured usage. */
export const autoscalingScenarios: readonly Scenario[] = [
  {
    name: 'autoscale',
    title: 'an autoscaler follows what is measured, up and down, and says why',
    run: scales,
  },
];

async function scales(t: Test, place: Place): Promise<void> {
  await place.apply(deployment('web', 1, { requests: { cpu: '100m' } }));
  const first = await place.untilPods('one pod', areServing(1));
  t.match(
    await place.kubectl('autoscale deployment web --min=1 --max=3 --cpu-percent=50'),
    'horizontalpodautoscaler.autoscaling/web autoscaled',
  );
  await place.untilPrinted(
    'describe hpa web',
    /ScalingActive +False +FailedGetResourceMetric +the HPA was unable to compute the replica count/,
  );

  await serveRecordedMetrics(place);
  await measure(place, first.map(nameOf), '200m');
  const grown = await place.untilPods('as many as may be', areServing(3));
  await place.untilPrinted('get hpa web', /web +Deployment\/web +cpu: \d+%\/50% +1 +3 +3/);
  const described = await place.untilPrinted('describe hpa web', /SuccessfulRescale/);
  t.match(
    described,
    /SuccessfulRescale +\S+( \(.*\))? +horizontal-pod-autoscaler +New size: 3; reason: cpu resource utilization \(percentage of request\) above target/,
  );
  t.match(
    described,
    /ScalingLimited +True +TooManyReplicas +the desired replica count is more than the maximum replica count/,
  );
  for (const kubectl of foundKubectls()) {
    const top = await place.with(kubectl).kubectl('top pods --no-headers');
    t.match(top, /web-\S+ +200m +1Mi/, kubectl.version);
  }

  await measure(place, grown.map(nameOf), '10m');
  await place.untilPods('one pod', areServing(1));
  t.match(
    await place.untilPrinted('describe hpa web', /New size: 1/),
    /SuccessfulRescale +\S+( \(.*\))? +horizontal-pod-autoscaler +New size: 1; reason: All metrics below target/,
  );
  const { status } = await place.get(resources.horizontalPodAutoscalers, 'web');
  t.match(
    status?.conditions?.find(({ type }) => type === 'AbleToScale'),
    { status: 'True' },
  );
  await place.kubectl('delete hpa web');
}

/** Says that each pod uses so much. */
async function measure(place: Place, pods: readonly string[], cpu: string): Promise<void> {
  const client = place.cluster.client.objects(
    apiResource<KubeObject>(podMetrics.apiVersion, 'pods', podMetrics.kind),
  );
  for (const name of pods) {
    const measured = {
      metadata: { name, namespace: place.namespace, labels: { app: 'web' } },
      timestamp: new Date().toISOString(),
      window: '1s',
      containers: [{ name: 'main', usage: { cpu, memory: '1Mi' } }],
    };
    await client.delete({ namespace: place.namespace, name }).catch(() => null);
    await client.create(measured);
  }
}
