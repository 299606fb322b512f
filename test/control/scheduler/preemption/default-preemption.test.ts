import t from 'tap';
import type { Node, Pod, PodSpec } from '../../../../src/control/api/gen/core-v1.js';
import type { PodDisruptionBudget } from '../../../../src/control/api/gen/policy-v1.js';
import { formatTime } from '../../../../src/control/machinery/time.js';
import { CycleState } from '../../../../src/control/scheduler/framework/cycle-state.js';
import type { PluginStatus } from '../../../../src/control/scheduler/framework/plugin.js';
import { podInfoOf } from '../../../../src/control/scheduler/framework/pod-info.js';
import { nodeOf, podOf } from '../objects.js';
import { type Ending, type Kit, type KitOptions, kitOf, nowMs } from '../plugins/kit.js';

const filters = [
  ...['NodeUnschedulable', 'NodeName', 'TaintToleration', 'NodeAffinity', 'NodePorts'],
  ...['NodeResourcesFit', 'PodTopologySpread', 'InterPodAffinity', 'DefaultPreemption'],
];

const node = (name: string, labels: Record<string, string> = {}): Node =>
  nodeOf(name, { labels, allocatable: { cpu: '1000m', memory: '1000', pods: '10' } });

/** A pod that runs: `cpu` in millicores; `age` in seconds. */
function runs(
  name: string,
  nodeName: string,
  {
    priority = 0,
    cpu = 100,
    age = 0,
    labels = {} as Record<string, string>,
    ...more
  }: {
    readonly priority?: number;
    readonly cpu?: number;
    readonly age?: number;
    readonly labels?: Record<string, string>;
    readonly isGoing?: boolean;
    readonly spec?: object;
  } = {},
): Pod {
  const going = {
    metadata: { deletionTimestamp: formatTime(nowMs) },
    conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }],
  };
  const pod = podOf(name, {
    ...{ nodeName, priority, requests: { cpu: `${cpu}m` }, ...more.spec },
    metadata: { name, uid: name, labels, ...(more.isGoing === true ? going.metadata : {}) },
  });
  const conditions = more.isGoing === true ? going.conditions : [];
  return {
    ...pod,
    status: { phase: 'Running', startTime: formatTime(nowMs - age * 1000), conditions },
  };
}

function wants(cpu: number, { priority = 100, ...spec }: Partial<PodSpec> = {}): Pod {
  return podOf('preemptor', {
    ...{ priority, requests: { cpu: `${cpu}m` }, ...spec },
    metadata: { name: 'preemptor', uid: 'preemptor', labels: { app: 'high' } },
  });
}

function budget(
  name: string,
  disruptionsAllowed: number,
  labels: Record<string, string>,
  disrupted: readonly string[] = [],
): PodDisruptionBudget {
  return {
    metadata: { name, namespace: 'default' },
    spec: { selector: { matchLabels: labels } },
    status: {
      disruptionsAllowed,
      disruptedPods: Object.fromEntries(disrupted.map((pod) => [pod, formatTime(nowMs)])),
    } as NonNullable<PodDisruptionBudget['status']>,
  };
}

interface Outcome {
  readonly node: string;
  readonly victims: readonly string[];
  readonly refusal: string;
}

/** Has the pod fail to fit, and then preempt. */
async function preempt(kit: Kit, pod: Pod): Promise<Outcome> {
  const { profile, cache, api } = kit;
  const state = new CycleState();
  const info = podInfoOf(pod);
  const before = new Set(api.objects('pods').keys());
  const outcome = profile.preFilter(state, info, cache);
  const byNode = new Map<string, PluginStatus>();
  if (outcome.kind === 'passed') {
    for (const each of cache.all) {
      const status = profile.filter(profile.activeFilters(state), state, info, each);
      if (status === null) throw new Error(`the pod fits on ${each.name}`);
      byNode.set(each.name, status);
    }
  }
  const others = outcome.kind === 'refused' ? outcome.status : null;
  const after = await profile.postFilter(state, info, { byNode, others });
  await new Promise<void>((resolve) =>
    setImmediate(() => setImmediate(() => setImmediate(resolve))),
  );
  const left = api.objects('pods');
  const victims = [...before]
    .filter((key) => !left.has(key))
    .map((key) => key.replace('default/', ''));
  return { node: after.nominatedNodeName ?? '-', victims: victims.sort(), refusal: after.message };
}

