import t from 'tap';
import type { StatefulSet } from '../../../../src/control/api/gen/apps-v1.js';
import type { PersistentVolumeClaim, Pod } from '../../../../src/control/api/gen/core-v1.js';
import { parsePodName } from '../../../../src/control/controllers/stateful-set/identity.js';
import {
  planStatefulSet,
  type StatefulState,
} from '../../../../src/control/controllers/stateful-set/plan.js';
import { statefulSetStatus } from '../../../../src/control/controllers/stateful-set/status.js';
import { ago, nowMs, type PodSample, podSample } from '../pods/samples.js';
import { template } from '../pods/workload-env.js';

function setSample(
  spec: StatefulSet['spec'] = {},
  status: StatefulSet['status'] = {},
): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', namespace: 'default', uid: 'db', generation: 1 },
    spec: {
      replicas: 3,
      serviceName: 'db',
      selector: { matchLabels: { app: 'db' } },
      template: template('db'),
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      ...spec,
    },
    status,
  };
}

/** `0`, `1!` and so on: an ordinal of the new revision, with `o` of the old one; `!` not ready, `~` going, `x` failed, `?` pending. */
function pods(text: string): readonly Pod[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const name = `db-${Number.parseInt(word, 10)}`;
      const sample: PodSample = {
        labels: {
          'controller-revision-hash': word.includes('o') ? 'old' : 'new',
          'statefulset.kubernetes.io/pod-name': name,
        },
        readyFor: /[!x?]/.test(word) ? null : 100,
        isGoing: word.includes('~'),
        phase: word.includes('x') ? 'Failed' : word.includes('?') ? 'Pending' : 'Running',
      };
      return podSample(name, sample);
    });
}

/** What a plan does: phases behind each other, with `,` the pods of one. */
function doings(set: StatefulSet, there: string, rest: Partial<StatefulState> = {}): string {
  const { phases } = planStatefulSet({
    set,
    pods: pods(there),
    current: { revision: 'old', template: template('db', 'db:1') },
    update: { revision: 'new', template: template('db', 'db:2') },
    claim: () => undefined,
    nowMs,
    ...rest,
  });
  return phases
    .map((phase) =>
      phase
        .map((steps) =>
          steps
            .map((step) => {
              if (step.kind === 'update-claim') return `own ${step.claim.metadata.name}`;
              if (step.kind === 'create-claim') return `claim ${step.claim.metadata.name}`;
              const { metadata } = step.pod;
              const isOld = metadata.labels?.['controller-revision-hash'] === 'old';
              const kind = step.kind.replace('-pod', '');
              return `${kind} ${metadata.name}${kind === 'create' && isOld ? ' old' : ''}`;
            })
            .join(' + '),
        )
        .join(', '),
    )
    .join('; ');
}

t.test('planStatefulSet: in order, one pod at a time', (t) => {
  const partition = (value: number) => ({
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: value } },
  });
  const rows: readonly (readonly [StatefulSet['spec'], string, string])[] = [
    [{}, '', 'create db-0'],
    [{}, '0!', ''],
    [{}, '0', 'create db-1'],
    [{}, '0 1~', ''],
    [{}, '0 1 2', ''],
    [{}, '0 2', 'create db-1'],
    [{}, '0 1x 2', 'delete db-1'],
    [{}, '0 1x~ 2', ''],
    [{ minReadySeconds: 200 }, '0', ''],
    [{ replicas: 1 }, '0 1 2', 'delete db-2'],
    [{ replicas: 1 }, '0 1 2~', ''],
    [{ replicas: 1 }, '0! 1 2', ''],
    [{ replicas: 1 }, '0 1! 2', 'delete db-2'],
    [{ replicas: 1 }, '0 1 2!', 'delete db-2'],
    [{ replicas: 1 }, '0 1! 2!', ''],
    [{ replicas: 0 }, '0 1', 'delete db-1'],
    [{}, '0o 1o 2o', 'delete db-2'],
    [{}, '0o 1o 2', 'delete db-1'],
    [{}, '0o 1o 2!', ''],
    [{}, '0o 1o', 'create db-2'],
    [{}, '0o 1o 2o!', ''],
    [partition(2), '0o 1o 2o', 'delete db-2'],
    [partition(2), '0o 1o 2', ''],
    [partition(2), '0o 2', 'create db-1 old'],
    [partition(5), '0o 1o 2o', ''],
    [{ ordinals: { start: 2 } }, '', 'create db-2'],
    [{ ordinals: { start: 2 }, replicas: 1 }, '2 1', 'delete db-1'],
    [{ ordinals: { start: 2 }, ...partition(1) }, '3', 'create db-2 old'],
    [{ updateStrategy: { type: 'OnDelete' } }, '0o 1o 2o', ''],
    [{ updateStrategy: { type: 'OnDelete' } }, '0o 1o', 'create db-2'],
    [
      { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 2 } } },
      '0o 1o 2o',
      'delete db-2, delete db-1',
    ],
    [
      { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '50%' } } },
      '0o 1o 2o',
      'delete db-2, delete db-1',
    ],
  ];
  for (const [spec, there, result] of rows) {
    t.equal(doings(setSample(spec), there), result, `${JSON.stringify(spec)}: ${there}`);
  }
  t.end();
});

