import t from 'tap';
import type { Pod, ResourceRequirements } from '../../../../src/control/api/gen/core-v1.js';
import {
  hasSameResources,
  needsRestart,
  parseAllocation,
  wantedAllocation,
  withAllocation,
} from '../../../../src/control/kubelet/resize/allocation.js';
import { judgeResize } from '../../../../src/control/kubelet/resize/judge-resize.js';

const one: ResourceRequirements = { requests: { cpu: '1', memory: '64Mi' } };

t.test('hasSameResources: how amounts are written does not matter', async (t) => {
  const rows: readonly [ResourceRequirements, ResourceRequirements, boolean][] = [
    [one, { requests: { cpu: '1000m', memory: '65536Ki' } }, true],
    [one, { requests: { cpu: '1' } }, false],
    [one, { ...one, limits: { cpu: '2' } }, false],
    [one, { requests: { cpu: '1', memory: '65Mi' } }, false],
    [{}, { limits: {}, requests: {} }, true],
  ];
  for (const [a, b, isSame] of rows) {
    t.equal(hasSameResources(a, b), isSame, `${JSON.stringify(a)} ${JSON.stringify(b)}`);
    t.equal(hasSameResources(b, a), isSame);
  }
});

t.test('needsRestart: only for what changes, and only where the policy says so', async (t) => {
  const policy = (resourceName: string) => [{ resourceName, restartPolicy: 'RestartContainer' }];
  const rows: readonly [string, ResourceRequirements, boolean][] = [
    ['memory', { requests: { cpu: '2', memory: '64Mi' } }, false],
    ['memory', { requests: { cpu: '1', memory: '32Mi' } }, true],
    ['memory', { ...one, limits: { memory: '128Mi' } }, true],
    ['cpu', { requests: { cpu: '2', memory: '64Mi' } }, true],
  ];
  for (const [name, actual, isNeeded] of rows) {
    t.equal(needsRestart({ resources: one, resizePolicy: policy(name) }, actual), isNeeded);
    t.notOk(needsRestart({ resources: one }, actual), 'without a policy never');
  }
});

t.test(
  'withAllocation: containers have what they were given, others what they ask for',
  async (t) => {
    const pod: Pod = {
      metadata: { name: 'p' },
      spec: {
        initContainers: [{ name: 'i', resources: one }],
        containers: [{ name: 'a', resources: { requests: { cpu: '2' } } }, { name: 'b' }],
      },
    };
    t.equal(withAllocation(pod, wantedAllocation(pod)), pod, 'nothing to change: the same object');
    const given = withAllocation(pod, { a: one });
    t.same(
      given.spec?.containers?.map(({ resources }) => resources),
      [one, undefined],
    );
    t.same(given.spec?.initContainers, pod.spec?.initContainers);
    t.same(
      pod.spec?.containers?.[0]?.resources,
      { requests: { cpu: '2' } },
      'the pod is not changed',
    );
  },
);

t.test('parseAllocation: a torn file is none', async (t) => {
  for (const text of ['', '{', '[]', 'null', '"x"']) t.equal(parseAllocation(text), null, text);
  t.same(parseAllocation(JSON.stringify({ a: one })), { a: one });
});

t.test('judgeResize: never, later, or now', async (t) => {
  const asking = (cpu: string, memory: string): Pod => ({
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'a', resources: { requests: { cpu, memory } } }] },
  });
  const facts = {
    ...{ allocatable: { cpu: '4', memory: '1Gi', pods: '10' }, isStatic: false },
    others: [asking('2500m', '256Mi')],
  };
  t.equal(judgeResize(asking('1500m', '512Mi'), facts), null);
  t.same(judgeResize(asking('5', '1Mi'), facts), {
    reason: 'Infeasible',
    message: "Node didn't have enough capacity: cpu, requested: 5000, capacity: 4000",
  });
  t.same(judgeResize(asking('5', '2Gi'), facts), {
    reason: 'Infeasible',
    message:
      "Node didn't have enough capacity: memory, requested: 2147483648, capacity: 1073741824",
  });
  t.same(judgeResize(asking('2', '1Mi'), facts), {
    reason: 'Deferred',
    message: "Node didn't have enough resource: cpu, requested: 2000, used: 2500, capacity: 4000",
  });
  t.match(judgeResize(asking('1', '1Mi'), { ...facts, isStatic: true }), { reason: 'Infeasible' });
});
