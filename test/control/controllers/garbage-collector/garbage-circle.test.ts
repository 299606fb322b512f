import t from 'tap';
import { resources } from '../../../../src/control/client/index.js';
import { garbageCollectorDefinition } from '../../../../src/control/controllers/garbage-collector/definition.js';
import { eventually, startControllers, testEnv } from '../cluster-env.js';

t.test('GarbageCollector: a circle of owners goes when one of them does', async (t) => {
  const env = await testEnv(t);
  const { client } = env;
  const configMaps = client.objects(resources.configMaps);
  const names = ['one', 'two', 'three'];
  const references = new Map<
    string,
    { apiVersion: string; kind: string; name: string; uid: string }
  >();
  for (const name of names) {
    const { metadata } = await configMaps.create({ metadata: { name, namespace: 'default' } });
    references.set(name, { apiVersion: 'v1', kind: 'ConfigMap', name, uid: metadata.uid ?? '' });
  }
  for (const [at, name] of names.entries()) {
    const owner = references.get(names[(at + 2) % 3] ?? '');
    const ownerReferences = [{ ...owner, controller: true, blockOwnerDeletion: true }];
    const patch = { metadata: { ownerReferences } };
    await configMaps.patch({ name, namespace: 'default' }, 'merge', patch);
  }
  startControllers(t, env, [garbageCollectorDefinition]);
  const place = { name: 'one', namespace: 'default' };
  await configMaps.delete(place, { propagationPolicy: 'Foreground' });
  const left = await eventually(
    'all are gone',
    async () =>
      (await configMaps.list({ namespace: 'default' })).items
        .map(({ metadata }) => metadata.name ?? '')
        .filter((name) => names.includes(name)),
    (found) => found.length === 0,
  );
  t.same(left, []);
});
