import t from 'tap';
import { startTestEnv } from '../../../../src/cmd/testenv/index.js';
import { resources } from '../../../../src/control/client/index.js';
import { resourceQuotaDefinition } from '../../../../src/control/controllers/resource-quota/definition.js';
import { StatusError } from '../../../../src/control/machinery/status.js';
import { eventually, startControllers, untilPodsCanBeMade } from '../batch-env.js';

const namespace = 'default';

t.test('ResourceQuotaController: what is deleted can be made again', async (t) => {
  const env = await startTestEnv();
  t.teardown(() => env.close());
  const { client } = env;
  const controllers = startControllers(client, [resourceQuotaDefinition]);
  t.teardown(() => controllers.stop());
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
