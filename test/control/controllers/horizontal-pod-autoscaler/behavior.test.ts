import t from 'tap';
import type { HPAScalingRules } from '../../../../src/control/api/gen/autoscaling-v2.js';
import {
  fullBehavior,
  normalize,
  normalizeByRules,
  type Past,
} from '../../../../src/control/controllers/horizontal-pod-autoscaler/behavior.js';
import { History } from '../../../../src/control/controllers/horizontal-pod-autoscaler/history.js';

const nowMs = 1_000_000_000;
const past = (
  of: {
    recommended?: readonly [replicas: number, secondsAgo: number][];
    ups?: readonly [number, number][];
    downs?: readonly [number, number][];
  } = {},
): Past => {
  const list = (entries: readonly (readonly [number, number])[] = []) =>
    entries.map(([replicas, ago]) => ({ replicas, atMs: nowMs - ago * 1000 }));
  return { recommendations: list(of.recommended), ups: list(of.ups), downs: list(of.downs) };
};
const wish = (
  currentReplicas: number,
  desiredReplicas: number,
  minReplicas = 1,
  maxReplicas = 100,
) => ({
  ...{ currentReplicas, desiredReplicas, minReplicas, maxReplicas, nowMs },
});

const plain: readonly (readonly [
  name: string,
  current: number,
  desired: number,
  min: number,
  max: number,
  past: Past,
  expected: readonly [number, string, number, string],
])[] = [
  ['as wished', 3, 5, 1, 10, past(), [5, 'ReadyForNewScale', 5, 'DesiredWithinRange']],
  ['twice at most', 3, 9, 1, 10, past(), [9, 'ReadyForNewScale', 6, 'ScaleUpLimit']],
  ['four are always possible', 1, 9, 1, 10, past(), [9, 'ReadyForNewScale', 4, 'ScaleUpLimit']],
  ['the maximum', 8, 12, 1, 10, past(), [12, 'ReadyForNewScale', 10, 'TooManyReplicas']],
  ['the minimum', 8, 1, 2, 10, past(), [1, 'ReadyForNewScale', 2, 'TooFewReplicas']],
  [
    'not below what was recommended lately',
    8,
    2,
    1,
    10,
    past({
      recommended: [
        [6, 100],
        [9, 400],
      ],
    }),
    [6, 'ScaleDownStabilized', 6, 'DesiredWithinRange'],
  ],
];

for (const [name, current, desired, min, max, before, expected] of plain) {
  t.test(`normalize: ${name}`, async (t) => {
    const { stable, bounded } = normalize(wish(current, desired, min, max), before, 300_000);
    t.same([stable.replicas, stable.reason, bounded.replicas, bounded.reason], expected);
  });
}

const pods = (value: number, periodSeconds: number) => ({ type: 'Pods', value, periodSeconds });
const percent = (value: number, periodSeconds: number) => ({
  type: 'Percent',
  value,
  periodSeconds,
});

