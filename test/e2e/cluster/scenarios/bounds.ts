import type { Test } from 'tap';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import { resources } from '../../../../src/control/client/index.js';
import { deployment, inPool, pod, template } from '../manifests.js';
import type { Place } from '../place.js';
import { areServing, imageOf, isServing, isThere, nameOf } from '../pod-views.js';
import { pools } from '../pools.js';
import type { Scenario } from '../scenario.js';
import { PodWatch } from '../watch-pods.js';

/** How much may be missing, or too much, at any moment; and who gives way to whom. */
export const boundScenarios: readonly Scenario[] = [
  {
    name: 'daemon-surge',
    title: 'a DaemonSet that may surge has a new pod ready on a node before the old one goes',
    run: surges,
  },
  {
    name: 'stateful-bounds',
    title: 'a StatefulSet changes as many pods at once as may lack',
    run: changesSeveral,
  },
  {
    name: 'budget',
    title: 'a budget holds pods that are not ready, or lets them go, by its policy',
    run: evictsUnready,
  },
  {
    name: 'nominee',
    title: 'who preempts is told the node that it waits for',
    run: isNominated,
  },
  {
    name: 'scopes',
    title: 'quotas count the pods of their scope alone',
    run: countsByScope,
  },
  {
    name: 'blocking',
    title: 'a foreground deletion waits for those dependents that block it',
    run: waitsForBlocking,
  },
];

async function surges(t: Test, place: Place): Promise<void> {
  const { nodeSelector, tolerations } = inPool('surge');
  await place.apply({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'agent' },
    spec: {
      selector: { matchLabels: { app: 'agent' } },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: template('agent', {
        annotations: { 'simulated.flotilla.dev/ready-ms': '300' },
        spec: { nodeSelector, tolerations },
      }),
    },
  });
  await place.kubectl('rollout status daemonset/agent --timeout=180s');
  const count = pools.surge.length;
  let [fewest, most]: [number, number] = [count, count];
  const watch = await PodWatch.start(place, (pods) => {
    fewest = Math.min(fewest, new Set(pods.filter(isServing).map(nodeOf)).size);
    most = Math.max(most, pods.filter(isThere).length);
  });
  await place.kubectl('set image daemonset/agent main=main:2');
  t.match(
    await place.kubectl('rollout status daemonset/agent --timeout=180s'),
    'daemon set "agent" successfully rolled out',
  );
  await place.untilPods('the new pods', (pods) => {
    return areServing(count)(pods) && pods.every((each) => imageOf(each) === 'main:2');
  });
  await watch.stop();
  t.equal(fewest, count, 'no node was without a ready pod');
  t.equal(most, count + 1, 'one more at a time');
}

function nodeOf({ spec }: Pod): string {
  return spec?.nodeName ?? '';
}

async function changesSeveral(t: Test, place: Place): Promise<void> {
  await place.apply({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db' },
    spec: {
      ...{ serviceName: 'db', replicas: 4, podManagementPolicy: 'Parallel' },
      selector: { matchLabels: { app: 'db' } },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 2 } },
      template: template('db', { annotations: { 'simulated.flotilla.dev/ready-ms': '500' } }),
    },
  });
  await place.kubectl('rollout status statefulset/db --timeout=180s');
  let fewest = 4;
  const watch = await PodWatch.start(place, (pods) => {
    fewest = Math.min(fewest, pods.filter(isServing).length);
  });
  await place.kubectl('set image statefulset/db main=main:2');
  await place.kubectl('rollout status statefulset/db --timeout=180s');
  await watch.stop();
  t.same((await place.pods()).map(imageOf), Array(4).fill('main:2'));
  t.equal(fewest, 2);
}

async function evictsUnready(t: Test, place: Place): Promise<void> {
  const [node] = pools.eviction;
  const unready = { 'simulated.flotilla.dev/ready': 'false' };
  await place.apply(deployment('sick', 2, { annotations: unready, spec: inPool('eviction') }), {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'sick' },
    spec: { minAvailable: 2, selector: { matchLabels: { app: 'sick' } } },
  });
  const pods = await place.untilPods(
    'two pods that are not ready',
    (all) => all.length === 2 && all.every(({ status }) => status?.phase === 'Running'),
  );
  await place.until('the budget is known', async () => {
    const { status } = await place.get(resources.podDisruptionBudgets, 'sick');
    return status?.expectedPods === 2 && status.currentHealthy === 0;
  });
  const held = await place.tryKubectl(`drain ${node} --pod-selector=app=sick --timeout=6s`);
  t.equal(held.code, 1);
  t.match(held.text, "Cannot evict pod as it would violate the pod's disruption budget.");
  await place.kubectl(`patch pdb sick -p '{"spec":{"unhealthyPodEvictionPolicy":"AlwaysAllow"}}'`);
  const drained = await place.kubectl(`drain ${node} --pod-selector=app=sick --timeout=180s`);
  for (const each of pods) t.match(drained, `pod/${nameOf(each)} evicted`);
  await place.kubectl(`uncordon ${node}`);
}