const kit = (t: Ending, options: KitOptions) => kitOf(t, { plugins: filters, ...options });

const rows: readonly {
  readonly title: string;
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly budgets?: readonly PodDisruptionBudget[];
  readonly pod: Pod;
  readonly expected: Partial<Outcome>;
}[] = [
  {
    title: 'no more pods go than must',
    nodes: [node('a')],
    pods: [runs('one', 'a', { cpu: 400 }), runs('two', 'a', { cpu: 500 })],
    pod: wants(500),
    // The one that has run as long, and came first, stays when both could.
    expected: { node: 'a', victims: ['two'] },
  },
  {
    title: 'the least important go',
    nodes: [node('a')],
    pods: [
      runs('low', 'a', { cpu: 500, priority: 1 }),
      runs('high', 'a', { cpu: 500, priority: 2 }),
    ],
    pod: wants(500),
    expected: { node: 'a', victims: ['low'] },
  },
  {
    title: 'among equals those that began last go',
    nodes: [node('a')],
    pods: [runs('young', 'a', { cpu: 500, age: 10 }), runs('old', 'a', { cpu: 500, age: 20 })],
    pod: wants(500),
    expected: { node: 'a', victims: ['young'] },
  },
  {
    title: 'pods of the same priority stay',
    nodes: [node('a')],
    pods: [runs('equal', 'a', { cpu: 900, priority: 100 })],
    pod: wants(500),
    expected: {
      ...{ node: '', victims: [] },
      refusal:
        'preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    },
  },
  {
    title: 'nobody goes for nothing',
    nodes: [node('a')],
    pods: [runs('low', 'a', { cpu: 300 }), runs('equal', 'a', { cpu: 600, priority: 100 })],
    pod: wants(500),
    expected: {
      ...{ node: '', victims: [] },
      refusal: 'preemption: 0/1 nodes are available: 1 Insufficient cpu.',
    },
  },
  {
    title: 'nodes where nothing helps are not tried',
    nodes: [
      node('a'),
      nodeOf('small', { allocatable: { cpu: '100m' } }),
      nodeOf('tainted', { taints: [{ key: 'k', effect: 'NoSchedule' }] }),
    ],
    pods: [runs('equal', 'a', { cpu: 900, priority: 100 }), runs('low', 'tainted', { cpu: 4000 })],
    pod: wants(500),
    expected: {
      ...{ node: '', victims: [] },
      refusal:
        'preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.',
    },
  },
  {
    title: 'preemptionPolicy Never',
    nodes: [node('a')],
    pods: [runs('low', 'a', { cpu: 900 })],
    pod: wants(500, { preemptionPolicy: 'Never' }),
    expected: {
      node: '-',
      victims: [],
      refusal: 'preemption: not eligible due to preemptionPolicy=Never.',
    },
  },
  {
    title: 'a node where no budget is broken is better',
    nodes: [node('a'), node('b')],
    pods: [
      runs('guarded', 'a', { cpu: 900, labels: { app: 'guarded' } }),
      runs('high', 'b', { cpu: 900, priority: 50 }),
    ],
    budgets: [budget('pdb', 0, { app: 'guarded' })],
    pod: wants(500),
    expected: { node: 'b', victims: ['high'] },
  },
  {
    title: 'pods whose budget would break are spared first',
    nodes: [node('a')],
    pods: [
      runs('guarded', 'a', { cpu: 500, labels: { app: 'guarded' } }),
      runs('higher', 'a', { cpu: 500, priority: 50 }),
    ],
    budgets: [budget('pdb', 0, { app: 'guarded' })],
    pod: wants(500),
    expected: { node: 'a', victims: ['higher'] },
  },
  {
    title: 'budgets are broken when there is no other way',
    nodes: [node('a')],
    pods: [runs('guarded', 'a', { cpu: 900, labels: { app: 'guarded' } })],
    budgets: [budget('pdb', 0, { app: 'guarded' })],
    pod: wants(500),
    expected: { node: 'a', victims: ['guarded'] },
  },
  {
    title: 'a budget allows as many as it says',
    nodes: [node('a'), node('b')],
    pods: [
      runs('a1', 'a', { cpu: 450, labels: { app: 'guarded' } }),
      runs('a2', 'a', { cpu: 450, labels: { app: 'guarded' } }),
      runs('b1', 'b', { cpu: 900, priority: 50 }),
    ],
    budgets: [budget('pdb', 1, { app: 'guarded' })],
    pod: wants(900),
    expected: { node: 'b', victims: ['b1'] },
  },
  {
    title: 'a disruption that was counted already is not counted again',
    nodes: [node('a'), node('b')],
    pods: [
      runs('guarded', 'a', { cpu: 900, labels: { app: 'guarded' } }),
      runs('b1', 'b', { cpu: 900, priority: 50 }),
    ],
    budgets: [budget('pdb', 0, { app: 'guarded' }, ['guarded'])],
    pod: wants(500),
    expected: { node: 'a', victims: ['guarded'] },
  },
  {
    title: 'the node whose most important victim matters least',
    nodes: [node('a'), node('b'), node('c')],
    pods: [
      runs('a1', 'a', { cpu: 900, priority: 3 }),
      runs('b1', 'b', { cpu: 450, priority: 2 }),
      runs('b2', 'b', { cpu: 450, priority: 2 }),
      runs('c1', 'c', { cpu: 900, priority: 4 }),
    ],
    pod: wants(900),
    expected: { node: 'b', victims: ['b1', 'b2'] },
  },
  {
    title: 'then the least sum of priorities',
    nodes: [node('a'), node('b')],
    pods: [
      runs('a1', 'a', { cpu: 450, priority: 2 }),
      runs('a2', 'a', { cpu: 450, priority: 2 }),
      runs('b1', 'b', { cpu: 450, priority: 2 }),
      runs('b2', 'b', { cpu: 450, priority: 1 }),
    ],
    pod: wants(900),
    expected: { node: 'b', victims: ['b1', 'b2'] },
  },
  {
    title: 'fewer victims, even of negative priority',
    nodes: [node('a'), node('b')],
    pods: [
      runs('a1', 'a', { cpu: 450, priority: -5 }),
      runs('a2', 'a', { cpu: 450, priority: -5 }),
      runs('b1', 'b', { cpu: 900, priority: -5 }),
    ],
    pod: wants(900),
    expected: { node: 'b', victims: ['b1'] },
  },
  {
    title: 'then the node whose first victim began last',
    nodes: [node('a'), node('b')],
    pods: [runs('a1', 'a', { cpu: 900, age: 100 }), runs('b1', 'b', { cpu: 900, age: 50 })],
    pod: wants(900),
    expected: { node: 'b', victims: ['b1'] },
  },
  {
    title: 'ports are freed',
    nodes: [node('a')],
    pods: [
      runs('holder', 'a', {
        cpu: 10,
        spec: { containers: [{ name: 'm', ports: [{ hostPort: 80 }] }] },
      }),
      runs('other', 'a', { cpu: 10 }),
    ],
    pod: wants(10, { containers: [{ name: 'm', ports: [{ hostPort: 80 }] }] }),
    expected: { node: 'a', victims: ['holder'] },
  },
  {
    title: 'pods that keep away go',
    nodes: [node('a')],
    pods: [
      runs('repelling', 'a', {
        spec: {
          affinity: {
            podAntiAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: [
                {
                  topologyKey: 'kubernetes.io/hostname',
                  labelSelector: { matchLabels: { app: 'high' } },
                },
              ],
            },
          },
        },
      }),
      runs('other', 'a'),
    ],
    pod: wants(10),
    expected: { node: 'a', victims: ['repelling'] },
  },
  {
    title: 'domains that are too full get room',
    nodes: [node('a', { zone: 'x' }), node('b', { zone: 'y' })],
    pods: [
      runs('x1', 'a', { labels: { app: 'high' } }),
      runs('x2', 'a', { labels: { app: 'high' } }),
      runs('y1', 'b', { labels: { app: 'high' }, priority: 100, cpu: 1000 }),
    ],
    pod: wants(10, {
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'zone',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: { matchLabels: { app: 'high' } },
        },
      ],
    }),
    expected: { node: 'a', victims: ['x2'] },
  },
];

