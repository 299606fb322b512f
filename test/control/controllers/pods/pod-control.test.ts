import t, { type Test } from 'tap';
import { silentLogger } from '../../../../src/base/logger.js';
import { Prng } from '../../../../src/base/prng.js';
import type { TestEnv } from '../../../../src/cmd/testenv/start-test-env.js';
import { isPodActive } from '../../../../src/control/api/core-v1/pod/pod-state.js';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import {
  ControlClient,
  createEventRecorder,
  RestTransport,
  readKubeconfig,
  resources,
} from '../../../../src/control/client/index.js';
import { PodControl, podFromTemplate } from '../../../../src/control/controllers/pods/index.js';
import { replicaSetDefinition } from '../../../../src/control/controllers/replica-set/definition.js';
import { StatusError } from '../../../../src/control/machinery/status.js';
import { hostClock } from '../../../../src/host/clock.js';
import { eventually, startControllers, testEnv } from '../cluster-env.js';
import { LossyTransport } from './lossy-transport.js';
import { template } from './workload-env.js';

const namespace = 'default';
const clock = hostClock;

interface LossyEnv extends TestEnv {
  readonly way: LossyTransport;
  readonly lossy: ControlClient;
  readonly control: PodControl;
}

async function lossyEnv(t: Test): Promise<LossyEnv> {
  const env = await testEnv(t);
  await eventually(
    'a service account',
    () => env.client.objects(resources.serviceAccounts).list({ namespace }),
    ({ items }) => items.length > 0,
  );
  const access = await readKubeconfig(env.kubeconfig);
  const rest = new RestTransport({ access, clock, userAgent: 'test' });
  const way = new LossyTransport(rest, new Prng(7));
  const lossy = new ControlClient(way, { clock });
  const parts = { client: lossy, clock, prng: new Prng(1), logger: silentLogger };
  const events = createEventRecorder({ ...parts, component: 'test' });
  t.teardown(async () => {
    await events.close();
    await lossy.close();
  });
  return { ...env, way, lossy, control: new PodControl({ ...parts, events }) };
}

async function anOwner({ client }: TestEnv, name: string, replicas = 0) {
  return client.objects(resources.replicaSets).create({
    metadata: { name, namespace },
    spec: { replicas, selector: { matchLabels: { app: name } }, template: template(name) },
  });
}

async function podsOf({ client }: TestEnv, app: string): Promise<readonly Pod[]> {
  const pods = client.objects(resources.pods);
  return (await pods.list({ namespace, labelSelector: `app=${app}` })).items;
}

t.test('PodControl: while answers are lost', async (t) => {
  const env = await lossyEnv(t);
  await t.test('makes and deletes a pod once', (t) => makesOnce(t, env));
  await t.test("a pod of another's that has the name is not its own", (t) => isTaken(t, env));
  await t.test('what the server refuses is told at once', (t) => isRefused(t, env));
  await t.test('a ReplicaSet never has more or fewer pods than it wants', (t) =>
    staysInBounds(t, env),
  );
});

async function makesOnce(t: Test, env: LossyEnv): Promise<void> {
  const { control, way } = env;
  const owner = await anOwner(env, 'once');
  way.lose = 0.7;
  const made: Pod[] = [];
  for (let at = 0; at < 10; at++) {
    made.push(await control.create(owner, podFromTemplate(owner.spec?.template, owner)));
  }
  t.ok(way.lost > 5, `${way.lost} answers were lost`);
  const names = (pods: readonly Pod[]) => pods.map(({ metadata }) => metadata.name).sort();
  t.same(names(await podsOf(env, 'once')), names(made));
  t.match(made[0]?.metadata, { generateName: 'once-', name: /^once-[a-z0-9]{5}$/ });

  const going = made.slice(0, 4);
  for (const pod of going) await control.delete(owner, pod);
  way.lose = 0;
  await t.rejects(control.delete(owner, going[0] as Pod), { message: /not found/ });
  t.same(names(await podsOf(env, 'once')), names(made.slice(4)));
}

async function isTaken(t: Test, env: LossyEnv): Promise<void> {
  env.way.lose = 0;
  const [mine, theirs] = [await anOwner(env, 'mine'), await anOwner(env, 'theirs')];
  const pod = podFromTemplate(theirs.spec?.template, theirs);
  const named = { ...pod, metadata: { ...pod.metadata, name: 'taken' } };
  await env.control.create(theirs, named);
  const own = podFromTemplate(mine.spec?.template, mine);
  const again = { ...own, metadata: { ...own.metadata, name: 'taken' } };
  const taken = { message: 'pods "taken" already exists' };
  await t.rejects(env.control.create(mine, again), taken);
  await t.rejects(env.control.create(theirs, named), taken);
}

async function isRefused(t: Test, env: LossyEnv): Promise<void> {
  const { lost } = env.way;
  env.way.lose = 1;
  const owner = await anOwner(env, 'refused');
  const pod = podFromTemplate(owner.spec?.template, owner);
  pod.spec = { containers: [] };
  await t.rejects(env.control.create(owner, pod), StatusError);
  t.equal(env.way.lost, lost);
}

async function staysInBounds(t: Test, env: LossyEnv): Promise<void> {
  const { lost } = env.way;
  env.way.lose = 0.4;
  env.way.lateMs = 50;
  startControllers(t, { ...env, client: env.lossy }, [replicaSetDefinition]);
  const stop = new AbortController();
  t.teardown(() => stop.abort());
  const live = new Map<string, Pod>();
  let [most, fewest] = [0, Number.POSITIVE_INFINITY];
  const labelSelector = 'app=bounded';
  const { resourceVersion } = await env.client.objects(resources.pods).list({ namespace });
  const follow = async () => {
    const watch = { namespace, labelSelector, resourceVersion, signal: stop.signal };
    for await (const { type, object } of env.client.objects(resources.pods).watch(watch)) {
      const name = object.metadata.name ?? '';
      if (type !== 'DELETED' && isPodActive(object)) live.set(name, object);
      else live.delete(name);
      most = Math.max(most, live.size);
      fewest = Math.min(fewest, live.size);
    }
  };
  const following = follow().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  const sets = env.client.objects(resources.replicaSets);
  await anOwner(env, 'bounded', 12);
  for (const [replicas, bounds] of [
    [12, { most: 12 }],
    [5, { fewest: 5 }],
    [9, { most: 9 }],
  ] as const) {
    [most, fewest] = [live.size, live.size];
    await sets.patch({ namespace, name: 'bounded' }, 'merge', { spec: { replicas } });
    await eventually(
      `${replicas} pods`,
      () => live.size,
      (size) => size === replicas,
    );
    await eventually(
      'the controller knows',
      () => sets.get({ namespace, name: 'bounded' }),
      ({ status, metadata }) =>
        status?.replicas === replicas && status.observedGeneration === metadata.generation,
    );
    t.match({ most, fewest }, bounds);
  }
  t.ok(env.way.lost > lost, `${env.way.lost - lost} answers were lost`);
  stop.abort();
  await following;
}
