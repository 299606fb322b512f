import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import type { ApiObject } from '../../../../src/control/dashboard/model/api-object.js';
import {
  isBuiltInGroup,
  kindNamed,
  servedKinds,
} from '../../../../src/control/dashboard/model/discovery.js';
import { rolloutOf } from '../../../../src/control/dashboard/model/rollout.js';
import { rowsInSight } from '../../../../src/control/dashboard/model/row-window.js';
import type { MemberRow } from '../../../../src/control/dashboard/model/store-documents.js';
import {
  leaderOf,
  memberRole,
  storeRevision,
} from '../../../../src/control/dashboard/model/store-health.js';
import { layOut, type TopologyObject } from '../../../../src/control/dashboard/model/topology.js';

t.test('rowsInSight draws what is seen and little else, whatever the scrolling', (t) => {
  const seed = 31;
  const prng = new Prng(seed);
  for (let round = 0; round < 500; round++) {
    const rowCount = prng.int(0, 12_000);
    const [rowHeight, viewHeight, spareRows] = [30, prng.int(0, 2000), 20];
    const scrollTop = prng.int(-50, Math.max(1, rowCount * rowHeight));
    const { first, end } = rowsInSight({ scrollTop, viewHeight, rowHeight, rowCount, spareRows });
    const why = `seed ${seed}, round ${round}`;
    t.ok(first >= 0 && first <= end && end <= rowCount, why);
    t.ok(end - first <= viewHeight / rowHeight + 2 * spareRows + 2, why);
    for (let row = 0; row < rowCount; row++) {
      const top = row * rowHeight - Math.max(0, scrollTop);
      if (top < viewHeight && top + rowHeight > 0 && (row < first || row >= end)) t.fail(why);
    }
  }
  t.end();
});

const object = (kind: string, name: string, extra: object = {}): TopologyObject => ({
  ...{ kind, tone: 'plain', note: '' },
  metadata: { name, namespace: 'x', uid: `${kind}-${name}`, ...extra },
});
const ownedBy = (kind: string, name: string) => ({
  ownerReferences: [{ kind, name, uid: `${kind}-${name}`, controller: true }],
});

t.test('layOut leads from workloads over what they make to pods and services', (t) => {
  const pods = ['p2', 'p1', 'p3'].map((name) =>
    object('Pod', name, { labels: { app: 'web' }, ...ownedBy('ReplicaSet', 'rs') }),
  );
  const stray = object('Pod', 'stray', { labels: { app: 'other' } });
  const service = (name: string, selector: Readonly<Record<string, string>> | null) => ({
    ...object('Service', name),
    selector,
  });
  const topology = layOut(
    {
      workloads: [object('Deployment', 'idle'), object('Deployment', 'web')],
      sets: [object('ReplicaSet', 'rs', ownedBy('Deployment', 'web'))],
      pods: [...pods, stray],
      services: [service('web', { app: 'web' }), service('bare', null), service('empty', {})],
    },
    3,
  );
  t.equal(topology.hiddenPods, 1);
  const place = new Map(topology.boxes.map(({ key, column, row }) => [key, [column, row]]));
  t.strictSame(
    ['Deployment/web', 'ReplicaSet/rs', 'Service/web'].map((key) => place.get(key)),
    [
      [0, 1],
      [1, 1],
      [3, 1],
    ],
  );
  t.equal(
    new Set(topology.boxes.map(({ column, row }) => `${column}/${row}`)).size,
    topology.boxes.length,
  );
  t.ok(topology.lines.some(({ from, to }) => from === 'Deployment/web' && to === 'ReplicaSet/rs'));
  t.ok(topology.lines.some(({ from, to }) => from === 'Pod/p1' && to === 'Service/web'));
  t.notOk(topology.lines.some(({ to }) => to === 'Service/bare' || to === 'Service/empty'));
  t.ok(topology.rowCount >= 3);
  t.end();
});

