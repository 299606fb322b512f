import t from 'tap';
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  PersistentVolumeSpec,
  Volume,
} from '../../../../src/control/api/gen/core-v1.js';
import {
  cellsOf,
  context,
  createErrors,
  defaulted,
  kindOf,
  podOf,
  statusErrors,
  updateErrors,
} from './fixtures.js';

const volumes: readonly (readonly [volume: Volume, errors: readonly string[]])[] = [
  [
    { name: 'a', emptyDir: { sizeLimit: '-1' } },
    ['emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity'],
  ],
  [
    { name: 'a', emptyDir: {}, hostPath: { path: '/' } },
    ['hostPath: Forbidden: may not specify more than 1 volume type'],
  ],
  [
    { name: 'a', hostPath: { path: '/a/..' } },
    ['hostPath.path: Invalid value: "/a/..": must not contain \'..\''],
  ],
  [
    { name: 'a', hostPath: { path: '/a', type: 'X' } },
    [
      'hostPath.type: Unsupported value: "X": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
    ],
  ],
  [
    { name: 'a', secret: { defaultMode: 512 } },
    [
      'secret.secretName: Required value',
      'secret.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
    ],
  ],
  [
    { name: 'a', configMap: { name: 'm', items: [{ key: '', path: '../x' }] } },
    [
      'configMap.items[0].key: Required value',
      'configMap.items[0].path: Invalid value: "../x": must not contain \'..\'',
    ],
  ],
  [
    { name: 'a', gcePersistentDisk: { partition: 256 } },
    [
      'persistentDisk.pdName: Required value',
      'persistentDisk.partition: Invalid value: 256: must be between 1 and 255, inclusive',
    ],
  ],
  [
    { name: 'a', nfs: { path: 'x' } },
    ['nfs.server: Required value', 'nfs.path: Invalid value: "x": must be an absolute path'],
  ],
  [{ name: 'a', csi: { driver: '' } }, ['csi.driver: Required value']],
  [{ name: 'a', persistentVolumeClaim: {} }, ['persistentVolumeClaim.claimName: Required value']],
  [{ name: 'a', projected: { sources: [{}] } }, []],
  [
    { name: 'a', projected: { sources: [{ secret: { name: 's' }, configMap: { name: 'c' } }] } },
    ['projected.sources[0]: Forbidden: may not specify more than 1 volume type per source'],
  ],
  [
    { name: 'a', ephemeral: { volumeClaimTemplate: { spec: {} } } },
    [
      'ephemeral.volumeClaimTemplate.spec.accessModes: Required value: at least 1 access mode is required',
      'ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value',
    ],
  ],
  [
    { name: 'a', iscsi: { targetPortal: 'p', iqn: 'x', chapAuthSession: true } },
    [
      'iscsi.iqn: Invalid value: "x": must be valid format starting with iqn, eui, or naa',
      'iscsi.secretRef: Required value',
    ],
  ],
  [{ name: 'a', image: {} }, ['image.reference: Required value']],
  [
    { name: 'A' },
    [
      "name: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ],
  ],
];

t.test('checkVolumes refuses with the texts of the API', async (t) => {
  for (const [volume, errors] of volumes) {
    const expected = errors.map((error) => `spec.volumes[0].${error}`);
    t.same(createErrors('Pod', podOf({ volumes: [volume] })), expected, JSON.stringify(volume));
  }
  t.same(createErrors('Pod', podOf({ volumes: [{ name: 'a' }, { name: 'a' }] })), [
    'spec.volumes[1].name: Duplicate value: "a"',
  ]);
});

function volumeOf(spec: PersistentVolumeSpec = {}): PersistentVolume {
  return {
    metadata: { name: 'v' },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      hostPath: { path: '/d' },
      ...spec,
    },
  };
}

