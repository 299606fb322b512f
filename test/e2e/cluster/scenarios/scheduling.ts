import type { Test } from 'tap';
import { resources } from '../../../../src/control/client/index.js';
import { deployment, inPool, pod } from '../manifests.js';
import type { Place } from '../place.js';
import { areServing, isServing, nameOf } from '../pod-views.js';
import { freeNodes } from '../pools.js';
import type { Scenario } from '../scenario.js';

/** Where pods go, and what is said when they go nowhere. */
export const schedulingScenarios: readonly Scenario[] = [
  {
    name: 'preemption',
    title: 'who is worth more takes the room of who is worth less',
    run: preempts,
  },
  {
    name: 'placement',
    title: 'pods keep to gates, node affinity and spread constraints',
    run: places,
  },
  {
    name: 'unschedulable',
    title: 'what keeps a pod from all nodes is said as kubectl shows it',
    run: tellsWhy,
  },
];

async function preempts(t: Test, place: Place): Promise<void> {
  const priorityClass = (name: string, value: number) => ({
    ...{ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value },
  });
  await place.apply(priorityClass('test-low', 10), priorityClass('test-high', 1000));
  const with_ = (priorityClassName: string, cpu: string) => ({
    requests: { cpu },
    spec: { ...inPool('preemption'), priorityClassName },
  });
  await place.apply(pod('low', with_('test-low', '3')), pod('mid', with_('test-high', '3')));
  await place.untilPods('both run', areServing(2));
  await place.apply(pod('high', with_('test-high', '4')));
  const pods = await place.untilPods(
    'the high one in place of the low one',
    (all) => all.length === 2 && all.every(isServing),
  );
  t.same(pods.map(nameOf).sort(), ['high', 'mid']);
  t.equal(pods.find((each) => nameOf(each) === 'high')?.spec?.priority, 1000);
  t.match(
    await place.untilPrinted('events --for pod/low', /Preempted/),
    /Normal +Preempted +Pod\/low +Preempted by pod [0-9a-f-]+ on node node-12/,
  );
  await place.apply(pod('another', with_('test-high', '4')));
  await place.untilPrinted(
    'describe pod another',
    /Insufficient cpu.*preemption: 0\/\d+ nodes are available: .*1 No preemption victims found for incoming pod/,
  );
  t.equal((await place.get(resources.pods, 'another')).spec?.nodeName, undefined);
  await place.kubectl('delete priorityclass test-low test-high');
}

async function places(t: Test, place: Place): Promise<void> {
  await place.apply(pod('gated', { spec: { schedulingGates: [{ name: 'example.com/wait' }] } }));
  await place.untilPrinted('get pod gated', /gated +0\/1 +SchedulingGated/);
  await place.kubectl(
    `patch pod gated --type=json -p '[{"op":"remove","path":"/spec/schedulingGates"}]'`,
  );
  await place.kubectl('wait --for=condition=Ready pod/gated --timeout=180s');

  const zone = { key: 'topology.kubernetes.io/zone', operator: 'In' as const, values: ['b'] };
  const affinity = {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [zone] }],
      },
    },
  };
  await place.apply(deployment('zoned', 3, { spec: { affinity } }));
  for (const node of await nodesOf(place, 'zoned', 3)) t.equal(node % 3, 1, `node-${node}`);

  const spread = (topologyKey: string) => ({
    ...{ maxSkew: 1, topologyKey, whenUnsatisfiable: 'DoNotSchedule' as const },
    labelSelector: { matchLabels: { app: 'spread' } },
    nodeTaintsPolicy: 'Honor' as const,
  });
  const topologySpreadConstraints = [
    spread('topology.kubernetes.io/zone'),
    spread('kubernetes.io/hostname'),
  ];
  await place.apply(deployment('spread', freeNodes, { spec: { topologySpreadConstraints } }));
  t.same(
    [...(await nodesOf(place, 'spread', freeNodes))].sort(),
    Array.from({ length: freeNodes }, (_, i) => i),
    'one on each free node',
  );
}

/** The numbers of the nodes on which the pods run. */
async function nodesOf(place: Place, app: string, count: number): Promise<readonly number[]> {
  const pods = await place.untilPods(`${count} pods of ${app}`, areServing(count), `app=${app}`);
  return pods.map(({ spec }) => Number(spec?.nodeName?.slice('node-'.length)));
}

async function tellsWhy(t: Test, place: Place): Promise<void> {
  await place.apply(
    pod('big', { requests: { cpu: '100' } }),
    pod('nowhere', { spec: { nodeSelector: { 'example.com/nosuch': 'true' } } }),
    pod('claimless', {
      spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'nosuch' } }] },
    }),
  );
  const cases = [
    [
      'big',
      /0\/\d+ nodes are available: .*6 Insufficient cpu.* preemption: 0\/\d+ nodes are available: .*(\d+ No preemption victims found for incoming pod|\d+ Preemption is not helpful for scheduling)/,
    ],
    [
      'nowhere',
      /0\/\d+ nodes are available: .*node\(s\) didn't match Pod's node affinity\/selector/,
    ],
    ['claimless', /0\/\d+ nodes are available: persistentvolumeclaim "nosuch" not found\./],
  ] as const;
  for (const [name, wanted] of cases) {
    const described = await place.untilPrinted(`describe pod ${name}`, /FailedScheduling/);
    t.match(described, /Warning +FailedScheduling +\S+( \(.*\))? +default-scheduler /, name);
    t.match(described, wanted, name);
    const { status } = await place.until('its condition', async () => {
      const found = await place.get(resources.pods, name);
      return found.status?.conditions === undefined ? null : found;
    });
    t.match(status?.conditions, [
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable' },
    ]);
  }
  await place.untilPrinted('events --for pod/big --types=Warning', /FailedScheduling +Pod\/big/);
  t.match(await place.kubectl('get pods'), /big +0\/1 +Pending/);
}