t.test('DefaultPreemption: the right pods give way on the right node', async (t) => {
  for (const { title, nodes, pods, budgets = [], pod, expected } of rows) {
    const built = await kit(t, { nodes, pods, objects: { poddisruptionbudgets: budgets } });
    const outcome = await preempt(built, pod);
    t.match(outcome, expected, title);
  }
});

t.test('DefaultPreemption: victims are told why they go', async (t) => {
  const built = await kit(t, { nodes: [node('a')], pods: [runs('victim', 'a', { cpu: 900 })] });
  const patched: unknown[] = [];
  built.api.carry = async (call, apply) => {
    if (call.verb === 'patch')
      patched.push(JSON.parse(new TextDecoder().decode(call.body ?? undefined)));
    return apply();
  };
  t.match(await preempt(built, wants(500)), { node: 'a', victims: ['victim'] });
  t.same(patched, [
    {
      status: {
        conditions: [
          {
            type: 'DisruptionTarget',
            status: 'True',
            reason: 'PreemptionByScheduler',
            message: 'default-scheduler: preempting to accommodate a higher priority pod',
            lastTransitionTime: formatTime(nowMs),
          },
        ],
      },
    },
  ]);
  t.same(built.events, ['Normal Preempted victim: Preempted by pod preemptor on node a']);
});