const persistent: readonly (readonly [spec: PersistentVolumeSpec, errors: readonly string[]])[] = [
  [{}, []],
  [
    { capacity: {}, accessModes: [] },
    [
      'spec.accessModes: Required value',
      'spec.capacity: Required value',
      'spec.capacity: Unsupported value: {}: supported values: "storage"',
    ],
  ],
  [
    { accessModes: ['ReadWriteOncePod', 'ReadOnlyMany', 'X'] },
    [
      'spec.accessModes: Unsupported value: "X": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
      'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
    ],
  ],
  [
    { capacity: { storage: '0' } },
    ['spec.capacity[storage]: Invalid value: "0": must be greater than zero'],
  ],
  [
    { hostPath: { path: '/' }, persistentVolumeReclaimPolicy: 'Recycle' },
    [
      "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
    ],
  ],
  [
    { nfs: { server: 's', path: '/' } },
    ['spec.nfs: Forbidden: may not specify more than 1 volume type'],
  ],
  [
    { nodeAffinity: {} },
    ['spec.nodeAffinity.required: Required value: must specify required node constraints'],
  ],
  [
    { volumeAttributesClassName: 'c' },
    ['spec.csi: Required value: has to be specified when using volumeAttributesClassName'],
  ],
];

t.test('PersistentVolume refuses with the texts of the API', async (t) => {
  for (const [spec, errors] of persistent) {
    t.same(createErrors('PersistentVolume', volumeOf(spec)), errors, JSON.stringify(spec));
  }
  const { hostPath: _, ...rest } = volumeOf().spec ?? {};
  const local = { metadata: { name: 'v' }, spec: { ...rest, local: { path: '/d' } } };
  t.same(createErrors('PersistentVolume', local), [
    'spec.nodeAffinity: Required value: Local volume requires node affinity',
  ]);
  t.same(
    createErrors('PersistentVolume', { metadata: { name: 'v' }, spec: rest } as PersistentVolume),
    ['spec: Required value: must specify a volume type'],
  );
});

t.test('PersistentVolume keeps its source and its nodes', async (t) => {
  const affinity = (key: string): PersistentVolumeSpec => ({
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values: ['a'] }] }],
      },
    },
  });
  const update = (spec: PersistentVolumeSpec, old: PersistentVolumeSpec) =>
    updateErrors('PersistentVolume', volumeOf(spec), volumeOf(old));
  t.same(update({ capacity: { storage: '2Gi' } }, {}), []);
  t.match(
    update({ hostPath: { path: '/e' } }, {})[0],
    /^spec\.persistentvolumesource: Forbidden: spec\.persistentvolumesource is immutable after creation\n@@ /,
  );
  t.same(update({ volumeMode: 'Block' }, {}), [
    'volumeMode: Invalid value: "Block": field is immutable',
  ]);
  const beta = affinity('failure-domain.beta.kubernetes.io/zone');
  t.same(update(affinity('topology.kubernetes.io/zone'), beta), []);
  t.match(
    update(affinity('other'), beta)[0],
    /^nodeAffinity: Invalid value: .*: field is immutable, except for updating from beta label to GA$/,
  );
  t.same(update(beta, {}), []);
});

t.test('PersistentVolume notes when its phase changes', async (t) => {
  const rules = kindOf('PersistentVolume');
  const volume = volumeOf();
  rules.prepareForCreate?.(volume, context);
  t.same(volume.status, { phase: 'Pending', lastPhaseTransitionTime: '2026-01-01T00:00:00Z' });
  const bound = { ...volumeOf(), status: { phase: 'Bound' } };
  rules.prepareForStatusUpdate?.(bound, volume, { ...context, nowMs: context.nowMs + 1000 });
  t.same(bound.status, { phase: 'Bound', lastPhaseTransitionTime: '2026-01-01T00:00:01Z' });
  t.same(
    cellsOf(
      'PersistentVolume',
      defaulted('PersistentVolume', {
        ...bound,
        spec: { ...volumeOf().spec, claimRef: { namespace: 'n', name: 'c' } },
      } as PersistentVolume),
    ),
    ['v', '1Gi', 'RWO', 'Retain', 'Bound', 'n/c', '', '<unset>', '', '<unknown>', 'Filesystem'],
  );
});