async function isNominated(t: Test, place: Place): Promise<void> {
  const [node] = pools.nominee;
  const priorityClass = (name: string, value: number) => ({
    ...{ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value },
  });
  await place.apply(priorityClass('nominee-low', 10), priorityClass('nominee-high', 1000));
  const asking = (priorityClassName: string) => ({
    requests: { cpu: '5' },
    // As long as kubectl may take to see who waits.
    annotations: { 'simulated.flotilla.dev/stop-ms': '25000' },
    spec: { ...inPool('nominee'), priorityClassName },
  });
  await place.apply(pod('low', asking('nominee-low')));
  await place.untilPods('it runs', areServing(1));
  const states: string[] = [];
  const watch = await PodWatch.start(place, (_, { metadata, spec, status }) => {
    if (metadata?.name !== 'high') return;
    const state = `${spec?.nodeName ?? 'waits'}, nominated ${status?.nominatedNodeName ?? 'none'}`;
    if (states.at(-1) !== state) states.push(state);
  });
  await place.apply(pod('high', asking('nominee-high')));
  await place.untilPrinted('get pod high -o wide', new RegExp(`high +0/1 +Pending .* ${node} `));
  await place.untilPods('the high one alone', (pods) => {
    return areServing(1)(pods) && nameOf(pods[0] ?? {}) === 'high';
  });
  await watch.stop();
  t.equal(states[0], 'waits, nominated none');
  t.equal(states[1], `waits, nominated ${node}`);
  t.match(states.at(-1), new RegExp(`^${node}, `));
  await place.untilPrinted(
    'events --for pod/low',
    new RegExp(`Normal +Preempted +Pod/low +Preempted by pod [0-9a-f-]+ on node ${node}`),
  );
  await place.kubectl('delete priorityclass nominee-low nominee-high');
}

async function countsByScope(t: Test, place: Place): Promise<void> {
  await place.apply({
    ...{ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass' },
    ...{ metadata: { name: 'scoped' }, value: 100 },
  });
  await place.kubectl('create quota effort --hard=pods=1 --scopes=BestEffort');
  await place.kubectl('create quota ending --hard=pods=1 --scopes=Terminating');
  await place.apply({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'important' },
    spec: {
      hard: { pods: '1' },
      scopeSelector: {
        matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['scoped'] }],
      },
    },
  });
  await place.until('the quotas have been counted', async () => {
    const quotas = await place.list(resources.resourceQuotas);
    return quotas.length === 3 && quotas.every(({ status }) => status?.used?.pods === '0');
  });
  const requests = { cpu: '10m' };
  const ends = { requests, spec: { activeDeadlineSeconds: 3600 } };
  const important = { requests, spec: { priorityClassName: 'scoped' } };
  await place.apply(
    ...[pod('idle'), pod('ends', ends), pod('important', important)],
    // Counted by none of them.
    ...[pod('a', { requests }), pod('b', { requests })],
  );
  const cases = [
    ['effort', pod('more')],
    ['ending', pod('more', ends)],
    ['important', pod('more', important)],
  ] as const;
  for (const [quota, more] of cases) {
    const { text, code } = await place.tryKubectl('create -f -', JSON.stringify(more));
    t.equal(code, 1, quota);
    t.match(
      text,
      `pods "more" is forbidden: exceeded quota: ${quota}, requested: pods=1, used: pods=1, limited: pods=1`,
    );
  }
  const described = await place.kubectl('describe quota effort');
  t.match(described, 'Scopes:     BestEffort');
  t.match(described, /pods +1 +1/);
  await place.kubectl('delete pod idle');
  await place.untilPrinted('describe quota effort', /pods +0 +1/);
  await place.kubectl('delete priorityclass scoped');
}

async function waitsForBlocking(t: Test, place: Place): Promise<void> {
  const map = (name: string, metadata: object = {}) => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata } },
  });
  await place.apply(map('owner'));
  const { metadata } = await place.get(resources.configMaps, 'owner');
  const dependent = (name: string, blockOwnerDeletion: boolean) => {
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: metadata.uid };
    const ownerReferences = [{ ...owner, blockOwnerDeletion }];
    return map(name, { ownerReferences, finalizers: ['example.com/hold'] });
  };
  await place.apply(dependent('blocks', true), dependent('lets', false));
  await place.kubectl('delete configmap owner --cascade=foreground --wait=false');
  for (const name of ['blocks', 'lets']) {
    await place.until(`${name} is being deleted`, async () => {
      return (await place.get(resources.configMaps, name)).metadata.deletionTimestamp;
    });
  }
  t.same((await place.get(resources.configMaps, 'owner')).metadata.finalizers, [
    'foregroundDeletion',
  ]);
  const release = (name: string) =>
    place.kubectl(`patch configmap ${name} --type=merge -p '{"metadata":{"finalizers":null}}'`);
  await release('blocks');
  await place.kubectl('wait --for=delete configmap/owner --timeout=180s');
  const left = (await place.list(resources.configMaps)).map(nameOf);
  t.ok(left.includes('lets'), 'the other one did not hold it up');
  await release('lets');
  await place.kubectl('wait --for=delete configmap/lets --timeout=180s');
}