t.test('planStatefulSet: Parallel does not wait', (t) => {
  const rows: readonly (readonly [StatefulSet['spec'], string, string])[] = [
    [{}, '', 'create db-0, create db-1, create db-2'],
    [{}, '0! 2', 'create db-1'],
    [{}, '0x 1x~ 2', 'delete db-0'],
    [{ replicas: 1 }, '0! 1! 2 3~', 'delete db-2, delete db-1'],
    [{}, '0o 1o 2o', 'delete db-2'],
    [{}, '0o 1o! 2', 'delete db-1'],
    [{}, '0o! 1o! 2o', 'delete db-1, delete db-0'],
    [{}, '0o 1o 2!', ''],
    [{}, '0o 1o 2o~', ''],
    [{}, '0o 1o', 'create db-2'],
    [{ updateStrategy: { rollingUpdate: { maxUnavailable: 2 } } }, '0o 1o 2!', 'delete db-1'],
  ];
  for (const [spec, there, result] of rows) {
    const set = setSample({ ...spec, podManagementPolicy: 'Parallel' });
    t.equal(doings(set, there), result, `${JSON.stringify(spec)}: ${there}`);
  }
  t.end();
});

t.test('planStatefulSet: one that is being deleted does nothing', (t) => {
  const set = setSample();
  set.metadata.deletionTimestamp = ago(1);
  t.equal(doings(set, '0'), '');
  t.end();
});

