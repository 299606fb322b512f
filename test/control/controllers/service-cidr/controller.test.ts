import t from 'tap';
import {
  ControlClient,
  RestTransport,
  readKubeconfig,
  resources,
} from '../../../../src/control/client/index.js';
import type {
  CallControl,
  WatchCall,
  WatchEvent,
} from '../../../../src/control/client/transport.js';
import { serviceCidrDefinition } from '../../../../src/control/controllers/service-cidr/definition.js';
import { hostClock } from '../../../../src/host/clock.js';
import { eventually, startControllers, testEnv } from '../cluster-env.js';

/** Its watches of addresses tell nothing until `release`. */
class LateTransport extends RestTransport {
  release: () => void = () => {};
  readonly #held = new Promise<void>((resolve) => {
    this.release = resolve;
  });

  override async *watch(call: WatchCall, control?: CallControl): AsyncGenerator<WatchEvent> {
    for await (const event of super.watch(call, control)) {
      if (call.resource.resource === 'ipaddresses') await this.#held;
      yield event;
    }
  }
}

t.test(
  'ServiceCidrController: an address that it was not told of keeps a ServiceCIDR',
  async (t) => {
    const env = await testEnv(t);
    const access = await readKubeconfig(env.kubeconfig);
    const way = new LateTransport({ access, clock: hostClock, userAgent: 'test' });
    const client = new ControlClient(way, { clock: hostClock });
    t.teardown(() => client.close());
    startControllers(t, { ...env, client }, [serviceCidrDefinition]);
    t.teardown(() => way.release());
    const cidrs = env.client.objects(resources.serviceCIDRs);
    const addresses = env.client.objects(resources.ipAddresses);
    const stateOf = async (name: string) => {
      const { items } = await cidrs.list();
      const found = items.find(({ metadata }) => metadata.name === name);
      return found === undefined ? 'gone' : (found.status?.conditions?.[0]?.reason ?? 'unknown');
    };
    const comesTo = (state: string) =>
      eventually(
        `it is ${state}`,
        () => stateOf('more'),
        (seen) => seen === state,
      );

    await cidrs.create({ metadata: { name: 'more' }, spec: { cidrs: ['192.0.2.0/24'] } });
    await eventually(
      'it is ready',
      () => cidrs.get({ name: 'more' }),
      ({ status }) => status?.conditions?.[0]?.status === 'True',
    );
    await addresses.create({
      metadata: { name: '192.0.2.7' },
      spec: { parentRef: { resource: 'services', namespace: 'default', name: 'x' } },
    });
    await cidrs.delete({ name: 'more' });
    await comesTo('Terminating');
    way.release();
    await addresses.delete({ name: '192.0.2.7' });
    await comesTo('gone');
  },
);
