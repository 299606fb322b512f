import t from 'tap';
import { KindRig, selector, templateOf } from '../kind-rig.js';

const deployments = new KindRig('apps/v1', 'Deployment');
const replicaSets = new KindRig('apps/v1', 'ReplicaSet');
const daemonSets = new KindRig('apps/v1', 'DaemonSet');
const statefulSets = new KindRig('apps/v1', 'StatefulSet');
const revisions = new KindRig('apps/v1', 'ControllerRevision');

const spec = (more: object = {}) => ({ spec: { selector, template: templateOf(), ...more } });
const unselected = '`selector` does not match template `labels`';

t.test('Deployment is filled in', async (t) => {
  t.match(deployments.created(spec()).spec, {
    replicas: 1,
    strategy: {
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' },
    },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    template: { spec: { restartPolicy: 'Always' } },
  });
  const recreated = deployments.created(spec({ strategy: { type: 'Recreate' } }));
  t.notMatch(recreated.spec, { strategy: { rollingUpdate: {} } });
  t.same(deployments.created({ ...spec(), status: { replicas: 3 } }).status, {});
});

t.test('Deployment refuses what Kubernetes refuses', async (t) => {
  const cases: [name: string, more: object, errors: string[]][] = [
    ['good', {}, []],
    [
      'negative',
      { replicas: -1 },
      ['spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      'no selector',
      { selector: undefined },
      [
        'spec.selector: Required value',
        `spec.template.metadata.labels: Invalid value: {"app":"a"}: ${unselected}`,
      ],
    ],
    [
      'empty selector',
      { selector: {} },
      ['spec.selector: Invalid value: {}: empty selector is invalid for deployment'],
    ],
    [
      'other selector',
      { selector: { matchLabels: { app: 'b' } } },
      [`spec.template.metadata.labels: Invalid value: {"app":"a"}: ${unselected}`],
    ],
    [
      'bad operator',
      { selector: { matchExpressions: [{ key: 'a', operator: 'Is' }] } },
      [
        'spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
        'spec.selector: Invalid value: {"matchExpressions":[{"key":"a","operator":"Is"}]}: invalid label selector',
      ],
    ],
    [
      'restart',
      { template: templateOf({ restartPolicy: 'Never', activeDeadlineSeconds: 1 }) },
      [
        'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
        'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported',
      ],
    ],
    [
      'unknown strategy',
      { strategy: { type: 'Slow' } },
      [
        'spec.strategy: Unsupported value: {"Type":"Slow","RollingUpdate":null}: supported values: "Recreate", "RollingUpdate"',
      ],
    ],
    [
      'recreate',
      { strategy: { type: 'Recreate', rollingUpdate: {} } },
      [
        "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
      ],
    ],
    [
      'standstill',
      { strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: '0%' } } },
      [
        'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0',
      ],
    ],
    [
      'too much',
      { strategy: { rollingUpdate: { maxUnavailable: '101%', maxSurge: '200%' } } },
      [
        'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
      ],
    ],
    [
      'no percentage',
      { strategy: { rollingUpdate: { maxUnavailable: 'x' } } },
      [
        "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"x\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
      ],
    ],
    [
      'deadline',
      { minReadySeconds: 600 },
      ['spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds'],
    ],
    [
      'history',
      { revisionHistoryLimit: -1 },
      ['spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0'],
    ],
  ];
  for (const [name, more, errors] of cases) {
    t.same(deployments.createErrors(spec(more)), errors, name);
  }
  t.same(deployments.createErrors({ ...spec(), metadata: { finalizers: ['mine'] } }), [
    'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
  ]);
});

t.test('Deployment keeps its selector, and counts changes of its annotations', async (t) => {
  const template = { ...templateOf(), metadata: { labels: { app: 'a', tier: 't' } } };
  const wider = { matchLabels: { app: 'a', tier: 't' } };
  t.same(deployments.updateErrors(spec({ selector: wider, template }), spec({ template })), [
    'spec.selector: Invalid value: {"matchLabels":{"app":"a","tier":"t"}}: field is immutable',
  ]);
  t.same(deployments.updateErrors(spec({ replicas: 5 }), spec()), []);
  const annotated = { ...spec(), metadata: { annotations: { a: 'b' } } };
  t.equal(deployments.updated(annotated, spec()).metadata.generation, 2);
  t.equal(deployments.updated(annotated, annotated).metadata.generation, 1);
});