t.test(
  'planStatefulSet: claims are made before their pods, and go with whom the policy says',
  (t) => {
    const owner = (kind: string, name: string, uid = name) => ({
      ...{ apiVersion: kind === 'Pod' ? 'v1' : 'apps/v1', kind, name, uid },
      controller: true,
    });
    const claim = (
      at: number,
      owners: readonly object[] = [],
      rest: Partial<PersistentVolumeClaim['metadata']> = {},
    ): PersistentVolumeClaim => ({
      metadata: {
        name: `data-db-${at}`,
        namespace: 'default',
        ownerReferences: [...owners],
        ...rest,
      },
    });
    const policy = (whenScaled: string, whenDeleted: string) => ({
      persistentVolumeClaimRetentionPolicy: { whenScaled, whenDeleted },
    });
    const going = { deletionTimestamp: ago(1) };
    type Row = readonly [why: string, StatefulSet['spec'], string, PersistentVolumeClaim[], string];
    const rows: readonly Row[] = [
      ['made', { replicas: 1 }, '', [], 'claim data-db-0 + create db-0'],
      ['there', { replicas: 1 }, '', [claim(0)], 'create db-0'],
      ['going', { replicas: 1 }, '', [claim(0, [], going)], 'wait-for-claim db-0 + create db-0'],
      ['lost while a pod waits for it', { replicas: 1 }, '0?', [], 'claim data-db-0'],
      ['kept', { replicas: 1, ...policy('Retain', 'Retain') }, '0', [claim(0)], ''],
      [
        'not kept',
        { replicas: 1, ...policy('Retain', 'Delete') },
        '0',
        [claim(0)],
        'own data-db-0',
      ],
      [
        'as it should be',
        { replicas: 1, ...policy('Retain', 'Delete') },
        '0',
        [claim(0, [owner('StatefulSet', 'db')])],
        '',
      ],
      [
        'kept again',
        { replicas: 1 },
        '0',
        [claim(0, [owner('StatefulSet', 'db')])],
        'own data-db-0',
      ],
      [
        'of an earlier set',
        { replicas: 1, ...policy('Retain', 'Delete') },
        '0',
        [claim(0, [owner('StatefulSet', 'db', 'x')])],
        'own data-db-0',
      ],
      [
        'somebody else’s',
        { replicas: 1, ...policy('Retain', 'Delete') },
        '0',
        [claim(0, [owner('Other', 'y')])],
        '',
      ],
      [
        'scaled away',
        { replicas: 0, ...policy('Delete', 'Retain') },
        '0',
        [claim(0)],
        'own data-db-0; delete db-0',
      ],
      [
        'scaled away, with its owner',
        { replicas: 0, ...policy('Delete', 'Delete') },
        '0',
        [claim(0, [owner('Pod', 'db-0')])],
        'delete db-0',
      ],
      [
        'waits for the claim of an earlier pod to go',
        { replicas: 1, ...policy('Delete', 'Retain') },
        '',
        [claim(0, [owner('Pod', 'db-0', 'x')])],
        '',
      ],
    ];
    for (const [why, spec, there, claims, result] of rows) {
      const set = setSample({ ...spec, volumeClaimTemplates: [{ metadata: { name: 'data' } }] });
      const withVolumes = pods(there).map((pod) => ({
        ...pod,
        spec: {
          ...pod.spec,
          volumes: [
            { name: 'data', persistentVolumeClaim: { claimName: `data-${pod.metadata.name}` } },
          ],
        },
      }));
      const find = (name: string) => claims.find(({ metadata }) => metadata.name === name);
      t.equal(doings(set, there, { pods: withVolumes, claim: find }), result, why);
    }
    t.end();
  },
);

t.test('planStatefulSet: a pod that lost its identity gets it back', (t) => {
  const [pod] = pods('0');
  delete pod!.metadata.labels!['statefulset.kubernetes.io/pod-name'];
  t.equal(doings(setSample({ replicas: 1 }), '', { pods: [pod!] }), 'update db-0');
  t.end();
});

t.test('statefulSetStatus: counts by revision; a complete update makes it the current one', (t) => {
  const statusOf = (set: StatefulSet, there: string) =>
    statefulSetStatus({
      ...{ set, pods: pods(there), nowMs, collisionCount: 0 },
      ...{ currentRevision: 'old', updateRevision: 'new' },
    });
  t.match(statusOf(setSample({ minReadySeconds: 200 }), '0o 1! 2~'), {
    ...{ replicas: 3, readyReplicas: 2, availableReplicas: 0, currentReplicas: 1 },
    ...{ updatedReplicas: 1, currentRevision: 'old', updateRevision: 'new' },
  });
  t.match(statusOf(setSample(), '0 1 2'), { currentReplicas: 3, currentRevision: 'new' });
  t.match(statusOf(setSample(), '0 1 2!'), { currentReplicas: 0, currentRevision: 'old' });
  const onDelete = setSample({ updateStrategy: { type: 'OnDelete' } });
  t.match(statusOf(onDelete, '0 1 2'), { currentRevision: 'old' });
  t.end();
});

t.test('parsePodName: a set and an ordinal', (t) => {
  t.strictSame(parsePodName('db-0'), { set: 'db', ordinal: 0 });
  t.strictSame(parsePodName('my-db-12'), { set: 'my-db', ordinal: 12 });
  t.equal(parsePodName('db'), null);
  t.equal(parsePodName('db-'), null);
  t.equal(parsePodName('db-x'), null);
  t.equal(parsePodName('db-99999999999'), null);
  t.end();
});
