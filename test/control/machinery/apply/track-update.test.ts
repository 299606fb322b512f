import t from 'tap';
import {
  managedFieldsFromScale,
  managedFieldsToScale,
  type TrackedUpdate,
  trackUpdate,
} from '../../../../src/control/machinery/apply/index.js';
import type { KubeObject, ManagedFieldsEntry } from '../../../../src/control/machinery/object.js';
import { builtInKind, entry, now, nowMs, owners, thing, thingKind } from './rig.js';

const track = (live: KubeObject | null, object: KubeObject, more: Partial<TrackedUpdate> = {}) =>
  trackUpdate({ kind: thingKind, live, object, manager: 'me', subresource: '', nowMs, ...more });

const deployments = builtInKind(
  { group: 'apps', version: 'v1', kind: 'Deployment' },
  {
    spec: {
      selector: {},
      strategy: {},
      template: { metadata: {}, spec: { containers: [] } },
    } as never,
    status: {},
  },
);

t.test('trackUpdate notes of a new Deployment what Kubernetes notes', async (t) => {
  const container = {
    name: 'nginx',
    image: 'nginx:1',
    ports: [{ containerPort: 80, protocol: 'TCP' }],
    resources: {},
    imagePullPolicy: 'IfNotPresent',
  };
  const object = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      strategy: {
        type: 'RollingUpdate',
        rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' },
      },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [container], restartPolicy: 'Always', securityContext: {} },
      },
    },
    status: {},
  } as KubeObject;
  t.same(track(null, object, { kind: deployments, manager: 'kubectl-create' }), [
    {
      manager: 'kubectl-create',
      operation: 'Update',
      apiVersion: 'apps/v1',
      time: now,
      fieldsType: 'FieldsV1',
      fieldsV1: {
        'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
        'f:spec': {
          'f:replicas': {},
          'f:selector': {},
          'f:strategy': {
            'f:rollingUpdate': { '.': {}, 'f:maxSurge': {}, 'f:maxUnavailable': {} },
            'f:type': {},
          },
          'f:template': {
            'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
            'f:spec': {
              'f:containers': {
                'k:{"name":"nginx"}': {
                  '.': {},
                  'f:image': {},
                  'f:imagePullPolicy': {},
                  'f:name': {},
                  'f:ports': {
                    '.': {},
                    'k:{"containerPort":80,"protocol":"TCP"}': {
                      '.': {},
                      'f:containerPort': {},
                      'f:protocol': {},
                    },
                  },
                  'f:resources': {},
                },
              },
              'f:restartPolicy': {},
              'f:securityContext': {},
            },
          },
        },
      },
    },
  ]);
});

/** An object after `me` created it. */
function created(spec: Parameters<typeof thing>[0]): KubeObject {
  const object = thing(spec);
  return withFields({ ...object, metadata: { ...object.metadata, uid: 'u' } }, track(null, object));
}

function withFields(
  object: KubeObject,
  managedFields: ManagedFieldsEntry[] | undefined,
): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return {
    ...object,
    metadata: managedFields === undefined ? metadata : { ...metadata, managedFields },
  };
}

/** The object with another spec, as a client sends it that knows nothing of managed fields. */
const changed = (live: KubeObject, spec: Parameters<typeof thing>[0]) =>
  thing(spec, { uid: live.metadata.uid ?? '' });

t.test('trackUpdate moves what is changed to who changed it', async (t) => {
  const live = created({ count: 1, title: 'x' });
  const entries = track(live, changed(live, { count: 2, title: 'x', flag: true }), {
    manager: 'b',
  });
  t.same(owners(entries), ['b Update /spec/count /spec/flag', 'me Update /spec. /spec/title']);
});

t.test('trackUpdate forgets what is removed', async (t) => {
  const live = created({ count: 1, title: 'x' });
  t.same(owners(track(live, changed(live, { count: 1 }), { manager: 'b' })), [
    'me Update /spec. /spec/count',
  ]);
});

