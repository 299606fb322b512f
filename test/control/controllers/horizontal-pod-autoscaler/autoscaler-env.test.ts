import t from 'tap';
import { startTestEnv } from '../../../../src/cmd/testenv/index.js';
import {
  apiResource,
  type ControlClient,
  resources,
} from '../../../../src/control/client/index.js';
import { horizontalPodAutoscalerDefinition } from '../../../../src/control/controllers/horizontal-pod-autoscaler/definition.js';
import { formatTime } from '../../../../src/control/machinery/time.js';
import { hostClock } from '../../../../src/host/clock.js';
import { eventually, setPhase, startControllers, untilPodsCanBeMade } from '../batch-env.js';

const namespace = 'default';

/** A metrics API that tests write into: objects of a kind that says what metric servers say. */
async function addMetricsKind(
  client: ControlClient,
  group: string,
  version: string,
  plural: string,
  kind: string,
) {
  await client
    .objects(
      apiResource(
        'apiextensions.k8s.io/v1',
        'customresourcedefinitions',
        'CustomResourceDefinition',
        'cluster',
      ),
    )
    .create({
      metadata: {
        name: `${plural}.${group}`,
        annotations: { 'api-approved.kubernetes.io': 'unapproved, for tests' },
      },
      spec: {
        ...{ group, scope: 'Namespaced' },
        names: { plural, singular: kind.toLowerCase(), kind },
        versions: [
          {
            ...{ name: version, served: true, storage: true },
            schema: {
              openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            },
          },
        ],
      },
    } as never);
}

