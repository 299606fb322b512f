import type { Test } from 'tap';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import { resources } from '../../../../src/control/client/index.js';
import { deployment, pod, template } from '../manifests.js';
import type { Place } from '../place.js';
import { areServing, nameOf } from '../pod-views.js';
import type { Scenario } from '../scenario.js';

/** What owns what: adoption, release, and deletions that go further, in three ways. */
export const ownerScenarios: readonly Scenario[] = [
  {
    name: 'adoption',
    title: 'a ReplicaSet adopts what it selects, releases what it does not, and leaves orphans',
    run: adopts,
  },
  {
    name: 'cascade',
    title: 'a deployment is deleted in the background, in the foreground, and without its pods',
    run: cascades,
  },
  {
    name: 'finalizers',
    title: 'a namespace says what it waits for, takes nothing new, and goes when that is gone',
    run: namespaceWaits,
  },
];

async function adopts(t: Test, place: Place): Promise<void> {
  const set = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'web' },
    spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template: template('web') },
  };
  await place.apply(pod('web'));
  await place.apply(set);
  const [first] = await place.untilPods('two pods', areServing(2));
  const { metadata } = await place.get(resources.replicaSets, 'web');
  const isOwned = ({ metadata: { ownerReferences = [] } = {} }: Pod) =>
    ownerReferences.some(({ uid, controller }) => uid === metadata?.uid && controller === true);
  await place.untilPods('two pods that are owned', (pods) => pods.filter(isOwned).length === 2);
  t.ok(first);

  await place.kubectl('label pod web app=other --overwrite');
  const three = await place.untilPods('a third pod', areServing(3));
  const released = three.find((each) => nameOf(each) === 'web');
  t.same(released?.metadata?.ownerReferences ?? [], [], 'who is not selected has no owner');

  const owned = three.filter(isOwned).map(nameOf).sort();
  t.equal(owned.length, 2);
  await place.kubectl('delete replicaset web --cascade=orphan');
  const orphans = await place.untilPods('orphans', (pods) => !pods.some(isOrphanOf('web')));
  t.equal(orphans.length, 3, 'all pods are there');
  await place.apply(set);
  const adopted = (pods: readonly Pod[]) => pods.filter(isOrphanOf('web')).map(nameOf).sort();
  // A set that does not know yet that they are free makes pods of its own first, and ends those.
  const again = await place.untilPods(
    'adopted again',
    (pods) => pods.length === 3 && adopted(pods).join() === owned.join(),
  );
  t.same(adopted(again), owned);
  await place.kubectl('delete replicaset web');
  await place.untilPods('the pod that was released', (pods) => pods.map(nameOf).join() === 'web');
}

/** Whether a pod names an owner. */
function isOrphanOf(owner: string): (pod: Pod) => boolean {
  return ({ metadata }) => (metadata?.ownerReferences ?? []).some(({ name }) => name === owner);
}

async function cascades(t: Test, place: Place): Promise<void> {
  const annotations = { 'simulated.flotilla.dev/stop-ms': '4000' };
  await place.apply(
    ...['back', 'fore', 'apart'].map((name) => deployment(name, 2, { annotations })),
  );
  await place.untilPods('six pods', areServing(6));

  t.equal(
    await place.kubectl('delete deployment back'),
    'deployment.apps "back" deleted from cascade namespace'.replace(
      / from .*/,
      place.cluster.kubectl.version < '1.34' ? '' : ' from cascade namespace',
    ),
  );
  await place.untilPods('no pods', (pods) => pods.length === 0, 'app=back');

  await place.kubectl('delete deployment fore --cascade=foreground --wait=false');
  const { metadata } = await place.get(resources.deployments, 'fore');
  t.ok(metadata?.deletionTimestamp);
  t.same(metadata?.finalizers, ['foregroundDeletion']);
  await place.kubectl('wait --for=delete deployment/fore --timeout=180s');
  t.same((await place.pods('app=fore')).map(nameOf), [], 'the pods went before their deployment');

  const before = (await place.pods('app=apart')).map(nameOf).sort();
  await place.kubectl('delete deployment apart --cascade=orphan');
  const sets = await place.until('the set is an orphan', async () => {
    const found = await place.list(resources.replicaSets);
    return found.every(({ metadata }) => metadata?.ownerReferences === undefined) ? found : null;
  });
  t.equal(sets.length, 1);
  t.same((await place.pods('app=apart')).map(nameOf).sort(), before);
  await place.apply(deployment('apart', 2, { annotations }));
  await place.kubectl('rollout status deployment/apart --timeout=180s');
  t.same((await place.pods('app=apart')).map(nameOf).sort(), before, 'it takes up its former set');
}

async function namespaceWaits(t: Test, place: Place): Promise<void> {
  const { cluster } = place;
  const inner = await cluster.place('finalizers-inner');
  await inner.apply(deployment('web', 2), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'held', finalizers: ['example.com/hold'] },
  });
  await inner.untilPods('pods', areServing(2));
  await place.kubectl('delete namespace finalizers-inner --wait=false');
  await place.untilPrinted(
    'get namespace finalizers-inner -o jsonpath={.status.conditions[*].message}',
    /Some content in the namespace has finalizers remaining: example.com\/hold in 1 resource instances/,
  );
  t.match(await place.kubectl('get namespace finalizers-inner'), /finalizers-inner +Terminating/);
  await inner.untilPods('no pods', (pods) => pods.length === 0);
  const refused = await inner.tryKubectl('create configmap late');
  t.equal(refused.code, 1);
  t.match(
    refused.text,
    'configmaps "late" is forbidden: unable to create new content in namespace finalizers-inner because it is being terminated',
  );
  await inner.kubectl(`patch configmap held --type=merge -p '{"metadata":{"finalizers":null}}'`);
  await place.kubectl('wait --for=delete namespace/finalizers-inner --timeout=180s');
}