t.test('Deployment checks its status', async (t) => {
  const errors = (status: object, old: object = {}) =>
    deployments.statusErrors({ ...spec(), status }, { ...spec(), status: old });
  t.same(errors({ replicas: 2, readyReplicas: 2, availableReplicas: 1 }), []);
  t.same(errors({ replicas: 1, updatedReplicas: 2, readyReplicas: 0, availableReplicas: 1 }), [
    'status.updatedReplicas: Invalid value: 2: cannot be greater than status.replicas',
    'status.availableReplicas: Invalid value: 1: cannot be greater than readyReplicas',
  ]);
  t.same(errors({ unavailableReplicas: -1 }), [
    'status.unavailableReplicas: Invalid value: -1: must be greater than or equal to 0',
  ]);
  t.same(errors({}, { collisionCount: 2 }), [
    'status.collisionCount: Invalid value: 0: cannot be decremented',
  ]);
});

t.test('Deployment is shown as kubectl shows it', async (t) => {
  t.same(deployments.columns(), [
    'Name',
    'Ready',
    'Up-to-date',
    'Available',
    'Age',
    'Containers*',
    'Images*',
    'Selector*',
  ]);
  const status = { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 1 };
  const metadata = { creationTimestamp: '2025-12-31T23:00:00Z' };
  t.same(deployments.cells({ ...spec({ replicas: 3 }), status, metadata }), [
    'x',
    '2/3',
    3,
    1,
    '60m',
    'c',
    'i',
    'app=a',
  ]);
});

t.test('Deployment warns of a name that is none of a host', async (t) => {
  t.same(deployments.warnings({ ...spec(), metadata: { name: 'a.b' } }), [
    'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]',
  ]);
});

t.test('ReplicaSet keeps its selector, and is selected by its count', async (t) => {
  t.same(replicaSets.createErrors(spec()), []);
  t.same(replicaSets.createErrors(spec({ selector: {} })), [
    'spec.selector: Invalid value: {}: empty selector is invalid for deployment',
  ]);
  t.match(replicaSets.created(spec()).spec, { replicas: 1 });
  t.same(replicaSets.created(spec()).status, { replicas: 0 });
  t.same(
    replicaSets.statusErrors({ ...spec(), status: { replicas: 1, readyReplicas: 2 } }, spec()),
    ['status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas'],
  );
  const select = replicaSets.rules.selectableFields?.['status.replicas'];
  t.equal(select?.(replicaSets.created(spec())), '0');
});

t.test('DaemonSet is filled in, and counts its templates', async (t) => {
  const created = daemonSets.created(spec());
  t.match(created.spec, {
    updateStrategy: {
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: 1, maxSurge: 0 },
    },
    revisionHistoryLimit: 10,
  });
  const key = 'deprecated.daemonset.template.generation';
  t.equal(created.metadata.annotations?.[key], '1');
  const changed = spec({ template: templateOf({ hostNetwork: true }) });
  t.equal(daemonSets.updated(changed, spec()).metadata.annotations?.[key], '2');
  t.equal(daemonSets.updated(spec(), spec()).metadata.annotations?.[key], '1');
});