t.test('HorizontalPodAutoscalerController scales by metrics, up and down', async (t) => {
  const env = await startTestEnv();
  t.teardown(() => env.close());
  const { client } = env;
  const flags = new Map([
    ['horizontal-pod-autoscaler-sync-period', 200],
    ['horizontal-pod-autoscaler-downscale-stabilization', 0],
  ]);
  const controllers = startControllers(client, [horizontalPodAutoscalerDefinition], flags);
  t.teardown(() => controllers.stop());
  await untilPodsCanBeMade(t, client);
  await addMetricsKind(client, 'metrics.k8s.io', 'v1beta1', 'pods', 'PodMetrics');
  await addMetricsKind(client, 'external.metrics.k8s.io', 'v1beta1', 'queue', 'Queue');
  const sets = client.objects(resources.replicaSets);
  const autoscalers = client.objects(resources.horizontalPodAutoscalers);
  const get = (name: string) => autoscalers.get({ namespace, name });
  const conditionOf = async (name: string, type: string) =>
    (await get(name)).status?.conditions?.find((condition) => condition.type === type);
  const pods = client.objects(resources.pods);
  const metrics = client.objects(apiResource('metrics.k8s.io/v1beta1', 'pods', 'PodMetrics'));
  const makeSet = (name: string, replicas: number) =>
    sets.create({
      metadata: { name, namespace },
      spec: {
        replicas,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: { containers: [{ name: 'c', image: 'i' }] },
        },
      },
    });
  const replicasOf = async (name: string) => (await sets.get({ namespace, name })).spec?.replicas;
  const scaleTargetRef = (name: string) => ({ apiVersion: 'apps/v1', kind: 'ReplicaSet', name });

  t.test('utilisation', async (t) => {
    await makeSet('web', 2);
    for (const name of ['web-0', 'web-1']) {
      const pod = await pods.create({
        metadata: { name, namespace, labels: { app: 'web' } },
        spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '1' } } }] },
      });
      await setPhase(client, pod, 'Running');
      const old = formatTime(hostClock.wallTime() - 3_600_000);
      const condition = { type: 'Ready', status: 'True', lastTransitionTime: old };
      await pods.patch(
        { namespace, name },
        'strategic',
        { status: { startTime: old, conditions: [condition] } },
        { subresource: 'status' },
      );
    }
    await autoscalers.create({
      metadata: { name: 'web', namespace },
      spec: {
        ...{ minReplicas: 1, maxReplicas: 3, scaleTargetRef: scaleTargetRef('web') },
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
          },
        ],
      },
    });
    const blind = await eventually(
      t,
      'no metrics',
      () => conditionOf('web', 'ScalingActive'),
      // Before its kind is served, metrics cannot even be asked for.
      (condition) =>
        condition?.message?.endsWith('no metrics returned from resource metrics API') === true,
    );
    t.match(blind, { status: 'False', reason: 'FailedGetResourceMetric' });
    t.equal(
      blind?.message,
      'the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API',
    );
    t.same((await get('web')).status?.currentMetrics, [{ type: '' }], 'as Kubernetes says it');
    for (const name of ['web-0', 'web-1']) {
      await metrics.create({
        metadata: { name, namespace, labels: { app: 'web' } },
        ...{ timestamp: formatTime(hostClock.wallTime()), window: '30s' },
        containers: [{ name: 'c', usage: { cpu: '900m', memory: '1Mi' } }],
      } as never);
    }
    await eventually(
      t,
      'more replicas',
      () => replicasOf('web'),
      (replicas) => replicas === 3,
    );
    const scaled = await eventually(
      t,
      'the status',
      () => get('web'),
      ({ status }) => status?.desiredReplicas === 3,
    );
    t.match(scaled.status, {
      currentMetrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', current: { averageUtilization: 90, averageValue: '900m' } },
        },
      ],
    });
    t.type(scaled.status?.lastScaleTime, 'string');
    t.match(await conditionOf('web', 'ScalingLimited'), {
      status: 'True',
      reason: 'TooManyReplicas',
    });
    const events = await eventually(
      t,
      'an event',
      async () => (await client.objects(resources.events).list({ namespace })).items,
      (items) => items.some(({ reason }) => reason === 'SuccessfulRescale'),
    );
    t.ok(
      events.some(
        ({ note }) =>
          note ===
          'New size: 3; reason: cpu resource utilization (percentage of request) above target',
      ),
    );
    for (const name of ['web-0', 'web-1']) {
      const idle = [{ name: 'c', usage: { cpu: '10m' } }];
      await metrics.patch({ namespace, name }, 'merge', { containers: idle });
    }
    await eventually(
      t,
      'fewer replicas',
      () => replicasOf('web'),
      (replicas) => replicas === 1,
    );
    const { spec = {} } = await get('web');
    const queue = {
      type: 'External',
      external: { metric: { name: 'none' }, target: { type: 'Value', value: '10' } },
    };
    const both = [queue, ...(spec.metrics ?? [])];
    await autoscalers.patch({ namespace, name: 'web' }, 'merge', {
      spec: { metrics: both } as never,
    });
    await eventually(
      t,
      'a metric that cannot be read keeps its place before one that can',
      () => get('web'),
      ({ status }) => status?.currentMetrics?.map(({ type }) => type).join() === ',Resource',
    );
  });

  t.test('bounds alone, and targets that are not there', async (t) => {
    await makeSet('many', 9);
    const spec = {
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
        },
      ],
    };
    await autoscalers.create({
      metadata: { name: 'many', namespace },
      spec: { ...spec, minReplicas: 2, maxReplicas: 4, scaleTargetRef: scaleTargetRef('many') },
    });
    await eventually(
      t,
      'the maximum',
      () => replicasOf('many'),
      (replicas) => replicas === 4,
    );
    await autoscalers.create({
      metadata: { name: 'lost', namespace },
      spec: { ...spec, maxReplicas: 4, scaleTargetRef: scaleTargetRef('nothing') },
    });
    const lost = await eventually(
      t,
      'the failure',
      () => conditionOf('lost', 'AbleToScale'),
      (condition) => condition?.status === 'False',
    );
    t.equal(lost?.reason, 'FailedGetScale');
    t.equal(
      lost?.message,
      `the HPA controller was unable to get the target's current scale: replicasets.apps "nothing" not found`,
    );
    await makeSet('off', 0);
    await autoscalers.create({
      metadata: { name: 'off', namespace },
      spec: { ...spec, maxReplicas: 4, scaleTargetRef: scaleTargetRef('off') },
    });
    const off = await eventually(
      t,
      'disabled',
      () => conditionOf('off', 'ScalingActive'),
      (condition) => condition?.status === 'False',
    );
    t.equal(off?.reason, 'ScalingDisabled');
  });

  t.test('a metric from outside', async (t) => {
    await makeSet('worker', 1);
    await sets.patch(
      { namespace, name: 'worker' },
      'merge',
      { status: { replicas: 1 } },
      { subresource: 'status' },
    );
    await autoscalers.create({
      metadata: { name: 'worker', namespace },
      spec: {
        ...{ maxReplicas: 4, scaleTargetRef: scaleTargetRef('worker') },
        metrics: [
          {
            type: 'External',
            external: {
              metric: { name: 'queue' },
              target: { type: 'AverageValue', averageValue: '10' },
            },
          },
        ],
      },
    });
    const queue = client.objects(apiResource('external.metrics.k8s.io/v1beta1', 'queue', 'Queue'));
    await queue.create({ metadata: { name: 'a', namespace }, value: '25' } as never);
    await eventually(
      t,
      'more',
      () => replicasOf('worker'),
      (replicas) => replicas === 3,
    );
  });
});