t.test('trackUpdate forgets who owns nothing any more', async (t) => {
  const other = [entry('gone', 'Update', [['f:spec', 'f:count']])];
  const live = thing({ count: 1 }, { uid: 'u', managedFields: other });
  t.same(owners(track(live, changed(live, { count: 2 }))), ['me Update /spec/count']);
});

t.test('trackUpdate sets the time only when something changed', async (t) => {
  const live = created({ count: 1 });
  t.same(
    track(live, changed(live, { count: 1 }), { nowMs: nowMs + 60_000 }),
    live.metadata.managedFields,
  );
  const later = track(live, changed(live, { count: 2 }), { nowMs: nowMs + 60_000 });
  t.equal(later?.[0]?.time, '2026-01-02T03:05:05Z');
});

t.test('trackUpdate notes nothing of what its way of writing does not set', async (t) => {
  const live = created({ count: 1 });
  const object = { ...changed(live, { count: 1 }), status: { phase: 'done' } } as KubeObject;
  t.same(track(live, object, { manager: 'b' }), live.metadata.managedFields);
});

t.test('trackUpdate tells subresources and operations of a manager apart', async (t) => {
  const live = created({ count: 1 });
  const entries = track(live, changed(live, { count: 1, title: 'x' }), { subresource: 'part' });
  t.same(
    entries?.map(({ manager, subresource }) => [manager, subresource]),
    [
      ['me', undefined],
      ['me', 'part'],
    ],
  );
});

t.test('trackUpdate calls a manager without a name unknown', async (t) => {
  t.equal(track(null, thing({ count: 1 }), { manager: '' })?.[0]?.manager, 'unknown');
});

const resets: [title: string, entries: ManagedFieldsEntry[]][] = [
  ['an empty list', []],
  ['one empty entry', [{}]],
];
for (const [title, entries] of resets) {
  t.test(`trackUpdate forgets all for ${title}, and notes nothing after`, async (t) => {
    const live = created({ count: 1 });
    t.equal(track(live, withFields(changed(live, { count: 2 }), entries)), undefined);
    const bare = withFields(live, undefined);
    t.equal(track(bare, changed(live, { count: 3 })), undefined);
  });
  t.test(`trackUpdate of a subresource minds no ${title}`, async (t) => {
    const live = created({ count: 1 });
    const sent = withFields(changed(live, { count: 1 }), entries);
    t.same(track(live, sent, { subresource: 'status' }), live.metadata.managedFields);
  });
}

t.test('trackUpdate takes managed fields that the object carries', async (t) => {
  const live = created({ count: 1, title: 'x' });
  const given = [entry('given', 'Update', [['f:spec', 'f:title']])];
  const entries = track(live, withFields(changed(live, { count: 2, title: 'x' }), given));
  t.same(owners(entries), ['given Update /spec/title', 'me Update /spec/count']);
});

const unreadable: [title: string, entry: ManagedFieldsEntry][] = [
  ['no operation', { ...entry('x', 'Apply', []), operation: 'Nonsense' }],
  ['no version', { ...entry('x', 'Apply', []), apiVersion: '' }],
  ['no type', { ...entry('x', 'Apply', []), fieldsType: '' }],
  ['another type', { ...entry('x', 'Apply', []), fieldsType: 'FieldsV2' }],
  ['no fields', { ...entry('x', 'Apply', []), fieldsV1: { f: {} } }],
];
for (const [title, bad] of unreadable) {
  t.test(`trackUpdate goes on from what was there when an entry has ${title}`, async (t) => {
    const live = created({ count: 1 });
    const entries = track(live, withFields(changed(live, { count: 1 }), [bad]));
    t.same(entries, live.metadata.managedFields);
  });
}

t.test('trackUpdate writes what a client sent in canonical form', async (t) => {
  const live = created({ tags: ['a'] });
  const given = [
    {
      ...entry('given', 'Update', []),
      fieldsV1: { 'f:spec': { 'f:tags': { 'v: "a"': {}, 'f:x': {} } } },
    },
  ];
  const [first] = track(live, withFields(changed(live, { tags: ['a'] }), given)) ?? [];
  t.equal(JSON.stringify(first?.fieldsV1), '{"f:spec":{"f:tags":{"f:x":{},"v:\\"a\\"":{}}}}');
});

