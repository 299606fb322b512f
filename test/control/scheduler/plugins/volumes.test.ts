import t from 'tap';
import type {
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Volume,
} from '../../../../src/control/api/gen/core-v1.js';
import type { StorageClass } from '../../../../src/control/api/gen/storage-v1.js';
import type { ObjectMeta } from '../../../../src/control/machinery/object.js';
import { CycleState } from '../../../../src/control/scheduler/framework/cycle-state.js';
import { podInfoOf } from '../../../../src/control/scheduler/framework/pod-info.js';
import { nodeOf, podOf } from '../objects.js';
import { filtered, type Kit, kitOf } from './kit.js';

const zoneLabel = 'topology.kubernetes.io/zone';
const using = (name: string, ...claims: string[]): Pod =>
  podOf(name, {
    metadata: { name, uid: name },
    volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
  });
const on = (nodeName: string, pod: Pod): Pod => ({ ...pod, spec: { ...pod.spec, nodeName } });

function claim(
  name: string,
  spec: PersistentVolumeClaim['spec'] = {},
  metadata: ObjectMeta = {},
): PersistentVolumeClaim {
  const isBound = (spec.volumeName ?? '') !== '';
  return {
    metadata: {
      ...{ name, namespace: 'default', uid: name },
      ...(isBound ? { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } } : {}),
      ...metadata,
    },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '5Gi' } }, ...spec },
  };
}

function volume(
  name: string,
  spec: PersistentVolume['spec'] = {},
  labels: Record<string, string> = {},
): PersistentVolume {
  return {
    metadata: { name, labels },
    spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '10Gi' }, ...spec },
    status: { phase: 'Available' },
  };
}

const onlyOn = (node: string): PersistentVolume['spec'] => ({
  nodeAffinity: {
    required: {
      nodeSelectorTerms: [
        { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] },
      ],
    },
  },
});

const storageClass = (name: string, more: Partial<StorageClass> = {}): StorageClass => ({
  ...{ metadata: { name }, provisioner: 'kubernetes.io/no-provisioner' },
  ...{ volumeBindingMode: 'WaitForFirstConsumer', ...more },
});

t.test('VolumeRestrictions: disks that only one pod of a node may use', async (t) => {
  const rows: readonly (readonly [Omit<Volume, 'name'>, Omit<Volume, 'name'>, boolean])[] = [
    [{ gcePersistentDisk: { pdName: 'a' } }, { gcePersistentDisk: { pdName: 'a' } }, true],
    [{ gcePersistentDisk: { pdName: 'a' } }, { gcePersistentDisk: { pdName: 'b' } }, false],
    [
      { gcePersistentDisk: { pdName: 'a', readOnly: true } },
      { gcePersistentDisk: { pdName: 'a', readOnly: true } },
      false,
    ],
    [
      { gcePersistentDisk: { pdName: 'a', readOnly: true } },
      { gcePersistentDisk: { pdName: 'a' } },
      true,
    ],
    [
      { awsElasticBlockStore: { volumeID: 'a', readOnly: true } },
      { awsElasticBlockStore: { volumeID: 'a', readOnly: true } },
      true,
    ],
    [{ iscsi: { iqn: 'a', lun: 0 } }, { iscsi: { iqn: 'a', lun: 1 } }, true],
    [
      { rbd: { monitors: ['x', 'y'], pool: 'p', image: 'i' } },
      { rbd: { monitors: ['y'], pool: 'p', image: 'i' } },
      true,
    ],
    [
      { rbd: { monitors: ['x'], pool: 'p', image: 'i' } },
      { rbd: { monitors: ['y'], pool: 'p', image: 'i' } },
      false,
    ],
    [
      { rbd: { monitors: ['x'], pool: 'p', image: 'i' } },
      { rbd: { monitors: ['x'], pool: 'q', image: 'i' } },
      false,
    ],
  ];
  for (const [used, wanted, isRefused] of rows) {
    const pods = [podOf('r', { nodeName: 'n', volumes: [{ name: 'v', ...used }] })];
    const kit = await kitOf(t, { nodes: [nodeOf('n')], pods, plugins: ['VolumeRestrictions'] });
    const said = filtered(kit, podOf('p', { volumes: [{ name: 'v', ...wanted }] }));
    const expected = isRefused ? 'unschedulable: node(s) had no available disk' : 'ok';
    t.same(said, { n: expected }, JSON.stringify([used, wanted]));
  }
});