const ruled: readonly (readonly [
  name: string,
  wish: ReturnType<typeof wish>,
  rules: { scaleUp?: HPAScalingRules; scaleDown?: HPAScalingRules },
  past: Past,
  expected: readonly [number, string, number, string],
])[] = [
  [
    'defaults allow four or twice',
    wish(3, 50),
    {},
    past(),
    [50, 'ReadyForNewScale', 7, 'ScaleUpLimit'],
  ],
  [
    'defaults allow everything down, after a while',
    wish(10, 1),
    {},
    past({ recommended: [[5, 10]] }),
    [5, 'ScaleDownStabilized', 5, 'DesiredWithinRange'],
  ],
  [
    'a number of pods up',
    wish(10, 50),
    { scaleUp: { policies: [pods(2, 60)] } },
    past(),
    [50, 'ReadyForNewScale', 12, 'ScaleUpLimit'],
  ],
  [
    'a number of pods up, of which some are used',
    wish(11, 50),
    { scaleUp: { policies: [pods(2, 60)] } },
    past({
      ups: [
        [1, 30],
        [7, 90],
      ],
    }),
    [50, 'ReadyForNewScale', 12, 'ScaleUpLimit'],
  ],
  [
    'the least of policies',
    wish(10, 50),
    { scaleUp: { selectPolicy: 'Min', policies: [pods(2, 60), percent(50, 60)] } },
    past(),
    [50, 'ReadyForNewScale', 12, 'ScaleUpLimit'],
  ],
  [
    'not up at all',
    wish(10, 50),
    { scaleUp: { selectPolicy: 'Disabled' } },
    past(),
    [50, 'ReadyForNewScale', 10, 'ScaleUpLimit'],
  ],
  [
    'a number of pods down',
    wish(10, 1),
    { scaleDown: { stabilizationWindowSeconds: 0, policies: [pods(3, 60)] } },
    past(),
    [1, 'ReadyForNewScale', 7, 'ScaleDownLimit'],
  ],
  [
    'a share down, of what there was',
    wish(8, 1),
    { scaleDown: { stabilizationWindowSeconds: 0, policies: [percent(50, 60)] } },
    past({ downs: [[2, 30]] }),
    [1, 'ReadyForNewScale', 5, 'ScaleDownLimit'],
  ],
  [
    'the least change down',
    wish(10, 1),
    {
      scaleDown: {
        stabilizationWindowSeconds: 0,
        selectPolicy: 'Min',
        policies: [pods(3, 60), percent(50, 60)],
      },
    },
    past(),
    [1, 'ReadyForNewScale', 7, 'ScaleDownLimit'],
  ],
  [
    'not down at all',
    wish(10, 1),
    { scaleDown: { stabilizationWindowSeconds: 0, selectPolicy: 'Disabled' } },
    past(),
    [1, 'ReadyForNewScale', 10, 'ScaleDownLimit'],
  ],
  [
    'a window up takes the least',
    wish(3, 9),
    { scaleUp: { stabilizationWindowSeconds: 60 } },
    past({
      recommended: [
        [5, 30],
        [4, 90],
      ],
    }),
    [5, 'ScaleUpStabilized', 5, 'DesiredWithinRange'],
  ],
  [
    'a window up does not take down',
    wish(6, 9),
    { scaleUp: { stabilizationWindowSeconds: 60 } },
    past({ recommended: [[2, 30]] }),
    [6, 'ScaleUpStabilized', 6, 'DesiredWithinRange'],
  ],
  [
    'the minimum below rules',
    wish(10, 1, 8),
    { scaleDown: { stabilizationWindowSeconds: 0 } },
    past(),
    [1, 'ReadyForNewScale', 8, 'TooFewReplicas'],
  ],
  [
    'the maximum below rules',
    wish(10, 50, 1, 11),
    {},
    past(),
    [50, 'ReadyForNewScale', 11, 'TooManyReplicas'],
  ],
];

for (const [name, wished, rules, before, expected] of ruled) {
  t.test(`normalizeByRules: ${name}`, async (t) => {
    const { stable, bounded } = normalizeByRules(wished, before, fullBehavior(rules, 300_000));
    t.same([stable.replicas, stable.reason, bounded.replicas, bounded.reason], expected);
  });
}

t.test('History forgets what nobody looks at any more', async (t) => {
  const history = new History();
  history.begin(3, 0);
  history.begin(5, 1);
  t.same(history.recommendations, [{ replicas: 3, atMs: 0 }]);
  history.recommend(4, 10_000, 60_000);
  history.recommend(6, 65_000, 60_000);
  t.same(
    history.recommendations.map(({ replicas }) => replicas),
    [4, 6],
  );
  const full = fullBehavior({}, 0);
  history.change(3, 5, 0, full);
  history.change(5, 4, 10_000, full);
  t.same(
    [history.ups, history.downs],
    [[{ replicas: 2, atMs: 0 }], [{ replicas: 1, atMs: 10_000 }]],
  );
  history.change(4, 6, 20_000, full);
  t.same(history.ups, [{ replicas: 2, atMs: 20_000 }]);
});
