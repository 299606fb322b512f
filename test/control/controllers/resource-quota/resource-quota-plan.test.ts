import t from 'tap';
import type { Pod, ResourceQuota } from '../../../../src/control/api/gen/core-v1.js';
import {
  boundedResources,
  changesCount,
  isRecounted,
  recount,
} from '../../../../src/control/controllers/resource-quota/plan.js';

const nowMs = Date.parse('2026-01-01T00:00:00Z');

function quota(hard: Record<string, string>, more: ResourceQuota['spec'] = {}): ResourceQuota {
  return { metadata: { name: 'q', namespace: 'n' }, spec: { hard, ...more } };
}

t.test('boundedResources: what the names of bounds are about', async (t) => {
  const names = (hard: Record<string, string>) =>
    boundedResources(quota(hard)).map(({ group, resource }) => `${resource}.${group}`);
  t.same(names({ pods: '1', 'requests.cpu': '1', 'limits.memory': '1Gi' }), ['pods.']);
  t.same(
    names({
      'services.nodeports': '1',
      'gold.storageclass.storage.k8s.io/requests.storage': '1Gi',
    }),
    ['services.', 'persistentvolumeclaims.'],
  );
  t.same(names({ 'count/deployments.apps': '1', 'count/widgets.example.com': '1' }), [
    'deployments.apps',
    'widgets.example.com',
  ]);
  t.same(names({ secrets: '1', 'count/secrets': '1', 'requests.nvidia.com/gpu': '1' }), [
    'secrets.',
    'pods.',
  ]);
  t.same(names({ 'count/events': '1', 'count/a.deviceclass.resource.k8s.io': '1' }), [
    'a.deviceclass.resource.k8s.io',
  ]);
});

const pod = (name: string, requests: Record<string, string>, phase = 'Running'): Pod => ({
  metadata: { name, namespace: 'n' },
  spec: { containers: [{ name: 'c', resources: { requests } }] },
  status: { phase },
});

t.test(
  'changesCount: an object is counted again only when that may make a difference',
  async (t) => {
    const one = pod('a', { cpu: '1' });
    const conditions = [{ type: 'Ready', status: 'True' }];
    const deletionTimestamp = '2025-12-31T23:59:00Z';
    const going = (deletionGracePeriodSeconds: number): Pod => ({
      ...one,
      metadata: { ...one.metadata, deletionTimestamp, deletionGracePeriodSeconds },
    });
    const cases: readonly [title: string, after: Pod, isCounted: boolean][] = [
      ['it is ready', { ...one, status: { phase: 'Running', conditions } }, false],
      [
        'it has another label',
        { ...one, metadata: { ...one.metadata, labels: { a: 'b' } } },
        false,
      ],
      ['it is going', going(600), false],
      ['it should be gone', going(30), true],
      ['it has ended', pod('a', { cpu: '1' }, 'Failed'), true],
      ['it asks for less', pod('a', { cpu: '500m' }), true],
      ['its scopes change', { ...one, spec: { ...one.spec, activeDeadlineSeconds: 5 } }, true],
    ];
    for (const [title, after, isCounted] of cases) {
      t.equal(changesCount({ group: '', resource: 'pods' }, one, after, nowMs), isCounted, title);
    }
    const map = { metadata: { name: 'm' }, data: { a: '1' } };
    const changed = { ...map, data: { a: '2' } };
    t.notOk(changesCount({ group: '', resource: 'configmaps' }, map, changed, nowMs));
  },
);

t.test('recount: sums of what counts, and nothing of what has ended', async (t) => {
  const pods = [
    pod('a', { cpu: '500m', memory: '64Mi' }),
    pod('b', { cpu: '1' }),
    pod('c', { cpu: '8' }, 'Succeeded'),
  ];
  const all = [{ resource: { group: '', resource: 'pods' }, objects: pods }];
  const hard = {
    pods: '9',
    'requests.cpu': '2',
    memory: '1Gi',
    'limits.cpu': '4',
    'count/pods': '7',
  };
  t.same(recount(quota(hard), all, nowMs), {
    hard,
    used: {
      pods: '2',
      'requests.cpu': '1500m',
      memory: '64Mi',
      'limits.cpu': '0',
      'count/pods': '3',
    },
  });
});

t.test('recount: scopes leave objects out', async (t) => {
  const pods = [pod('a', { cpu: '1' }), pod('b', {})];
  const all = [{ resource: { group: '', resource: 'pods' }, objects: pods }];
  t.same(recount(quota({ pods: '9' }, { scopes: ['BestEffort'] }), all, nowMs).used, { pods: '1' });
});

t.test('recount: what nobody can count is not in used', async (t) => {
  t.same(recount(quota({ 'count/widgets.example.com': '1' }), [], nowMs).used, {});
});

t.test('isRecounted: amounts are compared, not how they are written', async (t) => {
  const status = { hard: { cpu: '1' }, used: { cpu: '500m' } };
  t.ok(
    isRecounted({ metadata: {}, status: { hard: { cpu: '1000m' }, used: { cpu: '0.5' } } }, status),
  );
  t.notOk(isRecounted({ metadata: {}, status: { hard: { cpu: '1' }, used: {} } }, status));
  t.notOk(isRecounted({ metadata: {} }, status));
});