t.test(
  'VolumeRestrictions: a ReadWriteOncePod claim is used by one pod of the cluster',
  async (t) => {
    const persistentvolumeclaims = [
      claim('one', { accessModes: ['ReadWriteOncePod'] }),
      claim('many'),
    ];
    const kit = await kitOf(t, {
      nodes: [nodeOf('a'), nodeOf('b')],
      pods: [on('a', using('r', 'one', 'many'))],
      ...{ objects: { persistentvolumeclaims }, plugins: ['VolumeRestrictions'] },
    });
    const refusal =
      'unschedulable: node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode';
    t.same(filtered(kit, using('p', 'one')), { a: refusal, b: refusal });
    t.same(filtered(kit, using('p', 'many')), { a: 'ok', b: 'ok' });
    t.same(filtered(kit, using('p', 'none')), {
      '*': 'unresolvable: persistentvolumeclaim "none" not found',
    });
    // Without the pod that uses it, there is room.
    const plugin = kit.plugin('VolumeRestrictions');
    const [state, pod] = [new CycleState(), podInfoOf(using('p', 'one'))];
    plugin.preFilter?.(state, pod, kit.cache);
    const supposed = state.clone();
    const node = kit.cache.get('a')!;
    plugin.removePod?.(supposed, pod, node.pods[0]!, node);
    t.equal(plugin.filter?.(supposed, pod, node), null);
    t.not(plugin.filter?.(state, pod, node), null);
  },
);

t.test('VolumeZone: volumes are used in their zones', async (t) => {
  const nodes = [
    nodeOf('a', { labels: { [zoneLabel]: 'a' } }),
    nodeOf('b', { labels: { [zoneLabel]: 'b' } }),
    nodeOf('region', { labels: { 'topology.kubernetes.io/region': 'r' } }),
    nodeOf('none'),
  ];
  const objects = {
    persistentvolumes: [
      volume('in-a', {}, { [zoneLabel]: 'a' }),
      volume('old', {}, { 'failure-domain.beta.kubernetes.io/zone': 'a' }),
      volume('both', {}, { [zoneLabel]: 'a__b' }),
      volume('anywhere'),
    ],
    persistentvolumeclaims: [
      ...['in-a', 'old', 'both', 'anywhere'].map((name) => claim(name, { volumeName: name })),
      claim('lost', { volumeName: 'gone' }),
      claim('delayed', { storageClassName: 'delayed' }),
      claim('immediate', { storageClassName: 'immediate' }),
      claim('classless'),
    ],
    storageclasses: [
      storageClass('delayed'),
      storageClass('immediate', { volumeBindingMode: 'Immediate' }),
    ],
  };
  const kit = await kitOf(t, { nodes, objects, plugins: ['VolumeZone'] });
  const other = 'unresolvable: node(s) had no available volume zone';
  const rows: readonly (readonly [string, object])[] = [
    ['in-a', { a: 'ok', b: other, region: other, none: 'ok' }],
    ['old', { a: 'ok', b: other, region: other, none: 'ok' }],
    ['both', { a: 'ok', b: 'ok', region: other, none: 'ok' }],
    ['anywhere', { a: 'ok', b: 'ok', region: 'ok', none: 'ok' }],
    ['delayed', { a: 'ok', b: 'ok', region: 'ok', none: 'ok' }],
    ['immediate', { '*': 'unresolvable: PersistentVolume had no name' }],
    [
      'classless',
      { '*': 'unresolvable: PersistentVolumeClaim had no pv name and storageClass name' },
    ],
    ['lost', { '*': 'unresolvable: persistentvolume "gone" not found' }],
    ['missing', { '*': 'unresolvable: persistentvolumeclaim "missing" not found' }],
  ];
  for (const [name, expected] of rows) t.same(filtered(kit, using('p', name)), expected, name);
});

