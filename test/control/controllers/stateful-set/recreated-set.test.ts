import t from 'tap';
import type { StatefulSet } from '../../../../src/control/api/gen/apps-v1.js';
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
import { statefulSetDefinition } from '../../../../src/control/controllers/stateful-set/definition.js';
import { hostClock } from '../../../../src/host/clock.js';
import { eventually, startControllers, testEnv } from '../cluster-env.js';
import { template } from '../pods/workload-env.js';

/** Its watches of pods tell nothing from `hold` until `release`. */
class LateTransport extends RestTransport {
  #held: Promise<void> = Promise.resolve();
  release: () => void = () => {};

  hold(): void {
    this.#held = new Promise((resolve) => {
      this.release = resolve;
    });
  }

  override async *watch(call: WatchCall, control?: CallControl): AsyncGenerator<WatchEvent> {
    for await (const event of super.watch(call, control)) {
      if (call.resource.resource === 'pods') await this.#held;
      yield event;
    }
  }
}

const namespace = 'default';
const name = 'db';

const set = (replicas: number): StatefulSet => ({
  metadata: { name, namespace },
  spec: {
    ...{ replicas, serviceName: name, template: template(name) },
    selector: { matchLabels: { app: name } },
  },
});

t.test(
  'StatefulSet: another of the same name waits for nothing that the first expected',
  async (t) => {
    const env = await testEnv(t);
    const sets = env.client.objects(resources.statefulSets);
    const pods = env.client.objects(resources.pods);
    await eventually(
      'a service account',
      () => env.client.objects(resources.serviceAccounts).list({ namespace }),
      ({ items }) => items.length > 0,
    );
    const access = await readKubeconfig(env.kubeconfig);
    const way = new LateTransport({ access, clock: hostClock, userAgent: 'test' });
    const client = new ControlClient(way, { clock: hostClock });
    t.teardown(() => client.close());
    startControllers(t, { ...env, client }, [statefulSetDefinition]);
    t.teardown(() => way.release());
    const ownerOfPod = async () =>
      (await pods.list({ namespace })).items[0]?.metadata.ownerReferences?.[0]?.uid;

    const first = await sets.create(set(1));
    await eventually('a pod', ownerOfPod, (uid) => uid === first.metadata.uid);
    await eventually(
      'it is counted',
      () => sets.get({ namespace, name }),
      ({ status }) => status?.replicas === 1,
    );
    way.hold();
    await sets.patch({ namespace, name }, 'merge', { spec: { replicas: 0 } });
    await eventually('no pod', ownerOfPod, (uid) => uid === undefined);
    await sets.delete({ namespace, name }, { propagationPolicy: 'Background' });
    const second = await sets.create(set(1));
    const owner = await eventually('a pod again', ownerOfPod, (uid) => uid !== undefined);
    t.equal(owner, second.metadata.uid);
  },
);
