import t from 'tap';
import { silentLogger } from '../../../../src/base/logger.js';
import { Prng } from '../../../../src/base/prng.js';
import { startTestEnv, type TestEnv } from '../../../../src/cmd/testenv/start-test-env.js';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import {
  type ApiResource,
  resources,
  SharedInformers,
} from '../../../../src/control/client/index.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';
import { StatusError } from '../../../../src/control/machinery/status.js';
import { defaultConfiguration } from '../../../../src/control/scheduler/config/scheduler-configuration.js';
import {
  defaultPluginFactories,
  defaultPlugins,
} from '../../../../src/control/scheduler/plugins/default-plugins.js';
import { Scheduler } from '../../../../src/control/scheduler/scheduler.js';
import { hostClock } from '../../../../src/host/clock.js';
import { nodeOf, podOf } from '../objects.js';

const deadlineMs = 60_000;

/** Runs the default scheduler beside an API server; both end with the test. */
async function start(test: typeof t): Promise<{ env: TestEnv; events: string[] }> {
  const env = await startTestEnv();
  const { client } = env;
  const events: string[] = [];
  const parts = { client, clock: hostClock, prng: new Prng(1), logger: silentLogger };
  const event = ({ metadata }: KubeObject, type: string, reason: string, message: string) => {
    events.push(`${type} ${reason} ${metadata.name}: ${message}`);
  };
  const scheduler = new Scheduler({
    ...parts,
    ...{ informers: new SharedInformers(parts), eventsOf: () => ({ event }) },
    ...{
      configuration: defaultConfiguration(),
      factories: defaultPluginFactories,
      defaults: defaultPlugins,
    },
  });
  const stop = new AbortController();
  const running = scheduler.run(stop.signal);
  running.catch((error) => test.fail(String(error)));
  test.teardown(async () => {
    stop.abort();
    await running;
    await env.close();
  });
  return { env, events };
}

/** Asks again and again until the object is as it should be. */
async function until<T extends KubeObject>(
  { client }: TestEnv,
  resource: ApiResource<T>,
  name: string,
  is: (object: T) => boolean,
): Promise<T> {
  const endMs = hostClock.now() + deadlineMs;
  const place = resource.isNamespaced ? { namespace: 'default', name } : { name };
  for (;;) {
    const object = await client
      .objects(resource)
      .get(place)
      .catch((error: unknown) => {
        if (error instanceof StatusError && error.code === 404) return null;
        throw error;
      });
    if (object !== null && is(object)) return object;
    if (hostClock.now() > endMs) throw new Error(`in vain: ${JSON.stringify(object)}`);
    await new Promise<void>((resolve) => hostClock.setTimer(20, resolve));
  }
}

const isOn = (node: string) => (pod: Pod) => pod.spec?.nodeName === node;

t.test('the default plugins: work with the API server', async (t) => {
  const { env, events } = await start(t as unknown as typeof import('tap').default);
  const { client } = env;
  const pods = client.objects(resources.pods);
  const zone = 'topology.kubernetes.io/zone';
  await until(env, resources.serviceAccounts, 'default', () => true);
  const allocatable = { cpu: '1', memory: '4Gi', pods: '10' };
  const nodes = client.objects(resources.nodes);
  for (const [name, value] of [
    ['a', 'z1'],
    ['b', 'z2'],
  ] as const) {
    await nodes.create(nodeOf(name, { labels: { [zone]: value }, allocatable }));
    // What says that a new node is not ready yet.
    await nodes.patch({ name }, 'merge', { spec: { taints: null } });
  }
  for (const [name, value] of [
    ['low', 10],
    ['high', 1000],
  ] as const)
    await client.objects(resources.priorityClasses).create({ metadata: { name }, value } as never);

  await t.test('a pod without a gate is placed', async (t) => {
    await pods.create(
      podOf('first', {
        priorityClassName: 'low',
        requests: { cpu: '800m' },
        nodeSelector: { [zone]: 'z1' },
        terminationGracePeriodSeconds: 0,
      }),
    );
    t.ok(await until(env, resources.pods, 'first', isOn('a')));
  });

  await t.test('a volume is bound, once its pod has a node', async (t) => {
    await client.objects(resources.storageClasses).create({
      ...{ metadata: { name: 'local' }, provisioner: 'kubernetes.io/no-provisioner' },
      volumeBindingMode: 'WaitForFirstConsumer',
    });
    await client.objects(resources.persistentVolumes).create({
      metadata: { name: 'pv' },
      spec: {
        ...{
          accessModes: ['ReadWriteOnce'],
          capacity: { storage: '1Gi' },
          storageClassName: 'local',
        },
        local: { path: '/mnt' },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: zone, operator: 'In', values: ['z2'] }] },
            ],
          },
        },
      },
    });
    const volumes = client.objects(resources.persistentVolumes);
    await volumes.patch(
      { name: 'pv' },
      'merge',
      { status: { phase: 'Available' } },
      { subresource: 'status' },
    );
    await client.objects(resources.persistentVolumeClaims).create({
      metadata: { name: 'claim', namespace: 'default' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        storageClassName: 'local',
      },
    });
    const claimed = [{ name: 'data', persistentVolumeClaim: { claimName: 'claim' } }];
    await pods.create(podOf('with-volume', { requests: { cpu: '100m' }, volumes: claimed }));
    const bound = await until(
      env,
      resources.persistentVolumes,
      'pv',
      ({ spec }) => spec?.claimRef !== undefined,
    );
    t.match(bound.spec?.claimRef, { namespace: 'default', name: 'claim' });
    // What the volume controller does then.
    const bindCompleted = { 'pv.kubernetes.io/bind-completed': 'yes' };
    await client
      .objects(resources.persistentVolumeClaims)
      .patch({ namespace: 'default', name: 'claim' }, 'merge', {
        metadata: { annotations: bindCompleted },
        spec: { volumeName: 'pv' },
      });
    t.ok(await until(env, resources.pods, 'with-volume', isOn('b')));
  });

  await t.test('a pod that fits nowhere makes another give way', async (t) => {
    await pods.create(
      podOf('second', {
        priorityClassName: 'high',
        requests: { cpu: '900m' },
        nodeSelector: { [zone]: 'z1' },
      }),
    );
    t.ok(await until(env, resources.pods, 'second', isOn('a')));
    await t.rejects(pods.get({ namespace: 'default', name: 'first' }), { code: 404 });
    t.ok(events.some((event) => event.startsWith('Normal Preempted first: Preempted by pod ')));
  });

  await t.test('a pod that cannot be placed says why, as kube-scheduler words it', async (t) => {
    await pods.create(
      podOf('third', {
        priorityClassName: 'low',
        requests: { cpu: '950m' },
        nodeSelector: { [zone]: 'z1' },
      }),
    );
    const refused = await until(
      env,
      resources.pods,
      'third',
      ({ status }) => status?.conditions !== undefined,
    );
    t.match(refused.status?.conditions, [
      {
        ...{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' },
        message:
          "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match Pod's node affinity/selector. " +
          'no new claims to deallocate, preemption: 0/2 nodes are available: ' +
          '1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.',
      },
    ]);
  });
});
