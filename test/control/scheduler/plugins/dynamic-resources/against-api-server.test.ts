import t from 'tap';
import { silentLogger } from '../../../../../src/base/logger.js';
import { Prng } from '../../../../../src/base/prng.js';
import { startTestEnv } from '../../../../../src/cmd/testenv/start-test-env.js';
import type { Node } from '../../../../../src/control/api/gen/core-v1.js';
import { resources, SharedInformers } from '../../../../../src/control/client/index.js';
import { defaultConfiguration, Scheduler } from '../../../../../src/control/scheduler/index.js';
import {
  defaultPluginFactories,
  defaultPlugins,
} from '../../../../../src/control/scheduler/plugins/default-plugins.js';
import { hostClock } from '../../../../../src/host/clock.js';
import { nodeOf, podOf } from '../../objects.js';
import { claimOf, device, deviceClass, driver, request, sliceOf } from './devices.js';

const deadlineMs = 60_000;

async function until<T>(what: string, look: () => Promise<T | null>): Promise<T> {
  const endMs = Date.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (Date.now() > endMs) throw new Error(`it did not come to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

t.test('DynamicResources: more pods than devices, at a real API server', async (t) => {
  const env = await startTestEnv();
  const { client } = env;
  const parts = { client, clock: hostClock, prng: new Prng(1), logger: silentLogger };
  const scheduler = new Scheduler({
    ...parts,
    ...{ informers: new SharedInformers(parts), eventsOf: () => ({ event: () => {} }) },
    configuration: defaultConfiguration(),
    ...{ factories: defaultPluginFactories, defaults: defaultPlugins },
  });
  const nodes = client.objects(resources.nodes);
  for (const name of ['n1', 'n2']) {
    const made = await nodes.create({ metadata: { name } });
    const { status } = nodeOf(name);
    const ready = await nodes.updateStatus({
      ...made,
      status: { ...status, capacity: status?.allocatable ?? {} },
    } as Node);
    await nodes.update({ ...ready, spec: { ...ready.spec, taints: [] } });
  }
  const classes = client.objects(resources.deviceClasses);
  await classes.create(deviceClass('gpu', `device.driver == "${driver}"`));
  const slices = client.objects(resources.resourceSlices);
  await slices.create(sliceOf('n1', [device('a'), device('b')]));
  await client.objects(resources.serviceAccounts).create({
    metadata: { name: 'plain', namespace: 'default' },
    automountServiceAccountToken: false,
  });
  const claims = client.objects(resources.resourceClaims);
  const pods = client.objects(resources.pods);
  for (const name of ['p1', 'p2', 'p3']) {
    const { spec } = claimOf(name, [request('r')]);
    await claims.create({ metadata: { name, namespace: 'default' }, spec: spec ?? {} });
    await pods.create(
      podOf(name, {
        serviceAccountName: 'plain',
        resourceClaims: [{ name: 'gpu', resourceClaimName: name }],
      }),
    );
  }
  const stop = new AbortController();
  const running = scheduler.run(stop.signal);
  t.teardown(async () => {
    stop.abort();
    await running;
    await env.close();
  });
  const all = async () => (await pods.list({ namespace: 'default' })).items;
  const placed = await until('two have a node, one has none', async () => {
    const items = await all();
    const waiting = items.filter(({ status }) =>
      status?.conditions?.some(({ reason }) => reason === 'Unschedulable'),
    );
    const done = items.filter(({ spec }) => spec?.nodeName !== undefined);
    return done.length === 2 && waiting.length === 1 ? done : null;
  });
  t.same(
    placed.map(({ spec }) => spec?.nodeName),
    ['n1', 'n1'],
  );
  const given = await Promise.all(
    placed.map(({ metadata }) => claims.get({ namespace: 'default', name: metadata.name ?? '' })),
  );
  const devices = given.map(({ status }) => status?.allocation?.devices?.results?.[0]?.device);
  t.same([...devices].sort(), ['a', 'b']);

  await slices.create(sliceOf('n2', [device('c')]));
  await until('the third has one when there is another device', async () => {
    const onSecond = (await all()).filter(({ spec }) => spec?.nodeName === 'n2');
    return onSecond.length === 1 ? true : null;
  });
});
