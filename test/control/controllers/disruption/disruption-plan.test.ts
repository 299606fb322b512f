import t from 'tap';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import type {
  PodDisruptionBudget,
  PodDisruptionBudgetSpec,
} from '../../../../src/control/api/gen/policy-v1.js';
import {
  countBudget,
  isCounted,
  needsScale,
  staleInMs,
  uncountableStatus,
} from '../../../../src/control/controllers/disruption/plan.js';
import { formatTime } from '../../../../src/control/machinery/time.js';

const nowMs = Date.parse('2026-01-01T00:00:00Z');

function budget(
  spec: PodDisruptionBudgetSpec,
  status: PodDisruptionBudget['status'] = {},
): PodDisruptionBudget {
  return { metadata: { name: 'b', namespace: 'n', generation: 3 }, spec, status };
}

function pod(
  name: string,
  { isReady = true, isDeleted = false, reason = '', since = 0, phase = 'Running' } = {},
): Pod {
  return {
    metadata: { name, namespace: 'n', ...(isDeleted && { deletionTimestamp: formatTime(nowMs) }) },
    status: {
      phase,
      conditions: [
        { type: 'Ready', status: isReady ? 'True' : 'False' },
        ...(reason === ''
          ? []
          : [
              {
                type: 'DisruptionTarget',
                status: 'True',
                reason,
                lastTransitionTime: formatTime(nowMs - since * 1000),
              },
            ]),
      ],
    },
  };
}

const pods = (count: number) => Array.from({ length: count }, (_, at) => pod(`p${at}`));

const counts: readonly {
  readonly name: string;
  readonly spec: PodDisruptionBudgetSpec;
  readonly pods: readonly Pod[];
  readonly scale?: number;
  /** Healthy, desired, expected, allowed. */
  readonly expected: readonly [number, number, number, number];
}[] = [
  { name: 'a number at least', spec: { minAvailable: 2 }, pods: pods(3), expected: [3, 2, 3, 1] },
  {
    name: 'a number at least, not there',
    spec: { minAvailable: 4 },
    pods: pods(3),
    expected: [3, 4, 3, 0],
  },
  { name: 'no pods', spec: { minAvailable: 0 }, pods: [], expected: [0, 0, 0, 0] },
  {
    name: 'a percentage at least, rounded up',
    spec: { minAvailable: '50%' },
    pods: pods(5),
    scale: 5,
    expected: [5, 3, 5, 2],
  },
  {
    name: 'a percentage of the scale, not of the pods',
    spec: { minAvailable: '50%' },
    pods: pods(3),
    scale: 10,
    expected: [3, 5, 10, 0],
  },
  {
    name: 'a number at most',
    spec: { maxUnavailable: 1 },
    pods: pods(3),
    scale: 3,
    expected: [3, 2, 3, 1],
  },
  {
    name: 'a percentage at most, rounded up',
    spec: { maxUnavailable: '10%' },
    pods: pods(3),
    scale: 3,
    expected: [3, 2, 3, 1],
  },
  {
    name: 'more at most than there are',
    spec: { maxUnavailable: 9 },
    pods: pods(3),
    scale: 3,
    expected: [3, 0, 3, 3],
  },
  {
    name: 'pods that are not ready',
    spec: { minAvailable: 1 },
    pods: [pod('a', { isReady: false }), pod('b')],
    expected: [1, 1, 2, 0],
  },
  {
    name: 'pods that are being deleted',
    spec: { minAvailable: 1 },
    pods: [pod('a', { isDeleted: true }), pod('b'), pod('c')],
    expected: [2, 1, 3, 1],
  },
];

for (const { name, spec, pods: all, scale = 0, expected } of counts) {
  t.test(`countBudget: ${name}`, async (t) => {
    const { status } = countBudget({ budget: budget(spec), pods: all, scale, nowMs });
    const { currentHealthy, desiredHealthy, expectedPods, disruptionsAllowed } = status;
    t.same([currentHealthy, desiredHealthy, expectedPods, disruptionsAllowed], expected);
    t.equal(status.observedGeneration, 3);
    t.match(status.conditions, [
      expected[3] > 0
        ? { type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods' }
        : { type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods' },
    ]);
  });
}

t.test('countBudget: pods that may go count as gone for two minutes', async (t) => {
  const disruptedPods = {
    p0: formatTime(nowMs - 30_000),
    p1: formatTime(nowMs - 130_000),
    other: formatTime(nowMs),
  };
  const counted = countBudget({
    budget: budget({ minAvailable: 1 }, { disruptedPods }),
    ...{ pods: pods(3), scale: 0, nowMs },
  });
  t.equal(counted.status.currentHealthy, 2);
  t.same(counted.status.disruptedPods, { p0: disruptedPods.p0 });
  t.same(
    counted.notDeleted.map(({ metadata }) => metadata.name),
    ['p1'],
  );
  t.equal(counted.againMs, 90_000);
});

t.test('countBudget: the time of the condition stays as long as its status', async (t) => {
  const first = countBudget({
    budget: budget({ minAvailable: 1 }),
    pods: pods(2),
    scale: 0,
    nowMs,
  });
  const told = budget({ minAvailable: 1 }, first.status);
  const again = countBudget({ budget: told, pods: pods(3), scale: 0, nowMs: nowMs + 5000 });
  t.equal(again.status.conditions?.[0]?.lastTransitionTime, formatTime(nowMs));
  t.notOk(isCounted(told, again.status));
  const same = countBudget({ budget: told, pods: pods(2), scale: 0, nowMs: nowMs + 5000 });
  t.ok(isCounted(told, same.status));
  const none = countBudget({ budget: told, pods: pods(1), scale: 0, nowMs: nowMs + 5000 });
  t.equal(none.status.conditions?.[0]?.lastTransitionTime, formatTime(nowMs + 5000));
});

t.test('uncountableStatus allows nothing and says why', async (t) => {
  const status = uncountableStatus(
    budget({ maxUnavailable: 1 }, { disruptionsAllowed: 2, currentHealthy: 3 }),
    'found no controllers for pod "p"',
    nowMs,
  );
  t.match(status, {
    disruptionsAllowed: 0,
    currentHealthy: 3,
    conditions: [
      {
        type: 'DisruptionAllowed',
        status: 'False',
        reason: 'SyncFailed',
        message: 'found no controllers for pod "p"',
      },
    ],
  });
});

t.test('needsScale: percentages, and what may be unavailable', async (t) => {
  t.ok(needsScale(budget({ maxUnavailable: 1 })));
  t.ok(needsScale(budget({ minAvailable: '10%' })));
  t.notOk(needsScale(budget({ minAvailable: 1 })));
});

t.test('staleInMs: what was meant to go and did not', async (t) => {
  t.equal(staleInMs(pod('a'), nowMs), null);
  t.equal(staleInMs(pod('a', { reason: 'EvictionByEvictionAPI', since: 30 }), nowMs), 90_000);
  t.equal(staleInMs(pod('a', { reason: 'EvictionByEvictionAPI', since: 300 }), nowMs), 0);
  t.equal(staleInMs(pod('a', { reason: 'TerminationByKubelet', since: 300 }), nowMs), null);
  t.equal(staleInMs(pod('a', { reason: 'x', since: 300, isDeleted: true }), nowMs), null);
  t.equal(staleInMs(pod('a', { reason: 'x', since: 300, phase: 'Failed' }), nowMs), null);
});
