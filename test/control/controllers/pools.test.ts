import t from 'tap';
import type { Service } from '../../../src/control/api/gen/core-v1.js';
import { resources } from '../../../src/control/client/index.js';
import { nodeIpamDefinition } from '../../../src/control/controllers/node-ipam/definition.js';
import { serviceLoadBalancerDefinition } from '../../../src/control/controllers/service-load-balancer/definition.js';
import { eventually, startControllers, testEnv } from './cluster-env.js';

const namespace = 'default';

t.test('service-lb-controller and node-ipam-controller, with a server and its store', async (t) => {
  const env = await testEnv(t);
  const services = env.client.objects(resources.services);
  const nodes = env.client.objects(resources.nodes);
  const definitions = [serviceLoadBalancerDefinition, nodeIpamDefinition];
  const flags = new Map<string, string | boolean>([
    ['load-balancer-pool', '192.0.2.1-192.0.2.2'],
    ['allocate-node-cidrs', true],
    ['cluster-cidr', '10.244.0.0/23'],
  ]);
  const stop = startControllers(t, env, definitions, flags);
  const balanced = (name: string, spec: Service['spec'] = {}) =>
    services.create({
      metadata: { name, namespace },
      spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...spec },
    });
  const ipOf = async (name: string) =>
    (await services.get({ namespace, name })).status?.loadBalancer?.ingress?.[0]?.ip;
  const has = (name: string, ip: string | undefined) =>
    eventually(
      `${name} has ${ip}`,
      () => ipOf(name),
      (seen) => seen === ip,
    );

  await t.test(
    'services of type LoadBalancer get addresses, those of another class do not',
    async (t) => {
      await balanced('other', { loadBalancerClass: 'example.com/x' });
      await balanced('a');
      await has('a', '192.0.2.1');
      await balanced('b');
      await has('b', '192.0.2.2');
      await balanced('c');
      await eventually(
        'an event says that there is none left',
        async () => (await env.client.objects(resources.events).list({ namespace })).items,
        (events) => events.some((event) => event.reason === 'SyncLoadBalancerFailed'),
      );
      t.equal(await ipOf('other'), undefined);
      t.equal(await ipOf('c'), undefined);
    },
  );

  await t.test('an address that becomes free goes to who waits', async () => {
    await services.patch({ namespace, name: 'a' }, 'merge', { spec: { type: 'ClusterIP' } });
    await has('a', undefined);
    await has('c', '192.0.2.1');
  });

  await t.test('nodes get networks until there are none', async () => {
    for (const name of ['n1', 'n2', 'n3']) {
      await nodes.create({ metadata: { name } });
      if (name === 'n3') continue;
      await eventually(
        name,
        () => nodes.get({ name }),
        ({ spec }) => spec?.podCIDRs?.length === 1,
      );
    }
    await eventually(
      'an event of the third',
      async () => (await env.client.objects(resources.events).list()).items,
      (events) => events.some((event) => event.reason === 'CIDRNotAvailable'),
    );
    const { spec } = await nodes.get({ name: 'n2' });
    await nodes.delete({ name: 'n2' });
    await eventually(
      'the third has it',
      () => nodes.get({ name: 'n3' }),
      (node) => node.spec?.podCIDR === spec?.podCIDR,
    );
  });

  await t.test('after a restart everybody has what he had', async (t) => {
    await stop();
    await services.delete({ namespace, name: 'b' });
    await balanced('d');
    startControllers(t, env, definitions, flags);
    await has('d', '192.0.2.2');
    t.equal(await ipOf('c'), '192.0.2.1');
  });
});
