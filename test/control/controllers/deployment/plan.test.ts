import t from 'tap';
import type { Deployment, ReplicaSet } from '../../../../src/control/api/gen/apps-v1.js';
import { boundsOf } from '../../../../src/control/controllers/deployment/bounds.js';
import { ago } from '../pods/samples.js';
import { deploymentSample, planOf, progress, setSample, sizesAfter } from './samples.js';

t.test('boundsOf: shares are rounded so that a rollout can begin', (t) => {
  const rows = [
    [10, '25%', '25%', 3, 2],
    [1, '25%', '25%', 1, 0],
    [4, 0, '25%', 0, 1],
    [3, 0, '25%', 0, 1],
    [3, '0%', '0%', 0, 1],
    [0, '25%', '25%', 0, 0],
    [2, 0, 5, 0, 2],
    [10, '100%', 0, 10, 0],
  ] as const;
  for (const [replicas, maxSurge, maxUnavailable, surge, unavailable] of rows) {
    const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } };
    const bounds = boundsOf(deploymentSample({ replicas, strategy }));
    t.strictSame(
      [bounds.surge, bounds.unavailable],
      [surge, unavailable],
      `${replicas}, ${maxSurge}, ${maxUnavailable}`,
    );
  }
  t.end();
});

/** The sizes that ReplicaSets get: of a Deployment with 10 replicas, a surge of 3 and 2 that may lack, of version 2. */
const rolling: readonly (readonly [why: string, sets: ReplicaSet[], sizes: object])[] = [
  ['at first it is made in full', [], { new: 10 }],
  [
    'beside a former one it is made as large as the surge',
    [setSample(1, { replicas: 10 })],
    { new: 3 },
  ],
  ['nothing to do', [setSample(2, { replicas: 10 })], {}],
  [
    'it grows by what has gone',
    [setSample(1, { replicas: 8 }), setSample(2, { replicas: 3 })],
    { 2: 5 },
  ],
  [
    'not before the others have deleted their pods',
    [setSample(1, { replicas: 8, pods: 10 }), setSample(2, { replicas: 3 })],
    { 1: 5 },
  ],
  [
    'nothing while the controller of another has not seen its size',
    [setSample(1, { replicas: 8, isObserved: false }), setSample(2, { replicas: 3 })],
    {},
  ],
  [
    'former ones shrink to what may lack',
    [setSample(1, { replicas: 10 }), setSample(2, { replicas: 3, available: 0 })],
    { 1: 8 },
  ],
  [
    'and by what is available of the current one',
    [setSample(1, { replicas: 8 }), setSample(2, { replicas: 5, available: 3 })],
    { 1: 5 },
  ],
  [
    'not while too many lack',
    [setSample(1, { replicas: 8 }), setSample(2, { replicas: 5, available: 0 })],
    {},
  ],
  [
    'pods of former ones that are not available go first, of the oldest first',
    [
      setSample(0, { replicas: 4, available: 1 }),
      setSample(1, { replicas: 6, available: 5 }),
      setSample(2, { replicas: 3, available: 3 }),
    ],
    { 0: 0, 1: 5 },
  ],
  ['a current one that is too large shrinks', [setSample(2, { replicas: 12 })], { 2: 10 }],
  [
    'of two of the current template the older one is it',
    [
      setSample(2, { replicas: 10 }),
      { ...setSample(3, { replicas: 3 }), spec: { ...setSample(2, { replicas: 3 }).spec } },
    ],
    { 3: 0 },
  ],
];

t.test('planDeployment: rolling updates, step by step', (t) => {
  for (const [why, sets, sizes] of rolling) {
    t.strictSame(sizesAfter(planOf(deploymentSample(), sets)), sizes, why);
  }
  t.end();
});

