import t from 'tap';
import {
  canonicalTemplate,
  countReadiness,
  inDeletionOrder,
  intOrPercent,
  planClaims,
  podFromTemplate,
  sameStatus,
  slowStart,
  templateHash,
  withCondition,
  withPodsOnNode,
} from '../../../../src/control/controllers/pods/index.js';
import { ago, nowMs, type PodSample, podSample } from './samples.js';

t.test('inDeletionOrder: what does least goes first', (t) => {
  const rows: readonly (readonly [why: string, first: PodSample, second: PodSample])[] = [
    ['on no node', { node: '' }, {}],
    ['pending', { phase: 'Pending' }, {}],
    ['pending before unknown', { phase: 'Pending' }, { phase: 'Unknown' }],
    ['unknown before running', { phase: 'Unknown' }, { phase: 'Running' }],
    ['not ready', { readyFor: null }, {}],
    ['on no node before pending', { node: '', phase: 'Running' }, { phase: 'Pending' }],
    ['cheaper', { cost: '-1' }, {}],
    ['cheaper, both stated', { cost: '5' }, { cost: '10' }],
    ['a cost that is no number is none', { cost: 'much', readyFor: 1 }, { readyFor: 1000 }],
    ['a cost beyond 32 bits is none', { cost: '-3000000000', readyFor: 1 }, { readyFor: 1000 }],
    ['a cost with a plus sign is none', { cost: '+5', readyFor: 1 }, { readyFor: 1000 }],
    ['ready for a shorter time', { readyFor: 10 }, { readyFor: 1000 }],
    ['often restarted', { restarts: 3 }, { restarts: 1 }],
    ['younger', { age: 10 }, { age: 1000 }],
    ['cost before restarts', { cost: '1', restarts: 0 }, { cost: '2', restarts: 9 }],
    ['not ready before cost', { readyFor: null, cost: '9' }, { cost: '1' }],
  ];
  for (const [why, first, second] of rows) {
    for (const isTurned of [false, true]) {
      // Whatever the UIDs say, and in whatever order they come.
      const pods = [
        podSample(isTurned ? 'b' : 'a', first),
        podSample(isTurned ? 'a' : 'b', second),
      ];
      const ranked = withPodsOnNode(isTurned ? [...pods].reverse() : pods, pods);
      t.equal(inDeletionOrder(ranked, nowMs)[0]?.metadata.name, pods[0]?.metadata.name, why);
    }
  }
  t.end();
});

t.test('inDeletionOrder: of nodes with several pods, one goes first', (t) => {
  const pods = [
    podSample('a', { node: 'n1' }),
    podSample('b', { node: 'n2' }),
    podSample('c', { node: 'n2' }),
  ];
  const order = inDeletionOrder(withPodsOnNode(pods, pods), nowMs);
  t.equal(order[2]?.metadata.name, 'a');
  t.end();
});

t.test('inDeletionOrder: among pods of about the same age the UID decides', (t) => {
  const pods = [podSample('b', { readyFor: 1000 }), podSample('a', { readyFor: 1010 })];
  const order = inDeletionOrder(withPodsOnNode(pods, pods), nowMs);
  t.strictSame(
    order.map(({ metadata }) => metadata.name),
    ['a', 'b'],
  );
  t.end();
});

t.test('planClaims: what an owner has, takes and gives up', (t) => {
  const owner = { metadata: { name: 'o', namespace: 'default', uid: 'o' } };
  const going = { metadata: { ...owner.metadata, deletionTimestamp: ago(1) } };
  const other = { labels: { app: 'other' } };
  const elsewhere = podSample('p');
  elsewhere.metadata.namespace = 'elsewhere';
  const rows = [
    ['its own', owner, podSample('p', { owner: 'o' }), 'owned'],
    ['its own that is going', owner, podSample('p', { owner: 'o', isGoing: true }), 'owned'],
    ['its own that it does not select', owner, podSample('p', { owner: 'o', ...other }), 'release'],
    ['nobody’s', owner, podSample('p'), 'adopt'],
    ['nobody’s that it does not select', owner, podSample('p', other), 'none'],
    ['nobody’s that is going', owner, podSample('p', { isGoing: true }), 'none'],
    ['nobody’s of another namespace', owner, elsewhere, 'none'],
    ['another’s', owner, podSample('p', { owner: 'x' }), 'none'],
    ['going, its own', going, podSample('p', { owner: 'o' }), 'owned'],
    ['going, not selected', going, podSample('p', { owner: 'o', ...other }), 'none'],
    ['going, nobody’s', going, podSample('p'), 'none'],
  ] as const;
  for (const [why, who, pod, list] of rows) {
    const claims = planClaims({
      owner: who,
      candidates: [pod],
      matches: ({ metadata }) => metadata.labels?.app === 'web',
    });
    const found = Object.entries(claims).find(([, pods]) => pods.length > 0)?.[0] ?? 'none';
    t.equal(found, list, why);
  }
  t.end();
});