function claimOf(spec: PersistentVolumeClaimSpec = {}): PersistentVolumeClaim {
  return {
    metadata: { name: 'c', namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
  };
}

t.test('PersistentVolumeClaim refuses with the texts of the API', async (t) => {
  const errors = (spec: PersistentVolumeClaimSpec) =>
    createErrors('PersistentVolumeClaim', claimOf(spec));
  t.same(errors({}), []);
  t.same(errors({ accessModes: [], resources: {} }), [
    'spec.accessModes: Required value: at least 1 access mode is required',
    'spec.resources[storage]: Required value',
  ]);
  t.same(errors({ resources: { requests: { storage: '-1' } }, volumeMode: 'X' }), [
    'spec.resources[storage]: Invalid value: "-1": must be greater than zero',
    'spec.volumeMode: Unsupported value: "X": supported values: "Block", "Filesystem"',
  ]);
  t.same(errors({ dataSourceRef: { kind: 'X', name: '' } }), [
    'spec.dataSource.name: Required value',
    'spec.dataSource: Invalid value: "X": must be \'PersistentVolumeClaim\' when referencing the default apiGroup',
    'spec.dataSourceRef.name: Required value',
    'spec.dataSourceRef: Invalid value: "X": must be \'PersistentVolumeClaim\' when referencing the default apiGroup',
  ]);
});

t.test('PersistentVolumeClaim drops what it cannot be filled from', async (t) => {
  const prepared = (spec: PersistentVolumeClaimSpec) => {
    const claim = claimOf(spec);
    kindOf('PersistentVolumeClaim').prepareForCreate?.(claim, context);
    return [claim.spec?.dataSource, claim.spec?.dataSourceRef];
  };
  const source = { kind: 'PersistentVolumeClaim', name: 'x' };
  t.same(prepared({ dataSource: source }), [source, source]);
  t.same(prepared({ dataSourceRef: { kind: 'Any', apiGroup: 'a', name: 'x' } }), [
    { kind: 'Any', apiGroup: 'a', name: 'x' },
    { kind: 'Any', apiGroup: 'a', name: 'x' },
  ]);
  t.same(prepared({ dataSource: { kind: 'Any', name: 'x' } }), [undefined, undefined]);
  t.same(prepared({ dataSourceRef: { ...source, namespace: 'n' } }), [undefined, undefined]);
});

t.test('PersistentVolumeClaim stays as it is but for its size', async (t) => {
  const bound = { phase: 'Bound', capacity: { storage: '1Gi' } };
  const update = (
    spec: PersistentVolumeClaimSpec,
    status: object = bound,
    old: PersistentVolumeClaimSpec = {},
  ) =>
    updateErrors('PersistentVolumeClaim', claimOf(spec), {
      ...claimOf(old),
      status,
    } as PersistentVolumeClaim);
  const size = (storage: string) => ({ resources: { requests: { storage } } });
  t.same(update(size('2Gi')), []);
  t.same(update({ volumeName: 'v' }), []);
  t.same(update({ storageClassName: 'fast' }), []);
  t.match(
    update({ volumeName: 'w' }, bound, { volumeName: 'v' })[0],
    /^spec: Forbidden: spec is immutable after creation except resources\.requests and volumeAttributesClassName for bound claims\n@@ /,
  );
  t.match(update(size('2Gi'), { phase: 'Pending' })[0], /^spec: Forbidden: spec is immutable/);
  t.same(update(size('512Mi'), bound, size('2Gi')), [
    'spec.resources.requests.storage: Forbidden: field can not be less than status.capacity',
  ]);
  t.same(update(size('1536Mi'), bound, size('2Gi')), []);
});

t.test('PersistentVolumeClaim shows what it has', async (t) => {
  const claim = defaulted('PersistentVolumeClaim', claimOf({ storageClassName: 'fast' }));
  t.same(cellsOf('PersistentVolumeClaim', claim), [
    'c',
    'Pending',
    '',
    '',
    '',
    'fast',
    '<unset>',
    '<unknown>',
    'Filesystem',
  ]);
  const status = {
    phase: 'Bound',
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteMany', 'ReadWriteOnce'],
  };
  const bound = { ...defaulted('PersistentVolumeClaim', claimOf({ volumeName: 'v' })), status };
  t.same(cellsOf('PersistentVolumeClaim', bound)?.slice(1, 6), [
    'Bound',
    'v',
    '1Gi',
    'RWO,RWX',
    '',
  ]);
  t.same(
    statusErrors(
      'PersistentVolumeClaim',
      {
        ...claimOf(),
        status: { allocatedResourceStatuses: { cpu: 'X' } },
      } as PersistentVolumeClaim,
      claimOf(),
    ),
    [
      'status.allocatedResourceStatuses: Unsupported value: "cpu": supported values: "storage"',
      'status.allocatedResourceStatuses: Unsupported value: "cpu": supported values: "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible", "NodeResizePending"',
    ],
  );
});