t.test('DefaultPreemption: a pod whose victims are on their way waits for them', async (t) => {
  const pods = [runs('going', 'a', { cpu: 900, isGoing: true }), runs('low', 'b', { cpu: 900 })];
  const built = await kit(t, { nodes: [node('a'), node('b')], pods });
  const pod = wants(500);
  const nominated = { ...pod, status: { nominatedNodeName: 'a' } };
  t.match(await preempt(built, nominated), {
    ...{ node: '-', victims: [] },
    refusal: 'preemption: not eligible due to a terminating pod on the nominated node.',
  });
  // Unless that node cannot be had any more.
  built.cache.setNode({ ...node('a'), spec: { unschedulable: true } });
  t.match(await preempt(built, nominated), { node: 'b', victims: ['low'] });
});

t.test(
  'DefaultPreemption: the preemptor is not let in while its victims are told, and tried again when that fails',
  async (t) => {
    const built = await kit(t, { nodes: [node('a')], pods: [runs('victim', 'a', { cpu: 900 })] });
    let fail = (_: Error) => {};
    built.api.carry = () =>
      new Promise((_, reject) => {
        fail = reject;
      });
    const { StatusError, failureStatus } = await statusErrors();
    const info = podInfoOf(wants(500));
    await preempt(built, info.pod);
    t.equal(built.profile.gateOf(info), 'DefaultPreemption');
    fail(new StatusError(failureStatus));
    await new Promise<void>((resolve) => setImmediate(resolve));
    t.equal(built.profile.gateOf(info), null);
    t.same(built.activated, ['preemptor']);
  },
);

async function statusErrors() {
  const { StatusError } = await import('../../../../src/control/machinery/status.js');
  const { forbidden } = await import('../../../../src/control/machinery/status-errors.js');
  const error = forbidden({ group: '', resource: 'pods' }, 'victim', 'not today');
  return { StatusError, failureStatus: error.status };
}

t.test('DefaultPreemption: pods of less priority lose the promise of the node', async (t) => {
  const built = await kit(t, { nodes: [node('a')], pods: [runs('victim', 'a', { cpu: 900 })] });
  const lower = podInfoOf(
    podOf('lower', {
      priority: 50,
      requests: { cpu: '10m' },
      metadata: { name: 'lower', uid: 'lower' },
    }),
  );
  const higher = podInfoOf(
    podOf('higher', {
      priority: 200,
      requests: { cpu: '10m' },
      metadata: { name: 'higher', uid: 'higher' },
    }),
  );
  built.nominator.nominate(lower, 'a');
  built.nominator.nominate(higher, 'a');
  t.match(await preempt(built, wants(500)), { node: 'a', victims: ['victim'] });
  t.same(
    built.nominator.podsOf('a').map(({ uid }) => uid),
    ['higher'],
  );
});

t.test('DefaultPreemption: what is remembered of a node ends with its generation', async (t) => {
  const built = await kit(t, {
    nodes: [node('a'), node('b')],
    pods: [runs('a1', 'a', { cpu: 900, priority: 1 }), runs('b1', 'b', { cpu: 900, priority: 2 })],
  });
  t.match(await preempt(built, wants(500)), { node: 'a' });
  built.cache.removePod('a1');
  built.cache.setPod(podInfoOf(runs('a2', 'a', { cpu: 900, priority: 3 })));
  t.match(await preempt(built, wants(500)), { node: 'b', victims: ['b1'] });
});