t.test('NodeVolumeLimits: nodes take as many volumes of a driver as they say', async (t) => {
  const csi = (name: string) => volume(name, { csi: { driver: 'disk.test', volumeHandle: name } });
  const names = ['v1', 'v2', 'v3', 'v4'];
  const kit = await kitOf(t, {
    nodes: [nodeOf('n'), nodeOf('unlimited')],
    pods: [on('n', using('r1', 'v1')), on('n', using('r2', 'v1'))],
    objects: {
      persistentvolumes: names.map(csi),
      persistentvolumeclaims: [
        ...names.map((name) => claim(name, { volumeName: name })),
        claim('new', { storageClassName: 'disk' }),
      ],
      storageclasses: [storageClass('disk', { provisioner: 'disk.test' })],
      csinodes: [
        {
          metadata: { name: 'n' },
          spec: { drivers: [{ name: 'disk.test', nodeID: 'n', allocatable: { count: 3 } }] },
        } as never,
      ],
      volumeattachments: [
        {
          metadata: { name: 'x' },
          spec: { attacher: 'disk.test', nodeName: 'n', source: { persistentVolumeName: 'v4' } },
        } as never,
      ],
    },
    plugins: ['NodeVolumeLimits'],
  });
  const full = 'unschedulable: node(s) exceed max volume count';
  // v1 is used there, and v4 still attached: there is room for one more.
  for (const [claims, expected] of [
    [['v2'], 'ok'],
    [['v2', 'v3'], full],
    [['v1', 'v2'], 'ok'],
    [['v4', 'v2'], 'ok'],
    [['new'], 'ok'],
    [['new', 'v2'], full],
  ] as const)
    t.same(filtered(kit, using('p', ...claims)), { n: expected, unlimited: 'ok' }, claims.join());
  t.match(filtered(kit, using('p', 'missing')), {
    n: 'error: looking up PVC default/missing: persistentvolumeclaim "missing" not found',
  });
});

const binding = (kit: Kit, pod: Pod) => filtered(kit, pod);

