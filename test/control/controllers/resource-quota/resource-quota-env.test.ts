import t from 'tap';
import type { Clock } from '../../../../src/base/clock.js';
import { startTestEnv } from '../../../../src/cmd/testenv/index.js';
import { resources } from '../../../../src/control/client/index.js';
import { resourceQuotaDefinition } from '../../../../src/control/controllers/resource-quota/definition.js';
import { StatusError } from '../../../../src/control/machinery/status.js';
import { hostClock } from '../../../../src/host/clock.js';
import { eventually, untilPodsCanBeMade } from '../batch-env.js';
import { startControllers } from '../cluster-env.js';

const namespace = 'default';

/**
 * The host's clock, but what is to come in seconds does not come within the test: to count again, for objects that a count may have
 * missed. A count that has not seen a pod yet would for a while set back what the server has raised for it.
 */
const slowClock: Clock = {
  now: () => hostClock.now(),
  wallTime: () => hostClock.wallTime(),
  setTimer: (delayMs, callback) =>
    hostClock.setTimer(delayMs >= 5000 ? delayMs * 1000 : delayMs, callback),
  clearTimer: (timer) => hostClock.clearTimer(timer),
  defer: (callback) => hostClock.defer(callback),
  deferBriefly: (callback) => hostClock.deferBriefly(callback),
};

t.test('ResourceQuotaController: what is deleted can be made again', async (t) => {
  const env = await startTestEnv();
  t.teardown(() => env.close());
  const { client } = env;
  startControllers(t, env, [resourceQuotaDefinition], new Map(), slowClock);
  await untilPodsCanBeMade(t, client);
  const quotas = client.objects(resources.resourceQuotas);
  const pods = client.objects(resources.pods);
  const get = () => quotas.get({ namespace, name: 'q' });
  const makePod = (name: string) =>
    pods.create({
      metadata: { name, namespace },
      spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '100m' } } }] },
    });
  await client.objects(resources.configMaps).create({ metadata: { name: 'before', namespace } });
  await quotas.create({
    metadata: { name: 'q', namespace },
    spec: {
      hard: {
        pods: '1',
        'requests.cpu': '1',
        'count/configmaps': '10',
        'count/deployments.apps': '2',
      },
    },
  });
  // The other one is the authority that each namespace is told of.
  const first = await eventually(
    t,
    'a count',
    get,
    ({ status }) => status?.used?.['count/configmaps'] === '2',
  );
  t.same(first.status?.used, {
    ...{ pods: '0', 'requests.cpu': '0', 'count/deployments.apps': '0' },
    'count/configmaps': '2',
  });
  await makePod('one');
  t.match((await get()).status?.used, { pods: '1', 'requests.cpu': '100m' });
  await t.rejects(makePod('two'), StatusError);
  await pods.delete({ namespace, name: 'one' }, { gracePeriodSeconds: 0 });
  await eventually(t, 'less', get, ({ status }) => status?.used?.pods === '0');
  await makePod('two');
  await quotas.patch({ namespace, name: 'q' }, 'merge', { spec: { hard: { services: '5' } } });
  const bound = await eventually(
    t,
    'the new bound',
    get,
    ({ status }) => status?.used?.services === '1',
  );
  t.equal(bound.status?.hard?.services, '5');
});
