import t from 'tap';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import {
  proposeByAverage,
  proposeByShare,
  proposeByUtilization,
  proposeByValue,
  type ReplicaState,
} from '../../../../src/control/controllers/horizontal-pod-autoscaler/replica-math.js';
import { MetricError } from '../../../../src/control/controllers/horizontal-pod-autoscaler/samples.js';
import { formatTime } from '../../../../src/control/machinery/time.js';

const nowMs = Date.parse('2026-01-01T12:00:00Z');
const ago = (seconds: number) => formatTime(nowMs - seconds * 1000);

interface PodSpec {
  /** Thousandths of a CPU that it uses; absent: nothing was measured. */
  readonly used?: number;
  /** Thousandths that it requests; null: it does not say. */
  readonly requested?: number | null;
  readonly phase?: string;
  readonly isReady?: boolean;
  readonly startedAgo?: number;
  readonly readyChangedAgo?: number;
  readonly isDeleted?: boolean;
}

function podOf(at: number, spec: PodSpec): Pod {
  const { requested = 1000, phase = 'Running', isReady = true, startedAgo = 3600 } = spec;
  const resources = requested === null ? {} : { requests: { cpu: `${requested}m` } };
  return {
    metadata: { name: `p${at}`, ...(spec.isDeleted && { deletionTimestamp: ago(1) }) },
    spec: { containers: [{ name: 'c', resources }] },
    status: {
      phase,
      startTime: ago(startedAgo),
      conditions: [
        {
          ...{ type: 'Ready', status: isReady ? 'True' : 'False' },
          lastTransitionTime: ago(spec.readyChangedAgo ?? startedAgo),
        },
      ],
    },
  };
}

function stateOf(pods: readonly PodSpec[], currentReplicas = pods.length): ReplicaState {
  return {
    ...{ pods: pods.map((spec, at) => podOf(at, spec)), currentReplicas, nowMs },
    tolerance: { up: 0.1, down: 0.1 },
    ...{ cpuInitializationMs: 300_000, initialReadinessDelayMs: 30_000 },
  };
}

function samplesOf(pods: readonly PodSpec[]) {
  return new Map(
    pods.flatMap(({ used }, at) =>
      used === undefined
        ? []
        : [[`p${at}`, { value: used, atMs: nowMs, windowMs: 60_000 }] as const],
    ),
  );
}

const used = (...values: readonly number[]): PodSpec[] => values.map((value) => ({ used: value }));
const unreadyYoung = { isReady: false, startedAgo: 60, readyChangedAgo: 60 };

const utilizations: readonly {
  readonly name: string;
  readonly pods: readonly PodSpec[];
  readonly target: number;
  readonly current?: number;
  readonly replicas: number;
  readonly utilization?: number;
}[] = [
  { name: 'above', pods: used(300, 500, 700), target: 30, replicas: 5, utilization: 50 },
  { name: 'below', pods: used(100, 300, 500, 250, 250), target: 50, replicas: 3, utilization: 28 },
  { name: 'close above', pods: used(1010, 1030, 1020), target: 100, replicas: 3, utilization: 102 },
  { name: 'close below', pods: used(990, 970, 980), target: 100, replicas: 3 },
  {
    name: 'requests differ',
    pods: [
      { used: 400, requested: 1000 },
      { used: 400, requested: 600 },
    ],
    target: 25,
    replicas: 4,
    utilization: 50,
  },
  // A pod that starts counts as idle on the way up.
  {
    name: 'one unready on the way up',
    pods: [...used(300, 500), { used: 700, ...unreadyYoung }],
    target: 30,
    replicas: 3,
  },
  {
    name: 'more unready would turn the direction',
    pods: [...used(400), { used: 500, ...unreadyYoung }, { used: 700, ...unreadyYoung }],
    target: 30,
    replicas: 3,
  },
  {
    name: 'one unready on the way down is left out',
    pods: [...used(100, 100), { used: 900, ...unreadyYoung }],
    target: 50,
    replicas: 1,
  },
  { name: 'one pending', pods: [...used(600, 600), { phase: 'Pending' }], target: 30, replicas: 4 },
  {
    name: 'one failed is no pod',
    pods: [...used(500, 700), { phase: 'Failed' }],
    target: 50,
    current: 2,
    replicas: 3,
  },
  {
    name: 'one being deleted is no pod',
    pods: [...used(500, 700), { used: 9000, isDeleted: true }],
    target: 50,
    current: 2,
    replicas: 3,
  },
  {
    name: 'one missing on the way up counts as idle',
    pods: [...used(300, 500), {}],
    target: 30,
    replicas: 3,
  },
  {
    name: 'one missing on the way down counts as busy',
    pods: [...used(100, 100, 100, 100), {}],
    target: 50,
    replicas: 3,
  },
  {
    name: 'one missing on the way down, busy at a target above 100',
    pods: [...used(100, 100, 100), {}],
    target: 200,
    replicas: 2,
  },
  {
    name: 'one missing while nothing changes',
    pods: [...used(500, 500), {}],
    target: 50,
    replicas: 3,
  },
  {
    name: 'ready for less than a window while it starts',
    pods: [...used(100), { used: 900, startedAgo: 120, readyChangedAgo: 30 }],
    target: 50,
    replicas: 1,
  },
  {
    name: 'unready for a while, after it was ready once',
    pods: [...used(500), { used: 900, isReady: false, startedAgo: 3600, readyChangedAgo: 600 }],
    target: 50,
    replicas: 3,
  },
  {
    name: 'never ready',
    pods: [...used(500), { used: 900, isReady: false, startedAgo: 3600, readyChangedAgo: 3590 }],
    target: 50,
    replicas: 2,
  },
];