t.test('trackUpdate keeps ten managers by updates and makes the oldest one', async (t) => {
  const names = Array.from({ length: 11 }, (_, at) => String.fromCharCode(97 + at));
  const pairs = Object.fromEntries(names.map((name) => [name, name]));
  const managedFields = names.map((name, at) =>
    entry(name, 'Update', [['f:spec', 'f:pairs', `f:${name}`]], {
      time: `2025-01-01T00:00:${String(at + 10)}Z`,
    }),
  );
  const live = thing({ pairs }, { uid: 'u', managedFields });
  const entries = track(live, changed(live, { pairs, count: 1 }), { manager: 'new' });
  t.equal(entries?.length, 10);
  t.same(owners(entries).slice(0, 2), [
    'ancient-changes Update /spec/pairs/a /spec/pairs/b /spec/pairs/c',
    'd Update /spec/pairs/d',
  ]);
  t.equal(entries?.[0]?.time, '2025-01-01T00:00:12Z');
  t.equal(entries?.at(-1)?.manager, 'new');
});

t.test('trackUpdate sorts entries by operation, time, name and version', async (t) => {
  const managedFields = [
    entry('b', 'Update', [['f:spec', 'f:count']]),
    entry('a', 'Update', [['f:spec', 'f:title']]),
    entry('c', 'Update', [['f:spec', 'f:flag']], { time: '2024-01-01T00:00:00Z' }),
    entry('z', 'Apply', [['f:spec', 'f:amount']]),
  ];
  const spec = { count: 1, title: 'x', flag: true, amount: '1' };
  const live = thing(spec, { uid: 'u', managedFields });
  t.same(
    track(live, changed(live, spec))?.map(({ manager }) => manager),
    ['z', 'c', 'a', 'b'],
  );
});

const replicas = ['f:spec', 'f:replicas'];
const paths = new Map([['apps/v1', replicas]]);
const inApps = { apiVersion: 'apps/v1' };

t.test('managedFieldsToScale keeps owners of replicas', async (t) => {
  const entries = [
    entry('both', 'Apply', [replicas, ['f:spec', 'f:paused']], inApps),
    entry('none', 'Update', [['f:spec', 'f:paused']], inApps),
    entry('old', 'Update', [replicas], { apiVersion: 'apps/v0' }),
  ];
  t.same(managedFieldsToScale(entries, paths), [
    entry('both', 'Apply', [replicas], { apiVersion: 'autoscaling/v1' }),
  ]);
  t.equal(managedFieldsToScale(undefined, paths), undefined);
});

const scaled: [title: string, scale: ManagedFieldsEntry[], result: ManagedFieldsEntry[]][] = [
  [
    'takes replicas from who lost them',
    [entry('new', 'Update', [replicas], { apiVersion: 'autoscaling/v1', subresource: 'scale' })],
    [
      entry('both', 'Apply', [['f:spec', 'f:paused']], inApps),
      withoutTime(entry('new', 'Update', [replicas], { ...inApps, subresource: 'scale' })),
    ],
  ],
  [
    'leaves replicas to who still owns them',
    [entry('both', 'Apply', [replicas], { apiVersion: 'autoscaling/v1' })],
    [entry('both', 'Apply', [replicas, ['f:spec', 'f:paused']], inApps)],
  ],
  ['leaves replicas to nobody', [], [entry('both', 'Apply', [['f:spec', 'f:paused']], inApps)]],
];
for (const [title, scale, result] of scaled) {
  t.test(`managedFieldsFromScale ${title}`, async (t) => {
    const entries = [
      entry('both', 'Apply', [replicas, ['f:spec', 'f:paused']], inApps),
      entry('unknown-version', 'Apply', [replicas], { apiVersion: 'apps/v0' }),
    ];
    t.same(managedFieldsFromScale(entries, scale, { paths, apiVersion: 'apps/v1' }), result);
  });
}

function withoutTime({ time: _, ...rest }: ManagedFieldsEntry): ManagedFieldsEntry {
  return rest;
}
