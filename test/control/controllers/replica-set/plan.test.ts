import t from 'tap';
import { countReadiness } from '../../../../src/control/controllers/pods/index.js';
import { planReplicas } from '../../../../src/control/controllers/replica-set/plan.js';
import { replicationStatus } from '../../../../src/control/controllers/replica-set/status.js';
import { labelSelectorOf } from '../../../../src/control/machinery/label-selector.js';
import { ago, nowMs, podSample } from '../pods/samples.js';

t.test('planReplicas: makes what lacks and deletes what is too much, in bursts', (t) => {
  const rows = [
    { replicas: 0, has: 0, create: 0, remove: 0 },
    { replicas: 3, has: 0, create: 3, remove: 0 },
    { replicas: 3, has: 3, create: 0, remove: 0 },
    { replicas: 3, has: 5, create: 0, remove: 2 },
    { replicas: 0, has: 5, create: 0, remove: 5 },
    { replicas: 100, has: 1, create: 10, remove: 0 },
    { replicas: 1, has: 100, create: 0, remove: 10 },
  ];
  for (const { replicas, has, create, remove } of rows) {
    const pods = Array.from({ length: has }, (_, at) => podSample(`p${at}`));
    const plan = planReplicas({ replicas, pods, relatedPods: () => pods, nowMs, burst: 10 });
    t.strictSame(
      [plan.create, plan.remove.length],
      [create, remove],
      JSON.stringify({ replicas, has }),
    );
  }
  t.end();
});

t.test('planReplicas: pods of related sets count for what shares a node', (t) => {
  const pods = [podSample('a', { node: 'n1' }), podSample('b', { node: 'n2' })];
  const related = [...pods, podSample('c', { node: 'n2' })];
  const plan = planReplicas({ replicas: 1, pods, relatedPods: () => related, nowMs, burst: 10 });
  t.strictSame(
    plan.remove.map(({ metadata }) => metadata.name),
    ['b'],
  );
  t.end();
});

t.test('replicationStatus: counts, failures, and nothing when nothing is new', (t) => {
  const replication = {
    replicas: 3,
    minReadySeconds: 30,
    selector: labelSelectorOf({ matchLabels: { app: 'web' } }),
    template: { metadata: { labels: { app: 'web', tier: 'front' } } },
  };
  const pods = [
    podSample('a', { labels: { app: 'web', tier: 'front' } }),
    podSample('b', { readyFor: 10 }),
    podSample('c', { readyFor: null }),
  ];
  const facts = {
    ...{ replication, pods, nowMs, terminating: 2, generation: 7, failure: null },
    readiness: countReadiness(pods, 30, nowMs),
  };
  const status = replicationStatus(undefined, facts);
  t.strictSame(status, {
    replicas: 3,
    fullyLabeledReplicas: 1,
    readyReplicas: 2,
    availableReplicas: 1,
    terminatingReplicas: 2,
    observedGeneration: 7,
  });
  t.equal(replicationStatus(status, facts), status);
  t.not(replicationStatus(status, { ...facts, generation: 8 }), status);
  const failed = replicationStatus(status, { ...facts, pods: [], failure: 'quota' });
  t.strictSame(failed.conditions, [
    {
      type: 'ReplicaFailure',
      status: 'True',
      lastTransitionTime: ago(0),
      reason: 'FailedCreate',
      message: 'quota',
    },
  ]);
  const again = replicationStatus(failed, { ...facts, pods: [], failure: 'another' });
  t.equal(again, failed, 'the first failure stays until there is none');
  t.equal(replicationStatus(failed, facts).conditions, undefined);
  const surplus = { ...facts, replication: { ...replication, replicas: 1 }, failure: 'no' };
  t.equal(replicationStatus(status, surplus).conditions?.[0]?.reason, 'FailedDelete');
  t.end();
});