t.test('DaemonSet refuses what Kubernetes refuses', async (t) => {
  const rolling = (rollingUpdate: object) => spec({ updateStrategy: { rollingUpdate } });
  const path = 'spec.updateStrategy.rollingUpdate';
  t.same(daemonSets.createErrors(spec({ updateStrategy: { type: 'OnDelete' } })), []);
  t.same(daemonSets.createErrors(rolling({ maxUnavailable: 0, maxSurge: '10%' })), []);
  t.same(daemonSets.createErrors(rolling({ maxUnavailable: 1, maxSurge: 1 })), [
    `${path}.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero`,
  ]);
  t.same(daemonSets.createErrors(rolling({ maxUnavailable: 0 })), [
    `${path}.maxUnavailable: Required value: cannot be 0 when maxSurge is 0`,
  ]);
  t.same(daemonSets.createErrors(spec({ selector: {} })), [
    'spec.selector: Invalid value: {}: empty selector is invalid for daemonset',
  ]);
  t.same(daemonSets.createErrors(spec({ updateStrategy: { type: 'X' } })), [
    'spec.updateStrategy: Unsupported value: {"Type":"X","RollingUpdate":null}: supported values: "RollingUpdate", "OnDelete"',
  ]);
});

const claim = (name: string) => ({
  metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
});
const mounting = templateOf({
  containers: [{ name: 'c', image: 'i', volumeMounts: [{ name: 'data', mountPath: '/d' }] }],
});

t.test('StatefulSet is filled in', async (t) => {
  const { spec: filled } = statefulSets.created(spec({ volumeClaimTemplates: [claim('data')] }));
  t.match(filled, {
    replicas: 1,
    podManagementPolicy: 'OrderedReady',
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0, maxUnavailable: 1 } },
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    volumeClaimTemplates: [
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        spec: { volumeMode: 'Filesystem' },
        status: { phase: 'Pending' },
      },
    ],
  });
});

t.test('StatefulSet has the volumes of its claims', async (t) => {
  const volumeClaimTemplates = [claim('data')];
  t.same(statefulSets.createErrors(spec({ template: mounting, volumeClaimTemplates })), []);
  t.same(statefulSets.createErrors(spec({ template: mounting })), [
    'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"',
  ]);
});

t.test('StatefulSet refuses what Kubernetes refuses', async (t) => {
  const cases: [more: object, errors: string[]][] = [
    [
      { podManagementPolicy: 'X' },
      ["spec.podManagementPolicy: Invalid value: \"X\": must be 'OrderedReady' or 'Parallel'"],
    ],
    [
      { updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } },
      [
        'spec.updateStrategy.rollingUpdate: Invalid value: {"Partition":1,"MaxUnavailable":null}: only allowed for updateStrategy \'RollingUpdate\'',
      ],
    ],
    [
      { updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } },
      ['spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: 0: cannot be 0'],
    ],
    [
      { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Keep' } },
      [
        'spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "Keep": supported values: "Retain", "Delete"',
      ],
    ],
    [
      { ordinals: { start: -1 } },
      ['spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      { selector: {} },
      ['spec.selector: Invalid value: {}: empty selector is invalid for statefulset'],
    ],
  ];
  for (const [more, errors] of cases) t.same(statefulSets.createErrors(spec(more)), errors);
  t.equal(statefulSets.rules.nameRule, 'dns-label');
});

t.test('StatefulSet keeps what its pods are known by', async (t) => {
  t.same(statefulSets.updateErrors(spec({ serviceName: 'other' }), spec({ serviceName: 's' })), [
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
  ]);
  const allowed = {
    replicas: 3,
    minReadySeconds: 1,
    revisionHistoryLimit: 2,
    ordinals: { start: 1 },
  };
  t.same(statefulSets.updateErrors(spec(allowed), spec()), []);
});

t.test('ControllerRevision keeps its data, and says whose it is', async (t) => {
  t.same(revisions.createErrors({ revision: -1 }), [
    'data: Required value: data is mandatory',
    'revision: Invalid value: -1: must be greater than or equal to 0',
  ]);
  t.same(revisions.updateErrors({ data: { a: 2 }, revision: 2 }, { data: { a: 1 } }), [
    'data: Invalid value: {"a":2}: field is immutable',
  ]);
  const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'u' };
  const ownerReferences = [{ ...owner, controller: true }];
  t.same(revisions.cells({ metadata: { ownerReferences }, data: {}, revision: 3 }), [
    'x',
    'statefulset.apps/web',
    3,
    '<unknown>',
  ]);
});
