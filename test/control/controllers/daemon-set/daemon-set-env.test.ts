import t from 'tap';
import type { DaemonSet } from '../../../../src/control/api/gen/apps-v1.js';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import { resources } from '../../../../src/control/client/index.js';
import { daemonSetDefinition } from '../../../../src/control/controllers/daemon-set/definition.js';
import { comesToRest, eventually } from '../cluster-env.js';
import { template, workloadEnv } from '../pods/workload-env.js';

const namespace = 'default';
const name = 'agent';

/** JSON whose members are in the order of their names. */
function inOrder(value: unknown): string {
  return JSON.stringify(value, (_, each) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}

function isRolledOut({ metadata, status }: DaemonSet, nodes: number): boolean {
  return (
    status?.observedGeneration === metadata.generation &&
    status?.desiredNumberScheduled === nodes &&
    status.updatedNumberScheduled === nodes &&
    status.numberAvailable === nodes &&
    (status.numberMisscheduled ?? 0) === 0
  );
}

t.test('DaemonSet: against an API server', async (t) => {
  const env = await workloadEnv(t, [daemonSetDefinition], { nodes: 4 });
  const sets = env.client.objects(resources.daemonSets);
  const nodes = env.client.objects(resources.nodes);
  const get = () => sets.get({ namespace, name });
  const rolledOut = (count: number) =>
    eventually(`${count} are rolled out`, get, (set) => isRolledOut(set, count));
  const patch = (spec: object) => sets.patch({ namespace, name }, 'strategic', { spec } as never);
  const image = (text: string) => ({
    template: { spec: { containers: [{ name: 'main', image: text }] } },
  });
  const nodesWith = async (text: string) =>
    (await env.livePods())
      .filter(({ spec }) => spec?.containers?.[0]?.image === text)
      .map(({ spec }) => spec?.nodeName)
      .sort();
  const all = ['node-0', 'node-1', 'node-2', 'node-3'];

  await t.test('every node gets a pod that tolerates what daemons tolerate', async (t) => {
    await sets.create({
      metadata: { name, namespace },
      spec: { selector: { matchLabels: { app: name } }, template: template(name) },
    });
    await rolledOut(4);
    t.strictSame(await nodesWith('web:1'), all);
    const [pod] = await env.livePods();
    const keys = pod?.spec?.tolerations?.map(({ key, effect }) => `${key}:${effect}`);
    t.strictSame(keys, [
      'node.kubernetes.io/not-ready:NoExecute',
      'node.kubernetes.io/unreachable:NoExecute',
      'node.kubernetes.io/disk-pressure:NoSchedule',
      'node.kubernetes.io/memory-pressure:NoSchedule',
      'node.kubernetes.io/pid-pressure:NoSchedule',
      'node.kubernetes.io/unschedulable:NoSchedule',
    ]);
    t.equal(pod?.metadata.labels?.['pod-template-generation'], '1');
    t.match(pod?.metadata.labels?.['controller-revision-hash'], /^[a-z0-9]+$/);
  });

  await t.test('a pod that has failed is replaced, and an event tells of it', async (t) => {
    const [pod] = await env.livePods();
    const failed = pod?.metadata.name ?? '';
    await env.client
      .objects(resources.pods)
      .patch({ namespace, name: failed }, 'merge', { status: { phase: 'Failed' } } as never, {
        subresource: 'status',
      });
    const isReplaced = (pods: readonly Pod[]) =>
      pods.length === 4 && pods.every(({ metadata }) => metadata.name !== failed);
    await eventually('another', env.livePods, isReplaced);
    await rolledOut(4);
    const node = pod?.spec?.nodeName ?? '';
    const text = `FailedDaemonPod: Found failed daemon pod default/${failed} on node ${node}, will try to kill it`;
    const wanted = [text, `SuccessfulDelete: Deleted pod: ${failed}`];
    const areTold = (all: readonly string[]) => wanted.every((each) => all.includes(each));
    await eventually('both events', env.eventTexts, areTold);
    t.pass();
  });

  await t.test(
    'an update takes one node at a time, and the history brings the former back',
    async (t) => {
      await patch(image('web:2'));
      await rolledOut(4);
      t.strictSame(await nodesWith('web:2'), all);
      const revisions = env.client.objects(resources.controllerRevisions);
      const list = async () =>
        [...(await revisions.list({ namespace })).items].sort((a, b) => a.revision! - b.revision!);
      const [first, second] = await list();
      const template = (await get()).spec?.template;
      const kept = inOrder({ spec: { template: { ...template, $patch: 'replace' } } });
      t.equal(JSON.stringify(second?.data), kept, 'clients look for its bytes');
      await sets.patch({ namespace, name }, 'strategic', first?.data as never);
      await rolledOut(4);
      t.strictSame(await nodesWith('web:1'), all);
      t.strictSame(
        (await list()).map(({ revision }) => revision),
        [2, 3],
      );
    },
  );

  await t.test('with a surge, a node has its new pod before its old one goes', async (t) => {
    await patch({
      updateStrategy: { rollingUpdate: { maxSurge: 2, maxUnavailable: 0 } },
    });
    const unavailable: number[] = [];
    const live = new Map<string, Pod>();
    const stop = new AbortController();
    const watching = (async () => {
      const events = env.client.objects(resources.pods).watch({ namespace, signal: stop.signal });
      for await (const { type, object } of events) {
        const isGoing = object.metadata.deletionTimestamp !== undefined;
        if (type === 'DELETED' || isGoing) live.delete(object.metadata.name!);
        else live.set(object.metadata.name!, object);
        const ready = [...live.values()].filter(({ status }) =>
          status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True'),
        );
        unavailable.push(4 - new Set(ready.map(({ spec }) => spec?.nodeName)).size);
      }
    })().catch(() => {});
    await eventually('it is seen', get, (set) => isRolledOut(set, 4));
    await eventually(
      'the watch is there',
      () => unavailable.at(-1),
      (count) => count === 0,
    );
    unavailable.length = 0;
    await patch(image('web:3'));
    await rolledOut(4);
    await eventually('the old ones go', env.livePods, (pods) => pods.length === 4);
    await eventually(
      'the watch has seen it',
      () => [...live.values()].map(({ spec }) => spec?.containers?.[0]?.image).join(),
      (images) => images === 'web:3,web:3,web:3,web:3',
    );
    stop.abort();
    await watching;
    t.strictSame(await nodesWith('web:3'), all);
    t.ok(unavailable.length > 8);
    t.ok(
      unavailable.every((count) => count === 0),
      'no node is without a ready pod',
    );
  });

  await t.test('nodes that do not match, or that are tainted, have none', async (t) => {
    const taint = (taints: object[]) =>
      nodes.patch({ name: 'node-3' }, 'merge', { spec: { taints } } as never);
    await taint([{ key: 'only', value: 'gpu', effect: 'NoExecute' }]);
    await rolledOut(3);
    t.strictSame(await nodesWith('web:3'), all.slice(0, 3));
    await taint([]);
    await rolledOut(4);
    await nodes.patch({ name: 'node-0' }, 'merge', { metadata: { labels: { disk: 'ssd' } } });
    await patch({ template: { spec: { nodeSelector: { disk: 'ssd' } } } });
    await rolledOut(1);
    await eventually('one stays', env.livePods, (pods) => pods.length === 1);
    t.strictSame(await nodesWith('web:3'), ['node-0']);
  });

  await t.test('OnDelete: pods are replaced when somebody deletes them', async (t) => {
    await patch({ updateStrategy: { type: 'OnDelete', rollingUpdate: null }, ...image('web:4') });
    const isSeen = ({ metadata, status }: DaemonSet) =>
      status?.observedGeneration === metadata.generation;
    const set = await eventually('it is seen', get, isSeen);
    t.equal(set.status?.updatedNumberScheduled ?? 0, 0);
    const [pod] = await env.livePods();
    await env.client.objects(resources.pods).delete({ namespace, name: pod?.metadata.name ?? '' });
    await rolledOut(1);
    t.strictSame(await nodesWith('web:4'), ['node-0']);
  });

  await t.test('a quiet DaemonSet causes no writes', async (t) => {
    await rolledOut(1);
    await comesToRest('the set', get);
    t.pass();
  });
});
