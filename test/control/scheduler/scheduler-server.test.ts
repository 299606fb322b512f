import { setMaxListeners } from 'node:events';
import t from 'tap';
import { sleep } from '../../../src/base/clock.js';
import { silentLogger } from '../../../src/base/logger.js';
import { Prng } from '../../../src/base/prng.js';
import { startTestEnv } from '../../../src/cmd/testenv/index.js';
import type { Node, Pod } from '../../../src/control/api/gen/core-v1.js';
import {
  type ControlClient,
  connectGrpc,
  createEventRecorder,
  readKubeconfig,
  resources,
  SharedInformers,
} from '../../../src/control/client/index.js';
import { defaultConfiguration, Scheduler } from '../../../src/control/scheduler/index.js';
import {
  defaultPluginFactories,
  defaultPlugins,
} from '../../../src/control/scheduler/plugins/default-plugins.js';
import { hostClock } from '../../../src/host/clock.js';
import { nodeOf, podOf } from './objects.js';

const deadlineMs = 60_000;

async function until<T>(look: () => Promise<T | null>, what: string): Promise<T> {
  const endMs = hostClock.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (hostClock.now() > endMs) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await sleep(hostClock, 20);
  }
}

async function addNode(client: ControlClient, name: string, cpu: string): Promise<void> {
  const nodes = client.objects(resources.nodes);
  const made = await nodes.create({ metadata: { name, labels: { size: cpu } } });
  const { status } = nodeOf(name, { allocatable: { cpu } });
  const capacity = status?.allocatable ?? {};
  const ready = await nodes.updateStatus({ ...made, status: { ...status, capacity } } as Node);
  // What the node lifecycle controller takes away from nodes that are ready.
  await nodes.update({ ...ready, spec: { ...ready.spec, taints: [] } });
}

function startScheduler(client: ControlClient): () => Promise<void> {
  const clock = hostClock;
  const prng = new Prng(1);
  const logger = silentLogger;
  const component = 'default-scheduler';
  const events = createEventRecorder({ client, clock, prng, logger, component });
  const scheduler = new Scheduler({
    ...{ client, clock, prng, logger, eventsOf: () => events },
    informers: new SharedInformers({ client, clock, prng, logger }),
    configuration: defaultConfiguration(),
    factories: defaultPluginFactories,
    defaults: defaultPlugins,
  });
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const running = scheduler.run(stop.signal);
  return async () => {
    stop.abort();
    await running;
    await events.close();
  };
}

t.test('Scheduler places pods of a real API server, and says why when it cannot', async (t) => {
  const env = await startTestEnv();
  t.teardown(() => env.close());
  const access = await readKubeconfig(env.kubeconfig);
  const client = connectGrpc(access, { clock: hostClock, userAgent: 'test' });
  t.teardown(() => client.close());
  const pods = client.objects(resources.pods);
  const get = (name: string) => pods.get({ namespace: 'default', name });
  const placed = (name: string) =>
    until(async () => ((await get(name)).spec?.nodeName ? get(name) : null), `${name} has a node`);
  await until(
    () =>
      client
        .objects(resources.serviceAccounts)
        .get({ namespace: 'default', name: 'default' })
        .catch(() => null),
    'the service account of pods',
  );
  await addNode(client, 'small', '1');
  await addNode(client, 'large', '4');
  t.teardown(startScheduler(client));

  await pods.create(podOf('first', { requests: { cpu: '3' } }));
  const first = await placed('first');
  t.equal(first.spec?.nodeName, 'large');
  const condition = (pod: Pod) =>
    pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  t.equal(condition(first)?.status, 'True');

  await pods.create(podOf('second', { requests: { cpu: '3' } }));
  const refused = await until(async () => {
    const pod = await get('second');
    return condition(pod)?.reason === undefined ? null : pod;
  }, 'second is refused');
  t.match(condition(refused), {
    ...{ status: 'False', reason: 'Unschedulable' },
    message:
      /^0\/2 nodes are available: 2 Insufficient cpu\. .*preemption: 0\/2 nodes are available: /,
  });

  await pods.delete({ namespace: 'default', name: 'first' }, { gracePeriodSeconds: 0 });
  t.equal((await placed('second')).spec?.nodeName, 'large', 'room was made');

  const told = await until(async () => {
    const { items } = await env.client.objects(resources.events).list({ namespace: 'default' });
    const texts = items.map((event) => {
      const { reason, note, message } = event as {
        reason?: string;
        note?: string;
        message?: string;
      };
      return `${reason}: ${note ?? message}`;
    });
    const isDone = texts.includes('Scheduled: Successfully assigned default/second to large');
    return isDone ? texts : null;
  }, 'the events are written');
  t.ok(told.some((text) => text.startsWith('FailedScheduling: 0/2 nodes are available: ')));
});