t.test('planDeployment: Recreate makes new pods when the old ones have ended', (t) => {
  const deployment = deploymentSample({ strategy: { type: 'Recreate' } });
  const sets = { max: 10 };
  const rows: readonly (readonly [string, ReplicaSet[], boolean, object])[] = [
    ['at first', [], false, { new: 10 }],
    ['the former go', [setSample(1, { replicas: 10, ...sets })], true, { 1: 0 }],
    ['pods end', [setSample(1, { replicas: 0, pods: 3, ...sets })], true, {}],
    ['pods end that are listed still', [setSample(1, { replicas: 0, ...sets })], true, {}],
    ['pods that are not listed yet', [setSample(1, { replicas: 0, pods: 1, ...sets })], false, {}],
    ['not seen yet', [setSample(1, { replicas: 0, isObserved: false, ...sets })], false, {}],
    ['all have ended', [setSample(1, { replicas: 0, ...sets })], false, { new: 10 }],
    [
      'one that was there before',
      [setSample(1, { replicas: 0, ...sets }), setSample(2, { replicas: 0, ...sets })],
      false,
      { 2: 10 },
    ],
  ];
  for (const [why, all, hasPods, sizes] of rows) {
    const plan = planOf(deployment, all, {
      hasRunningPods: ({ metadata }) => hasPods && metadata.name === 'web-1',
    });
    t.strictSame(sizesAfter(plan), sizes, why);
  }
  t.end();
});

t.test('planDeployment: scaling keeps the proportions of a rollout', (t) => {
  const strategy = (maxSurge: number, maxUnavailable: number) => ({
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
  });
  const rows: readonly (readonly [string, Deployment, ReplicaSet[], object])[] = [
    [
      'only the current one',
      deploymentSample({ replicas: 12 }),
      [setSample(2, { replicas: 10 })],
      { 2: 12 },
    ],
    [
      'only a former one',
      deploymentSample({ replicas: 12 }),
      [setSample(1, { replicas: 10 })],
      { 1: 12 },
    ],
    [
      'both grow, and the larger gets what is left',
      deploymentSample({ replicas: 15, ...strategy(3, 2) }),
      [setSample(1, { replicas: 8 }), setSample(2, { replicas: 5 })],
      { 1: 11, 2: 7 },
    ],
    [
      'both shrink',
      deploymentSample({ replicas: 5, ...strategy(3, 2) }),
      [setSample(1, { replicas: 8 }), setSample(2, { replicas: 5 })],
      { 1: 5, 2: 3 },
    ],
    [
      'to nothing',
      deploymentSample({ replicas: 0 }),
      [setSample(1, { replicas: 8 }), setSample(2, { replicas: 5 })],
      { 1: 0, 2: 0 },
    ],
    [
      'a single step up goes to the newest of equals',
      deploymentSample({ replicas: 11, ...strategy(0, 1) }),
      [setSample(1, { replicas: 5, max: 10 }), setSample(2, { replicas: 5, max: 10 })],
      { 2: 6 },
    ],
    [
      'a current one that is complete needs no former ones',
      deploymentSample({ replicas: 10 }),
      [setSample(1, { replicas: 3, desired: 9 }), setSample(2, { replicas: 10 })],
      { 1: 0 },
    ],
  ];
  for (const [why, deployment, sets, sizes] of rows) {
    const plan = planOf(deployment, sets);
    t.strictSame(sizesAfter(plan), sizes, why);
    t.ok(!plan.changes.some(({ before }) => before === null), 'and nothing is made');
  }
  t.end();
});

t.test('planDeployment: a paused one is scaled and goes no further', (t) => {
  const paused = deploymentSample({ replicas: 12, paused: true });
  const plan = planOf(paused, [setSample(1, { replicas: 10 })]);
  t.strictSame(sizesAfter(plan), { 1: 12 });
  t.match(plan.status.conditions?.[0], {
    type: 'Progressing',
    status: 'Unknown',
    reason: 'DeploymentPaused',
    message: 'Deployment is paused',
  });
  const resumed = deploymentSample(
    {},
    { replicas: 10, updatedReplicas: 10, conditions: [progress('DeploymentPaused')] },
  );
  const conditions = planOf(resumed, [setSample(2, { replicas: 10, available: 0 })]).status
    .conditions;
  t.match(
    conditions?.find(({ type }) => type === 'Progressing'),
    { status: 'Unknown', reason: 'DeploymentResumed' },
  );
  t.end();
});