for (const { name, pods, target, current, replicas, utilization } of utilizations) {
  t.test(`proposeByUtilization: ${name}`, async (t) => {
    const proposal = proposeByUtilization(stateOf(pods, current), samplesOf(pods), {
      ...{ resource: 'cpu', container: '', targetPercent: target },
    });
    t.equal(proposal.replicas, replicas);
    if (utilization !== undefined) t.equal(proposal.utilization, utilization);
  });
}

t.test('proposals are refused where nothing can be said', async (t) => {
  const of = { resource: 'cpu', container: '', targetPercent: 50 };
  const refuse = (pods: readonly PodSpec[], message: string) =>
    t.throws(
      () => proposeByUtilization(stateOf(pods), samplesOf(pods), of),
      new MetricError(message),
    );
  refuse([], 'no pods returned by selector while calculating replica count');
  refuse([{}], 'did not receive metrics for targeted pods (pods might be unready)');
  refuse(
    [{ used: 1, ...unreadyYoung }],
    'did not receive metrics for targeted pods (pods might be unready)',
  );
  refuse([{ used: 1, requested: null }], 'missing request for cpu in container c of Pod p0');
});

t.test(
  'proposeByUtilization: of one container, and of what a pod requests as a whole',
  async (t) => {
    const [pod] = stateOf([{}]).pods;
    const two: Pod = {
      ...(pod as Pod),
      spec: {
        containers: [{ name: 'a', resources: { requests: { cpu: '100m' } } }, { name: 'b' }],
      },
    };
    const state = { ...stateOf([]), currentReplicas: 1, pods: [two] };
    const samples = new Map([['p0', { value: 200, atMs: nowMs, windowMs: 0 }]]);
    const of = { resource: 'cpu', targetPercent: 100 };
    t.equal(proposeByUtilization(state, samples, { ...of, container: 'a' }).replicas, 2);
    t.throws(() => proposeByUtilization(state, samples, { ...of, container: '' }), MetricError);
    const whole = { ...two, spec: { ...two.spec, resources: { requests: { cpu: '50m' } } } };
    t.equal(
      proposeByUtilization({ ...state, pods: [whole] }, samples, { ...of, container: '' }).replicas,
      4,
    );
  },
);

t.test('proposeByAverage: the amount for each pod', async (t) => {
  const of = { resource: '', target: 15_000 };
  const propose = (pods: readonly PodSpec[]) =>
    proposeByAverage(stateOf(pods), samplesOf(pods), of);
  t.same(propose(used(20_000, 10_000, 30_000)), { replicas: 4, usage: 20_000 });
  t.same(propose(used(15_100, 14_900)), { replicas: 2, usage: 15_000 });
  t.equal(propose([...used(30_000), {}]).replicas, 2);
  t.equal(propose([...used(1_000), {}, {}]).replicas, 3);
});

t.test('proposeByValue: an amount that all pods bring about', async (t) => {
  const state = stateOf(used(1, 1, 1));
  t.equal(proposeByValue(state, { usage: 20_000, target: 15_000 }).replicas, 4);
  t.equal(proposeByValue(state, { usage: 15_500, target: 15_000 }).replicas, 3);
  t.equal(proposeByValue(state, { usage: 0, target: 15_000 }).replicas, 0);
  t.equal(proposeByValue(stateOf([], 0), { usage: 31_000, target: 15_000 }).replicas, 3);
  t.throws(() => proposeByValue(stateOf([], 2), { usage: 31_000, target: 15_000 }), MetricError);
});

t.test('proposeByShare: an amount divided among the pods', async (t) => {
  const state = stateOf(used(1, 1));
  t.same(proposeByShare(state, { usage: 20_000, target: 5_000, statusReplicas: 2 }), {
    replicas: 4,
    usage: 10_000,
  });
  t.same(proposeByShare(state, { usage: 10_400, target: 5_000, statusReplicas: 2 }), {
    replicas: 2,
    usage: 5_200,
  });
});

t.test('a tolerance of its own for each direction', async (t) => {
  const state = { ...stateOf(used(600, 600)), tolerance: { up: 0.5, down: 0 } };
  const of = { resource: 'cpu', container: '' };
  t.equal(
    proposeByUtilization(state, samplesOf(used(600, 600)), { ...of, targetPercent: 50 }).replicas,
    2,
  );
  t.equal(
    proposeByUtilization(state, samplesOf(used(200, 200)), { ...of, targetPercent: 21 }).replicas,
    2,
  );
  t.equal(
    proposeByUtilization(state, samplesOf(used(200, 200)), { ...of, targetPercent: 41 }).replicas,
    1,
  );
});