const workload = (kind: string, parts: Partial<ApiObject>): ApiObject => ({
  ...{ kind, metadata: { name: 'w', generation: 2 } },
  ...parts,
});
const seen = { observedGeneration: 2 };
const rollouts: readonly (readonly [object: ApiObject, text: RegExp, tone: string])[] = [
  [workload('Deployment', { status: { observedGeneration: 1 } }), /waiting/, 'busy'],
  [
    workload('Deployment', { spec: { replicas: 3 }, status: { ...seen, updatedReplicas: 1 } }),
    /1 of 3 updated/,
    'busy',
  ],
  [
    workload('Deployment', {
      spec: { replicas: 2 },
      status: { ...seen, replicas: 3, updatedReplicas: 2 },
    }),
    /1 old/,
    'busy',
  ],
  [
    workload('Deployment', {
      spec: { replicas: 2 },
      status: { ...seen, replicas: 2, updatedReplicas: 2, availableReplicas: 2 },
    }),
    /2 of 2 available/,
    'good',
  ],
  [
    workload('Deployment', {
      status: {
        ...seen,
        conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }],
      },
    }),
    /deadline/,
    'bad',
  ],
  [
    workload('StatefulSet', {
      spec: { replicas: 2 },
      status: {
        ...seen,
        readyReplicas: 2,
        updatedReplicas: 1,
        currentRevision: 'a',
        updateRevision: 'b',
      },
    }),
    /1 of 2 updated/,
    'busy',
  ],
  [
    workload('DaemonSet', {
      status: { ...seen, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 },
    }),
    /1 of 2 available/,
    'busy',
  ],
  [workload('ReplicaSet', { spec: { replicas: 0 }, status: seen }), /0 of 0 ready/, 'good'],
  [
    workload('Job', {
      status: { conditions: [{ type: 'Failed', status: 'True', message: 'why' }] },
    }),
    /failed: why/,
    'bad',
  ],
  [
    workload('Job', {
      status: { conditions: [{ type: 'Complete', status: 'True' }], succeeded: 1 },
    }),
    /complete/,
    'good',
  ],
  [workload('CronJob', { spec: { suspend: true } }), /suspended/, 'busy'],
];

t.test('rolloutOf says how far a workload is', (t) => {
  for (const [each, text, tone] of rollouts) {
    const state = rolloutOf(each);
    t.ok(text.test(state?.text ?? ''), state?.text ?? '');
    t.equal(state?.tone, tone, state?.text ?? '');
  }
  t.equal(rolloutOf(workload('ConfigMap', {})), null);
  t.end();
});

const member = (id: string, leader: string | null, revision = '1'): MemberRow => ({
  ...{ id, name: id, isLearner: id === 'learner', peerUrls: [], clientUrls: [], problem: '' },
  state:
    leader === null
      ? null
      : {
          ...{ version: '', leader, term: '1', revision, index: '1', appliedIndex: '1' },
          ...{ sizeBytes: '0', sizeInUseBytes: '0', quotaBytes: '0', problems: [] },
        },
});

t.test('leaderOf is who most take for it', (t) => {
  const status = { clusterId: '1', alarms: [], members: [] as MemberRow[] };
  const members = [
    member('a', 'b', '9'),
    member('b', 'b', '12'),
    member('c', 'c'),
    member('d', null),
  ];
  t.equal(leaderOf({ ...status, members })?.id, 'b');
  t.equal(storeRevision({ ...status, members }), 12);
  t.equal(leaderOf({ ...status, members: [member('a', ''), member('b', null)] }), undefined);
  t.equal(storeRevision(status), 0);
  t.strictSame([...members, member('learner', 'b'), member('e', '')].map(memberRole), [
    'follower',
    'leader',
    'leader',
    'unknown',
    'learner',
    'no leader',
  ]);
  t.end();
});

t.test('servedKinds takes each resource in the first version that has it', (t) => {
  const resource = (name: string, kind: string) => ({
    ...{ resource: name, responseKind: { kind }, scope: 'Namespaced', verbs: ['list'] },
    subresources: [{ subresource: 'scale' }],
  });
  const kinds = servedKinds({
    items: [
      {
        metadata: { name: 'example.com' },
        versions: [
          { version: 'v2', resources: [resource('widgets', 'Widget')] },
          { version: 'v1', resources: [resource('widgets', 'Widget'), resource('olds', 'Old')] },
        ],
      },
      { metadata: {}, versions: [{ version: 'v1', resources: [resource('pods', 'Pod')] }] },
    ],
  });
  t.strictSame(
    kinds.map(({ version, resource }) => `${version}/${resource}`),
    ['v2/widgets', 'v1/olds', 'v1/pods'],
  );
  t.match(kinds[0], { isNamespaced: true, subresources: ['scale'] });
  t.equal(kindNamed(kinds, { apiVersion: 'example.com/v1', kind: 'Widget' })?.version, 'v2');
  t.equal(kindNamed(kinds, { apiVersion: 'v1', kind: 'Pod' })?.resource, 'pods');
  t.equal(kindNamed(kinds, { apiVersion: 'v1', kind: 'Widget' }), null);
  t.strictSame(
    ['', 'apps', 'batch', 'rbac.authorization.k8s.io', 'example.com'].map(isBuiltInGroup),
    [true, true, true, true, false],
  );
  t.end();
});