t.test('VolumeBinding: volumes must be had on the node', async (t) => {
  const capacity = (name: string, size: string, node: string) => ({
    metadata: { name, namespace: 'kube-system' },
    ...{ storageClassName: 'tracked', capacity: size },
    nodeTopology: { matchLabels: { 'kubernetes.io/hostname': node } },
  });
  const objects = {
    persistentvolumes: [
      volume('pv-a', onlyOn('a')),
      volume('local-a', { ...onlyOn('a'), storageClassName: 'local' }),
      volume('small-b', {
        ...onlyOn('b'),
        storageClassName: 'local',
        capacity: { storage: '1Gi' },
      }),
      volume('taken-b', {
        ...onlyOn('b'),
        storageClassName: 'local',
        claimRef: { namespace: 'default', name: 'somebody' },
      }),
      volume('meant-b', {
        ...onlyOn('b'),
        storageClassName: 'local',
        claimRef: { namespace: 'default', name: 'meant' },
      }),
    ],
    persistentvolumeclaims: [
      claim('bound', { volumeName: 'pv-a' }),
      claim('lost', { volumeName: 'gone' }),
      claim('local', { storageClassName: 'local' }),
      claim('local2', { storageClassName: 'local' }),
      claim('meant', { storageClassName: 'local' }),
      claim('dynamic', { storageClassName: 'dynamic' }),
      claim('zonal', { storageClassName: 'zonal' }),
      claim('tracked', { storageClassName: 'tracked' }),
      claim(
        'selected',
        { storageClassName: 'dynamic' },
        { annotations: { 'volume.kubernetes.io/selected-node': 'b' } },
      ),
      claim('immediate', { storageClassName: 'immediate' }),
      claim('going', { volumeName: 'pv-a' }, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      { ...claim('dead', { volumeName: 'pv-x' }), status: { phase: 'Lost' } },
      claim('unknown', { storageClassName: 'nowhere' }),
    ],
    storageclasses: [
      storageClass('local'),
      storageClass('dynamic', { provisioner: 'disk.test' }),
      storageClass('zonal', {
        provisioner: 'disk.test',
        allowedTopologies: [
          { matchLabelExpressions: [{ key: 'kubernetes.io/hostname', values: ['b'] }] },
        ],
      }),
      storageClass('tracked', { provisioner: 'tracked.test' }),
      storageClass('immediate', { volumeBindingMode: 'Immediate' }),
    ],
    csidrivers: [{ metadata: { name: 'tracked.test' }, spec: { storageCapacity: true } }],
    csistoragecapacities: [capacity('a', '1Gi', 'a'), capacity('b', '100Gi', 'b')],
  };
  const nodes: Node[] = [nodeOf('a'), nodeOf('b')];
  const kit = await kitOf(t, { nodes, objects: objects as never, plugins: ['VolumeBinding'] });
  const affinity = "unresolvable: node(s) didn't match PersistentVolume's node affinity";
  const none = "unresolvable: node(s) didn't find available persistent volumes to bind";
  const space = 'unresolvable: node(s) did not have enough free storage';
  const gone =
    'unresolvable: node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)';
  const rows: readonly (readonly [readonly string[], object])[] = [
    [[], { a: 'ok', b: 'ok' }],
    [['bound'], { a: 'ok', b: affinity }],
    [['lost'], { a: gone, b: gone }],
    [['local'], { a: 'ok', b: none }],
    // One volume is not enough for two claims.
    [['local', 'local2'], { a: none, b: none }],
    [['meant'], { a: none, b: 'ok' }],
    [['dynamic'], { a: 'ok', b: 'ok' }],
    [['zonal'], { a: none, b: 'ok' }],
    [['tracked'], { a: space, b: 'ok' }],
    [['selected'], { a: none, b: 'ok' }],
    [['bound', 'zonal'], { a: none, b: affinity }],
    [['immediate'], { '*': 'unresolvable: pod has unbound immediate PersistentVolumeClaims' }],
    [['unknown'], { '*': 'unresolvable: pod has unbound immediate PersistentVolumeClaims' }],
    [['going'], { '*': 'unresolvable: persistentvolumeclaim "going" is being deleted' }],
    [
      ['dead'],
      {
        '*': 'unresolvable: persistentvolumeclaim "dead" bound to non-existent persistentvolume "pv-x"',
      },
    ],
    [['missing'], { '*': 'unresolvable: persistentvolumeclaim "missing" not found' }],
  ];
  for (const [claims, expected] of rows)
    t.same(binding(kit, using('p', ...claims)), expected, claims.join());
  const ephemeral = podOf('p', { volumes: [{ name: 'scratch', ephemeral: {} }] });
  t.same(binding(kit, ephemeral), {
    '*': 'unresolvable: waiting for ephemeral volume controller to create the persistentvolumeclaim "p-scratch"',
  });
});

/** Brings a pod up to where its volumes are reserved on a node. */
function reserve(kit: Kit, pod: Pod, nodeName: string): CycleState {
  const [state, info] = [new CycleState(), podInfoOf(pod)];
  const outcome = kit.profile.preFilter(state, info, kit.cache);
  if (outcome.kind === 'refused') throw new Error(outcome.status.reasons.join());
  for (const node of kit.cache.all)
    kit.profile.filter(kit.profile.activeFilters(state), state, info, node);
  kit.profile.reserve(state, info, nodeName);
  return state;
}

t.test('VolumeBinding: what is reserved is taken, until it is given back', async (t) => {
  const kit = await kitOf(t, {
    nodes: [nodeOf('a')],
    objects: {
      persistentvolumes: [volume('pv', { ...onlyOn('a'), storageClassName: 'local' })],
      persistentvolumeclaims: [
        claim('one', { storageClassName: 'local' }),
        claim('two', { storageClassName: 'local' }),
      ],
      storageclasses: [storageClass('local')],
    },
    plugins: ['VolumeBinding'],
  });
  const state = reserve(kit, using('p', 'one'), 'a');
  const none = "unresolvable: node(s) didn't find available persistent volumes to bind";
  t.same(filtered(kit, using('q', 'two')), { a: none });
  kit.profile.unreserve(state, podInfoOf(using('p', 'one')), 'a');
  t.same(filtered(kit, using('q', 'two')), { a: 'ok' });
});

t.test(
  'VolumeBinding: binds before the pod, and waits for the controller and the provisioner',
  async (t) => {
    const pod = using('p', 'static', 'dynamic');
    const kit = await kitOf(t, {
      nodes: [nodeOf('a')],
      objects: {
        pods: [pod],
        persistentvolumes: [volume('pv', { ...onlyOn('a'), storageClassName: 'local' })],
        persistentvolumeclaims: [
          claim('static', { storageClassName: 'local' }),
          claim('dynamic', { storageClassName: 'disk' }),
        ],
        storageclasses: [storageClass('local'), storageClass('disk', { provisioner: 'disk.test' })],
      },
      plugins: ['VolumeBinding'],
    });
    const state = reserve(kit, pod, 'a');
    const result = kit.profile.preBind(state, podInfoOf(pod), 'a', new AbortController().signal);
    const claims = () => kit.api.objects<PersistentVolumeClaim>('persistentvolumeclaims');
    while (claims().get('default/dynamic')?.metadata.annotations === undefined)
      await new Promise<void>((resolve) => setImmediate(resolve));
    t.equal(
      claims().get('default/dynamic')?.metadata.annotations?.['volume.kubernetes.io/selected-node'],
      'a',
    );
    const written = kit.api.objects<PersistentVolume>('persistentvolumes').get('pv');
    t.match(written?.spec?.claimRef, {
      kind: 'PersistentVolumeClaim',
      namespace: 'default',
      name: 'static',
      uid: 'static',
    });
    t.equal(written?.metadata.annotations?.['pv.kubernetes.io/bound-by-controller'], 'yes');
    // What the controller and the provisioner do.
    kit.api.put('persistentvolumes', volume('made', { storageClassName: 'disk' }));
    for (const [name, volumeName] of [
      ['static', 'pv'],
      ['dynamic', 'made'],
    ] as const) {
      const known = claims().get(`default/${name}`)!;
      const annotations = {
        ...known.metadata.annotations,
        'pv.kubernetes.io/bind-completed': 'yes',
      };
      kit.api.put('persistentvolumeclaims', {
        ...known,
        metadata: { ...known.metadata, annotations },
        spec: { ...known.spec, volumeName },
      } as never);
    }
    t.equal(await result, null);
  },
);

t.test('VolumeBinding: a provisioner that gives up has the pod tried again', async (t) => {
  const pod = using('p', 'dynamic');
  const kit = await kitOf(t, {
    nodes: [nodeOf('a')],
    objects: {
      pods: [pod],
      persistentvolumeclaims: [claim('dynamic', { storageClassName: 'disk' })],
      storageclasses: [storageClass('disk', { provisioner: 'disk.test' })],
    },
    plugins: ['VolumeBinding'],
  });
  const state = reserve(kit, pod, 'a');
  const result = kit.profile.preBind(state, podInfoOf(pod), 'a', new AbortController().signal);
  const claims = () => kit.api.objects<PersistentVolumeClaim>('persistentvolumeclaims');
  while (claims().get('default/dynamic')?.metadata.annotations === undefined)
    await new Promise<void>((resolve) => setImmediate(resolve));
  kit.api.put('persistentvolumeclaims', claim('dynamic', { storageClassName: 'disk' }));
  t.match(await result, {
    code: 'error',
    reasons: ['binding volumes: provisioning failed for PVC "dynamic"'],
  });
});

t.test('VolumeBinding: waits no longer than it may', async (t) => {
  const pod = using('p', 'dynamic');
  const kit = await kitOf(t, {
    nodes: [nodeOf('a')],
    objects: {
      pods: [pod],
      persistentvolumeclaims: [claim('dynamic', { storageClassName: 'disk' })],
      storageclasses: [storageClass('disk', { provisioner: 'disk.test' })],
    },
    ...{ plugins: ['VolumeBinding'], args: { VolumeBinding: { bindTimeoutSeconds: 0 } } },
  });
  const state = reserve(kit, pod, 'a');
  const result = await kit.profile.preBind(
    state,
    podInfoOf(pod),
    'a',
    new AbortController().signal,
  );
  t.match(result, { code: 'error', reasons: ['binding volumes: context deadline exceeded'] });
});