t.test('slowStart: 1, 2, 4 and so on, until one fails', async (t) => {
  const rows = [
    { count: 0, failing: [], sizes: [], succeeded: 0 },
    { count: 1, failing: [], sizes: [1], succeeded: 1 },
    { count: 10, failing: [], sizes: [1, 2, 4, 3], succeeded: 10 },
    { count: 10, failing: [0], sizes: [1], succeeded: 0 },
    { count: 10, failing: [1], sizes: [1, 2], succeeded: 2 },
    { count: 10, failing: [3, 5], sizes: [1, 2, 4], succeeded: 5 },
  ];
  for (const { count, failing, sizes, succeeded } of rows) {
    const seen: number[] = [];
    let current = 0;
    const result = await slowStart(count, async (index) => {
      if (current === 0) queueMicrotask(() => {});
      current++;
      await Promise.resolve();
      if (current > 0) {
        seen.push(current);
        current = 0;
      }
      if (failing.includes(index)) throw new Error(String(index));
    });
    t.strictSame(seen, sizes);
    t.equal(result.succeeded, succeeded);
    t.equal((result.error as Error | null)?.message, failing[0]?.toString());
  }
});

t.test('templateHash: equal templates and no others', (t) => {
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'x' }] } };
  const same = [
    { spec: { containers: [{ name: 'x' }] }, metadata: { labels: { a: 'b' } } },
    { ...template, metadata: { labels: { a: 'b' }, annotations: {} } },
    { ...template, spec: { ...template.spec, volumes: [] } },
    { ...template, metadata: { ...template.metadata, creationTimestamp: null } },
  ];
  const others = [
    { ...template, metadata: { labels: { a: 'c' } } },
    { ...template, spec: { containers: [{ name: 'y' }] } },
    { ...template, spec: { ...template.spec, affinity: { podAffinity: { labelSelector: {} } } } },
    { ...template, spec: { ...template.spec, affinity: { podAffinity: {} } } },
  ];
  const hash = templateHash(template);
  t.match(hash, /^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
  for (const each of same) t.equal(templateHash(each), hash);
  t.equal(new Set([template, ...others].map((each) => templateHash(each))).size, 5);
  t.equal(new Set([0, 1, 2, 10].map((count) => templateHash(template, count))).size, 4);
  t.not(canonicalTemplate({ a: { b: 'c' } }), canonicalTemplate({ a: {}, b: 'c' }));
  t.end();
});

t.test('countReadiness: and when the next becomes available', (t) => {
  const pods = [
    podSample('a', { readyFor: 100 }),
    podSample('b', { readyFor: 20 }),
    podSample('c', { readyFor: 5 }),
    podSample('d', { readyFor: null }),
  ];
  const rows = [
    [0, { ready: 3, available: 3, nextAvailableInMs: null }],
    [20, { ready: 3, available: 2, nextAvailableInMs: 15_000 }],
    [30, { ready: 3, available: 1, nextAvailableInMs: 10_000 }],
    [200, { ready: 3, available: 0, nextAvailableInMs: 100_000 }],
  ] as const;
  for (const [seconds, counts] of rows) t.strictSame(countReadiness(pods, seconds, nowMs), counts);
  t.end();
});

t.test('intOrPercent: shares are rounded as asked', (t) => {
  const rows = [
    [3, 10, 'up', 3],
    ['25%', 10, 'up', 3],
    ['25%', 10, 'down', 2],
    ['7%', 100, 'up', 7],
    ['100%', 7, 'down', 7],
    ['0%', 7, 'up', 0],
    [undefined, 7, 'up', 0],
    ['many', 7, 'up', 0],
  ] as const;
  for (const [value, total, round, result] of rows) {
    t.equal(intOrPercent(value, total, round), result, `${value} of ${total}, ${round}`);
  }
  t.end();
});

t.test('withCondition: a condition keeps its time while its status stays', (t) => {
  const old = { type: 'A', status: 'True', reason: 'X', lastTransitionTime: ago(9) };
  const now = { ...old, lastTransitionTime: ago(0) };
  t.strictSame(withCondition([old], now), [old]);
  t.strictSame(withCondition([old], { ...now, reason: 'Y' }), [{ ...old, reason: 'Y' }]);
  t.strictSame(withCondition([old], { ...now, status: 'False' }), [{ ...now, status: 'False' }]);
  t.strictSame(withCondition([old], { ...now, type: 'B' }), [old, { ...now, type: 'B' }]);
  t.end();
});

t.test('sameStatus: what is nothing is as what is absent', (t) => {
  t.ok(sameStatus({ replicas: 0, conditions: [] }, undefined));
  t.ok(sameStatus({ replicas: 1 }, { replicas: 1, readyReplicas: 0 }));
  t.notOk(sameStatus({ replicas: 1 }, { replicas: 2 }));
  t.notOk(sameStatus({ conditions: [{ type: 'A' }] }, {}));
  t.end();
});

t.test('podFromTemplate: takes the template over and names its owner', (t) => {
  const template = {
    metadata: { labels: { a: 'b' }, annotations: { c: 'd' }, finalizers: ['e/f'], name: 'no' },
    spec: { containers: [{ name: 'x' }] },
  };
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'web', namespace: 'ns', uid: 'u' },
  };
  const pod = podFromTemplate(template, owner);
  t.strictSame(pod.metadata, {
    namespace: 'ns',
    generateName: 'web-',
    labels: { a: 'b' },
    annotations: { c: 'd' },
    finalizers: ['e/f'],
    ownerReferences: [
      {
        ...{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'u' },
        ...{ controller: true, blockOwnerDeletion: true },
      },
    ],
  });
  t.not(pod.spec, template.spec);
  t.strictSame(pod.spec, template.spec);
  t.throws(() => podFromTemplate(template, { metadata: { name: 'web' } }));
  t.end();
});