t.test('planDeployment: revisions and what a ReplicaSet takes over', (t) => {
  const deployment = deploymentSample();
  deployment.metadata.annotations = {
    team: 'blue',
    'deployment.kubernetes.io/revision': '4',
    'kubectl.kubernetes.io/last-applied-configuration': '{}',
  };
  const rows = [
    [
      'a new one',
      [setSample(1, { replicas: 0, revision: 4 })],
      { revision: '5', history: undefined },
    ],
    [
      'one that is gone back to',
      [setSample(2, { replicas: 0, revision: 2 }), setSample(3, { replicas: 10, revision: 4 })],
      { revision: '5', history: '2' },
    ],
    [
      'again and again',
      [
        setSample(2, {
          ...{ replicas: 0, revision: 3 },
          annotations: { 'deployment.kubernetes.io/revision-history': '1' },
        }),
        setSample(3, { replicas: 10, revision: 4 }),
      ],
      { revision: '5', history: '1,3' },
    ],
    [
      'the present one',
      [setSample(2, { replicas: 9, revision: 4 })],
      { revision: '4', history: undefined },
    ],
  ] as const;
  for (const [why, sets, { revision, history }] of rows) {
    const plan = planOf(deployment, sets);
    const current = plan.changes.find(
      ({ after }) => after.spec?.template?.spec?.containers?.[0]?.image === 'web:2',
    );
    const annotations = current?.after.metadata.annotations ?? {};
    t.equal(annotations['deployment.kubernetes.io/revision'], revision, why);
    t.equal(annotations['deployment.kubernetes.io/revision-history'], history, why);
    t.equal(annotations.team, 'blue');
    t.equal(annotations['kubectl.kubernetes.io/last-applied-configuration'], undefined);
    t.equal(plan.revision, revision === '4' ? null : revision, why);
  }
  t.end();
});

t.test('planDeployment: how a rollout goes is told, and when to look again', (t) => {
  const told = {
    ...{ replicas: 10, updatedReplicas: 3, readyReplicas: 9, availableReplicas: 9 },
    observedGeneration: 3,
  };
  const updating = (available: number) => [
    setSample(1, { replicas: 7 }),
    setSample(2, { replicas: 3, available }),
  ];
  const rows: readonly (readonly [string, Deployment, ReplicaSet[], object, number | null])[] = [
    [
      'further',
      deploymentSample({}, { ...told, conditions: [progress('NewReplicaSetCreated')] }),
      updating(3),
      {
        status: 'True',
        reason: 'ReplicaSetUpdated',
        lastUpdateTime: ago(0),
        lastTransitionTime: ago(10),
      },
      601_000,
    ],
    [
      'no further',
      deploymentSample({}, { ...told, conditions: [progress('ReplicaSetUpdated')] }),
      updating(2),
      { status: 'True', reason: 'ReplicaSetUpdated', lastUpdateTime: ago(10) },
      591_000,
    ],
    [
      'too late',
      deploymentSample(
        {},
        { ...told, conditions: [progress('ReplicaSetUpdated', { seconds: 601 })] },
      ),
      updating(2),
      {
        status: 'False',
        reason: 'ProgressDeadlineExceeded',
        message: 'ReplicaSet "web-2" has timed out progressing.',
      },
      null,
    ],
    [
      'further after all',
      deploymentSample(
        {},
        { ...told, conditions: [progress('ProgressDeadlineExceeded', { status: 'False' })] },
      ),
      updating(3),
      { status: 'True', reason: 'ReplicaSetUpdated', lastTransitionTime: ago(0) },
      601_000,
    ],
    [
      'complete',
      deploymentSample({}, { ...told, conditions: [progress('ReplicaSetUpdated')] }),
      [setSample(2, { replicas: 10 })],
      {
        status: 'True',
        reason: 'NewReplicaSetAvailable',
        message: 'ReplicaSet "web-2" has successfully progressed.',
        lastTransitionTime: ago(10),
      },
      null,
    ],
    [
      'complete once, and pods fail later',
      deploymentSample(
        {},
        { ...told, conditions: [progress('NewReplicaSetAvailable', { seconds: 9999 })] },
      ),
      [setSample(2, { replicas: 10, available: 3 })],
      { status: 'True', reason: 'NewReplicaSetAvailable', lastUpdateTime: ago(9999) },
      null,
    ],
    [
      'found when nothing was told yet',
      deploymentSample({}, told),
      [setSample(2, { replicas: 10, available: 9 })],
      { status: 'True', reason: 'ReplicaSetUpdated' },
      601_000,
    ],
    [
      'made now',
      deploymentSample({}, {}),
      [],
      {
        status: 'True',
        reason: 'NewReplicaSetCreated',
        message: /^Created new replica set "web-\w+"$/,
      },
      601_000,
    ],
  ];
  for (const [why, deployment, sets, condition, wakeInMs] of rows) {
    const { status, wakeInMs: found } = planOf(deployment, sets);
    t.match(
      status.conditions?.find(({ type }) => type === 'Progressing'),
      condition,
      why,
    );
    t.equal(found, wakeInMs, why);
  }
  const careless = deploymentSample(
    { progressDeadlineSeconds: 2 ** 31 - 1 },
    { conditions: [progress('ReplicaSetUpdated')] },
  );
  const { conditions } = planOf(careless, updating(1)).status;
  t.notOk(
    conditions?.some(({ type }) => type === 'Progressing'),
    'without a deadline nothing is told',
  );
  t.end();
});

