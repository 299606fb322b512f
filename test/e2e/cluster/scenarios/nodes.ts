import type { Test } from 'tap';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import { resources } from '../../../../src/control/client/index.js';
import { deployment, inPool, pod } from '../manifests.js';
import type { Place } from '../place.js';
import { areServing, isServing, isThere, nameOf } from '../pod-views.js';
import { pools } from '../pools.js';
import type { Scenario } from '../scenario.js';
import { PodWatch } from '../watch-pods.js';

/** Nodes that are lost, emptied, closed and tainted. */
export const nodeScenarios: readonly Scenario[] = [
  {
    name: 'loss',
    title: 'a lost node is told of, its pods are replaced elsewhere; it comes back',
    run: losesNode,
  },
  { name: 'drain', title: 'a drain waits for the budget, and empties the node', run: drains },
  {
    name: 'taint',
    title: 'a NoExecute taint drives pods away that do not tolerate it, or not for long',
    run: drivesAway,
  },
];

/** No two on a node. */
function apart(app: string) {
  return {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app } } },
      ],
    },
  };
}

async function losesNode(t: Test, place: Place): Promise<void> {
  const { nodeSelector, tolerations } = inPool('loss');
  const brief = ['not-ready', 'unreachable'].map((name) => ({
    ...{ key: `node.kubernetes.io/${name}`, operator: 'Exists' as const },
    ...{ effect: 'NoExecute' as const, tolerationSeconds: 2 },
  }));
  const spec = { nodeSelector, tolerations: [...tolerations, ...brief], affinity: apart('web') };
  await place.apply(deployment('web', 2, { spec }));
  const pods = await place.untilPods('two pods', areServing(2));
  const [victim] = pods;
  const lost = victim?.spec?.nodeName ?? '';
  const free = pools.loss.find((each) => !pods.some(({ spec }) => spec?.nodeName === each));

  await place.cluster.orderNode(lost, 'stop');
  await place.untilPrinted(`get node ${lost}`, new RegExp(`${lost} +NotReady`));
  const isNew = (each: Pod) => isServing(each) && !pods.map(nameOf).includes(nameOf(each));
  const now = await place.untilPods(
    'a replacement',
    (all) => all.some(isNew) && all.filter(isServing).length === 2,
  );
  t.equal(now.find(isNew)?.spec?.nodeName, free);
  const old = now.find((each) => nameOf(each) === nameOf(victim ?? {}));
  t.ok(old?.metadata?.deletionTimestamp, 'nobody ends the pod of the lost node');
  t.match(
    old?.status?.conditions?.find(({ type }) => type === 'DisruptionTarget'),
    {
      ...{ status: 'True', reason: 'DeletionByTaintManager' },
      message: 'Taint manager: deleting due to NoExecute taint',
    },
  );
  await place.until('its taints', async () => {
    const { spec } = await place.get(resources.nodes, lost);
    const own = spec?.taints?.filter(({ key }) => key === 'node.kubernetes.io/unreachable') ?? [];
    const effects = own.map(({ effect }) => effect).sort();
    return effects.join() === 'NoExecute,NoSchedule';
  });
  const described = await place.untilPrinted(`describe node ${lost}`, /NodeNotReady/);
  t.match(described, /Ready +Unknown .* NodeStatusUnknown +Kubelet stopped posting node status\./);
  t.match(await place.kubectl('get pods'), /web-\w+-\w+ +1\/1 +Terminating/);

  await place.cluster.orderNode(lost, 'start');
  await place.untilPrinted(`get node ${lost}`, new RegExp(`${lost} +Ready `));
  await place.untilPods('the old pod ends', areServing(2));
  await place.until('the taints go', async () => {
    const { spec } = await place.get(resources.nodes, lost);
    return spec?.taints?.every(({ key }) => key === 'pool');
  });
}

async function drains(t: Test, place: Place): Promise<void> {
  await place.apply(deployment('web', 2, { spec: { ...inPool('drain'), affinity: apart('web') } }));
  await place.kubectl('create pdb web --selector=app=web --min-available=2');
  const [first] = await place.untilPods('two pods', areServing(2));
  const node = first?.spec?.nodeName ?? '';
  await place.until('the budget is known', async () => {
    const { status } = await place.get(resources.podDisruptionBudgets, 'web');
    return status?.currentHealthy === 2 && status.disruptionsAllowed === 0;
  });
  const held = await place.tryKubectl(`drain ${node} --ignore-daemonsets --timeout=6s`);
  t.equal(held.code, 1);
  t.match(held.text, `node/${node} cordoned`);
  t.match(held.text, "Cannot evict pod as it would violate the pod's disruption budget.");
  t.match(await place.kubectl(`get node ${node}`), /Ready,SchedulingDisabled/);

  let least = Number.POSITIVE_INFINITY;
  const watch = await PodWatch.start(place, (pods) => {
    least = Math.min(least, pods.filter(isServing).length);
  });
  await place.kubectl(`patch pdb web -p '{"spec":{"minAvailable":1}}'`);
  await place.untilPrinted('get pdb web', /web +1 +N\/A +1 /);
  const drained = await place.kubectl(`drain ${node} --ignore-daemonsets --timeout=180s`);
  t.match(drained, `pod/${nameOf(first ?? {})} evicted`);
  t.match(drained, `node/${node} drained`);
  const pods = await place.untilPods('two pods elsewhere', areServing(2));
  await watch.stop();
  t.equal(least, 1);
  t.notOk(pods.some(({ spec }) => spec?.nodeName === node));

  await place.apply(
    pod('waits', { spec: { ...inPool('drain'), nodeName: '', affinity: onNode(node) } }),
  );
  await place.untilPrinted(
    'describe pod waits',
    /Warning +FailedScheduling .*0\/\d+ nodes are available: .*1 node\(s\) were unschedulable/,
  );
  await place.kubectl(`uncordon ${node}`);
  await place.kubectl('wait --for=condition=Ready pod/waits --timeout=180s');
}

function onNode(name: string) {
  const expression = { key: 'kubernetes.io/hostname', operator: 'In' as const, values: [name] };
  return {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [expression] }],
      },
    },
  };
}

async function drivesAway(t: Test, place: Place): Promise<void> {
  const [node] = pools.taint;
  const { nodeSelector, tolerations } = inPool('taint');
  const tolerating = (tolerationSeconds?: number) => ({
    ...{ key: 'example.com/away', operator: 'Exists' as const, effect: 'NoExecute' as const },
    ...(tolerationSeconds !== undefined && { tolerationSeconds }),
  });
  await place.apply(
    pod('goes', { spec: { nodeSelector, tolerations } }),
    pod('lingers', { spec: { nodeSelector, tolerations: [...tolerations, tolerating(4)] } }),
    pod('stays', { spec: { nodeSelector, tolerations: [...tolerations, tolerating()] } }),
  );
  await place.untilPods('three pods', areServing(3));
  const went: string[] = [];
  const watch = await PodWatch.start(place, (_, changed: Pod) => {
    if (!isThere(changed) && !went.includes(nameOf(changed))) went.push(nameOf(changed));
  });
  await place.kubectl(`taint node ${node} example.com/away=now:NoExecute`);
  await place.untilPods('one pod', (pods) => pods.map(nameOf).join() === 'stays');
  await watch.stop();
  t.same(went, ['goes', 'lingers']);
  await place.untilPrinted('get events', /TaintManagerEviction/);
  t.match(await place.kubectl(`taint node ${node} example.com/away-`), `node/${node} untainted`);
}
