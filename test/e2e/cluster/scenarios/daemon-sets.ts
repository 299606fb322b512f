import type { Test } from 'tap';
import { resources } from '../../../../src/control/client/index.js';
import { template } from '../manifests.js';
import type { Place } from '../place.js';
import { areServing, isThere, nameOf } from '../pod-views.js';
import { pools } from '../pools.js';
import type { Scenario } from '../scenario.js';

/** DaemonSets: nodes that come, go and are tainted. */
export const daemonSetScenarios: readonly Scenario[] = [
  {
    name: 'daemon',
    title: 'a DaemonSet has a pod on every node that it matches and tolerates, on new ones too',
    run: followsNodes,
  },
];

const [first, second] = pools.daemon;

function agent(tolerations: readonly object[]) {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'agent' },
    spec: {
      selector: { matchLabels: { app: 'agent' } },
      template: {
        ...template('agent', { spec: { tolerations: [...tolerations], affinity } }),
      },
    },
  };
}

const affinity = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [
        {
          matchExpressions: [
            { key: 'kubernetes.io/hostname', operator: 'In' as const, values: [first, second] },
          ],
        },
      ],
    },
  },
};

async function followsNodes(t: Test, place: Place): Promise<void> {
  await place.apply(agent([]));
  const { status } = await place.until('the set was looked at', async () => {
    const found = await place.get(resources.daemonSets, 'agent');
    return found.status?.observedGeneration === 1 ? found : null;
  });
  t.equal(status?.desiredNumberScheduled, 0, 'taints that are not tolerated');

  await place.apply(agent([{ key: 'pool', operator: 'Exists' }]));
  t.match(
    await place.kubectl('rollout status daemonset/agent --timeout=180s'),
    'daemon set "agent" successfully rolled out',
  );
  const pods = await place.untilPods('two pods', areServing(2));
  t.same(pods.map(({ spec }) => spec?.nodeName).sort(), [first, second]);
  t.match(await place.kubectl('get daemonset agent'), /agent +2 +2 +2 +2 +2/);

  await nodeComesBack(t, place);

  await place.kubectl('set image daemonset/agent main=main:2');
  await place.kubectl('rollout status daemonset/agent --timeout=180s');
  t.match(
    await place.kubectl('rollout history daemonset/agent'),
    /1 +<none>\n2 +<none>\n3 +<none>/,
  );
  await place.kubectl('rollout undo daemonset/agent');
  await place.untilPrinted(
    'get pods -o jsonpath={.items[*].spec.containers[0].image}',
    /^main:1 main:1$/,
  );
}

/** A node is deleted, with its machine off; then it registers anew. */
async function nodeComesBack(t: Test, place: Place): Promise<void> {
  const { cluster } = place;
  await cluster.orderNode(second, 'stop');
  await place.kubectl(`delete node ${second}`);
  const [left] = await place.untilPods('the pod of the node that is left', areServing(1));
  t.equal(left?.spec?.nodeName, first);
  await cluster.orderNode(second, 'start');
  const again = await place.untilPods('a pod on the new node', areServing(2));
  t.same(
    again
      .filter(isThere)
      .map(({ spec }) => spec?.nodeName)
      .sort(),
    [first, second],
  );
  t.equal(new Set(again.map(nameOf)).size, 2);
}