t.test('planDeployment: what the status counts', (t) => {
  const failure = {
    ...{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'quota' },
    lastTransitionTime: ago(5),
  };
  const sets = [
    setSample(1, { replicas: 7, conditions: [{ ...failure, message: 'other' }] }),
    setSample(2, { replicas: 3, available: 0, conditions: [failure] }),
  ];
  const { status } = planOf(deploymentSample(), sets);
  t.match(status, {
    ...{ observedGeneration: 3, replicas: 10, updatedReplicas: 3 },
    ...{ readyReplicas: 7, availableReplicas: 7, terminatingReplicas: 0 },
  });
  const told = Object.fromEntries((status.conditions ?? []).map((each) => [each.type, each]));
  t.match(told.Available, { status: 'False', reason: 'MinimumReplicasUnavailable' });
  t.match(told.ReplicaFailure, { message: 'quota', lastUpdateTime: ago(5) });
  t.end();
});

t.test('planDeployment: former ReplicaSets go beyond the limit', (t) => {
  const complete = {
    ...{ replicas: 10, updatedReplicas: 10, availableReplicas: 10, observedGeneration: 3 },
    conditions: [progress('NewReplicaSetAvailable')],
  };
  const current = setSample(2, { replicas: 10, revision: 9 });
  const idle = (version: number, revision: number, sample = {}) =>
    setSample(version, { replicas: 0, revision, ...sample });
  const rows: readonly (readonly [string, number | undefined, ReplicaSet[], string[]])[] = [
    ['none beyond', 2, [idle(3, 1), idle(4, 2)], []],
    ['the lowest revision', 1, [idle(3, 2), idle(4, 1)], ['web-4']],
    ['all', 0, [idle(3, 2), idle(4, 1)], ['web-4', 'web-3']],
    ['not one with pods', 0, [idle(3, 1, { pods: 1 })], []],
    ['not one that is not seen', 0, [idle(3, 1, { isObserved: false })], []],
    ['never', 2 ** 31 - 1, [idle(3, 1)], []],
  ];
  for (const [why, limit, sets, names] of rows) {
    const spec = limit === undefined ? {} : { revisionHistoryLimit: limit };
    const { deletions } = planOf(deploymentSample(spec, complete), [...sets, current]);
    t.strictSame(
      deletions.map(({ metadata }) => metadata.name),
      names,
      why,
    );
  }
  const rollingOut = planOf(deploymentSample({ revisionHistoryLimit: 0 }), [idle(3, 1), current]);
  t.strictSame(rollingOut.deletions, [], 'not in the middle of a rollout');
  t.end();
});

t.test('planDeployment: one that is being deleted tells its status alone', (t) => {
  const deployment = deploymentSample();
  deployment.metadata.deletionTimestamp = ago(1);
  const plan = planOf(deployment, [setSample(1, { replicas: 10 })]);
  t.strictSame(plan.changes, []);
  t.equal(plan.status.replicas, 10);
  t.end();
});
