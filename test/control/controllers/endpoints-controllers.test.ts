import t from 'tap';
import type { Pod } from '../../../src/control/api/gen/core-v1.js';
import { resources } from '../../../src/control/client/index.js';
import { endpointSliceDefinition } from '../../../src/control/controllers/endpoint-slice/definition.js';
import { endpointSliceMirroringDefinition } from '../../../src/control/controllers/endpoint-slice-mirroring/definition.js';
import { endpointsDefinition } from '../../../src/control/controllers/endpoints/definition.js';
import { eventually, startControllers, testEnv } from './cluster-env.js';

t.test('the controllers of endpoints, with a server and its store', async (t) => {
  const env = await testEnv(t);
  const { client } = env;
  const [pods, services, slices, endpoints] = [
    client.objects(resources.pods),
    client.objects(resources.services),
    client.objects(resources.endpointSlices),
    client.objects(resources.endpoints),
  ];
  const namespace = 'default';
  const slicesOf = async (name: string) => {
    const labelSelector = `kubernetes.io/service-name=${name}`;
    return (await slices.list({ namespace, labelSelector })).items;
  };
  const namesIn = async (name: string) =>
    (await slicesOf(name)).flatMap(({ endpoints = [] }) =>
      endpoints.map(({ targetRef, conditions }) => `${targetRef?.name}:${conditions?.ready}`),
    );
  await client.objects(resources.nodes).create({ metadata: { name: 'node-a' } });
  const runPod = async (name: string, ip: string) => {
    const pod: Pod = {
      metadata: { name, namespace, labels: { app: 'web' } },
      spec: { nodeName: 'node-a', containers: [{ name: 'c', image: 'x' }] },
    };
    await pods.create(pod);
    await setReady(name, ip, true);
  };
  const setReady = (name: string, ip: string, isReady: boolean) =>
    pods.patch(
      { namespace, name },
      'strategic',
      {
        status: {
          ...{ phase: 'Running', podIP: ip, podIPs: [{ ip }] },
          conditions: [
            {
              ...{ type: 'Ready', status: isReady ? 'True' : 'False' },
              lastTransitionTime: '2026-01-01T00:00:00Z',
            },
          ],
        },
      },
      { subresource: 'status' },
    );
  startControllers(t, env, [
    endpointSliceDefinition,
    endpointsDefinition,
    endpointSliceMirroringDefinition,
  ]);

  await t.test('a service gets an empty slice and then its pods', async (t) => {
    await services.create({
      metadata: { name: 'web', namespace },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
    });
    await eventually(
      'an empty slice',
      () => slicesOf('web'),
      (items) => items.length === 1,
    );
    await runPod('a', '10.1.0.1');
    await runPod('b', '10.1.0.2');
    const seen = await eventually(
      'two endpoints',
      () => namesIn('web'),
      (names) => names.length === 2,
    );
    t.same([...seen].sort(), ['a:true', 'b:true']);
    t.equal((await slicesOf('web')).length, 1);
    const both = await eventually(
      'Endpoints with both',
      () => endpoints.get({ namespace, name: 'web' }),
      ({ subsets }) => subsets?.[0]?.addresses?.length === 2,
    );
    t.equal(both.subsets?.[0]?.ports?.[0]?.port, 8080);
  });

  await t.test('a pod that is not ready any more, and one that goes', async () => {
    await setReady('a', '10.1.0.1', false);
    await eventually(
      'a is not ready',
      () => namesIn('web'),
      (names) => names.includes('a:false'),
    );
    await pods.delete({ namespace, name: 'b' }, { gracePeriodSeconds: 0 });
    await eventually(
      'b is gone',
      () => namesIn('web'),
      (names) => names.length === 1,
    );
  });

  await t.test('slices that somebody deletes come back', async () => {
    const [slice] = await slicesOf('web');
    await slices.delete({ namespace, name: slice!.metadata.name! });
    await eventually(
      'a new slice',
      () => namesIn('web'),
      (names) => names.length === 1,
    );
  });

  await t.test(
    'Endpoints written by hand are mirrored, not those of services that select',
    async (t) => {
      await services.create({
        metadata: { name: 'db', namespace },
        spec: { ports: [{ port: 5432 }] },
      });
      await endpoints.create({
        metadata: { name: 'db', namespace },
        subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 5432 }] }],
      });
      const [mirror] = await eventually(
        'a mirror',
        () => slicesOf('db'),
        (items) => items.length === 1,
      );
      t.same(mirror?.endpoints?.[0]?.addresses, ['192.0.2.1']);
      await endpoints.patch({ namespace, name: 'db' }, 'merge', {
        subsets: [{ addresses: [{ ip: '192.0.2.2' }], ports: [{ port: 5432 }] }],
      });
      await eventually(
        'the new address',
        () => slicesOf('db'),
        (items) => items[0]?.endpoints?.[0]?.addresses?.[0] === '192.0.2.2',
      );
      t.equal((await slicesOf('web')).length, 1, 'no mirror of Endpoints that a controller wrote');
      await endpoints.delete({ namespace, name: 'db' });
      await eventually(
        'no mirror',
        () => slicesOf('db'),
        (items) => items.length === 0,
      );
    },
  );

  await t.test('Endpoints go with their service', async () => {
    await services.delete({ namespace, name: 'web' });
    await eventually(
      'no Endpoints',
      async () => (await endpoints.list({ namespace })).items.map(({ metadata }) => metadata.name),
      (names) => !names.includes('web'),
    );
  });
});
