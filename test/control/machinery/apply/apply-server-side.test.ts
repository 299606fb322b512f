import t from 'tap';
import {
  applyServerSide,
  keepTimesOfUnchanged,
  type ServerSideApply,
  type VersionedKind,
} from '../../../../src/control/machinery/apply/index.js';
import type { JsonObject } from '../../../../src/control/machinery/json.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';
import { StatusError } from '../../../../src/control/machinery/status.js';
import { entry, now, nowMs, object, owners, specOf, text, thing, thingKind } from './rig.js';

const apply = (live: KubeObject | null, applied: KubeObject, more: Partial<ServerSideApply> = {}) =>
  applyServerSide({
    kind: thingKind,
    live,
    applied,
    manager: 'me',
    force: false,
    subresource: '',
    nowMs,
    ...more,
  });

function refusal(act: () => unknown): StatusError {
  try {
    act();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

t.test('applyServerSide creates an object that the manager owns', async (t) => {
  const made = apply(null, thing({ count: 1, tags: ['a'], part: {} }, { labels: { l: 'x' } }));
  t.same(specOf(made), { count: 1, tags: ['a'], part: {} });
  t.same(made.metadata.managedFields, [
    {
      manager: 'me',
      operation: 'Apply',
      apiVersion: 'v1',
      time: now,
      fieldsType: 'FieldsV1',
      fieldsV1: {
        'f:metadata': { 'f:labels': { 'f:l': {} } },
        'f:spec': { 'f:count': {}, 'f:part': {}, 'f:tags': { 'v:"a"': {} } },
      },
    },
  ]);
});

t.test('applyServerSide of nothing owns nothing', async (t) => {
  const made = apply(null, { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'x' } });
  t.equal(made.metadata.managedFields, undefined);
});

const removals: [
  title: string,
  first: JsonObject,
  second: JsonObject,
  left: JsonObject,
  /** What another manager applies in between. */
  other?: JsonObject,
][] = [
  ['a value', { count: 1, title: 'x' }, { title: 'x' }, { title: 'x' }],
  ['a key', { pairs: { a: 'x', b: 'y' } }, { pairs: { a: 'x' } }, { pairs: { a: 'x' } }],
  ['all keys', { count: 1, pairs: { a: 'x' } }, { count: 1 }, { count: 1 }],
  ['an item of a set', { tags: ['a', 'b'] }, { tags: ['b'] }, { tags: ['b'] }],
  [
    'an item with keys',
    { ports: [{ number: 1, name: 'a' }, { number: 2 }] },
    { ports: [{ number: 2 }] },
    { ports: [{ number: 2 }] },
  ],
  [
    'a field of an item',
    { ports: [{ number: 1, name: 'a' }] },
    { ports: [{ number: 1 }] },
    { ports: [{ number: 1 }] },
  ],
  ['an object', { count: 1, part: { deep: { c: 1 } } }, { count: 1 }, { count: 1 }],
  ['one value', { count: 1, one: { a: 'x' } }, { count: 1 }, { count: 1 }],
  ['a list that is one value', { count: 1, order: ['a'] }, { count: 1 }, { count: 1 }],
  [
    'not what others own too',
    { count: 1, title: 'x' },
    { count: 1 },
    { count: 1, title: 'x' },
    { title: 'x' },
  ],
  [
    'not the object that others have fields in',
    { count: 1, part: { a: 'x' } },
    { count: 1 },
    { count: 1, part: { b: 'y' } },
    { part: { b: 'y' } },
  ],
  [
    'not the item that others have fields in',
    { count: 1, ports: [{ number: 1, name: 'a' }] },
    { count: 1 },
    { count: 1, ports: [{ number: 1 }] },
    { ports: [{ number: 1 }] },
  ],
];
for (const [title, first, second, left, other] of removals) {
  t.test(`applyServerSide removes what it does not apply any more: ${title}`, async (t) => {
    let live = apply(null, thing(first));
    if (other !== undefined) live = apply(live, thing(other), { manager: 'other' });
    const result = apply(live, thing(second));
    t.same(withoutNulls(specOf(result)), left);
  });
}

const withoutNulls = (fields: JsonObject) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));

t.test('applyServerSide leaves alone what nobody owns', async (t) => {
  const live = apply(null, thing({ count: 1 }));
  const defaulted = {
    ...live,
    spec: { count: 1, title: 'default', part: { a: 'x' } },
  } as KubeObject;
  t.same(specOf(apply(defaulted, thing({ count: 2 }))), {
    count: 2,
    title: 'default',
    part: { a: 'x' },
  });
});

t.test('applyServerSide leaves alone what an update put into what it gave up', async (t) => {
  const live = apply(null, thing({ count: 1, pairs: { a: 'x' } }));
  const metadata = {
    ...live.metadata,
    managedFields: [
      ...(live.metadata.managedFields ?? []),
      entry('editor', 'Update', [['f:spec', 'f:pairs', 'f:b']]),
    ],
  };
  const edited = { ...live, metadata, spec: { count: 1, pairs: { a: 'x', b: 'y' } } } as KubeObject;
  const result = apply(edited, thing({ count: 1 }));
  t.same(specOf(result), { count: 1, pairs: { b: 'y' } });
  t.same(owners(result.metadata.managedFields), [
    'me Apply /spec/count',
    'editor Update /spec/pairs/b',
  ]);
});

t.test('applyServerSide refuses to change what others own', async (t) => {
  const live = apply(null, thing({ count: 1 }), { manager: 'other' });
  const { status } = refusal(() => apply(live, thing({ count: 2 })));
  t.same(status, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'Apply failed with 1 conflict: conflict with "other": .spec.count',
    reason: 'Conflict',
    details: {
      causes: [
        { reason: 'FieldManagerConflict', message: 'conflict with "other"', field: '.spec.count' },
      ],
    },
    code: 409,
  });
});

t.test('applyServerSide names all conflicts by manager', async (t) => {
  const managedFields = [
    entry('z', 'Update', [['f:spec', 'f:title']], { subresource: 'part' }),
    entry('a', 'Update', [
      ['f:spec', 'f:count'],
      ['f:spec', 'f:ports', 'k:{"number":1,"protocol":"TCP"}', 'f:name'],
    ]),
  ];
  const live = thing(
    { count: 1, title: 'x', ports: [{ number: 1, name: 'p' }] },
    { uid: 'u', managedFields },
  );
  const applied = thing({ count: 2, title: 'y', ports: [{ number: 1, name: 'q' }] });
  const { status } = refusal(() => apply(live, applied));
  t.equal(
    status.message,
    [
      'Apply failed with 3 conflicts: conflicts with "a" using v1:',
      '- .spec.count',
      '- .spec.ports[number=1,protocol="TCP"].name',
      'conflicts with "z" with subresource "part" using v1:',
      '- .spec.title',
    ].join('\n'),
  );
  t.equal(status.details?.causes?.length, 3);
  const forced = apply(live, applied, { force: true });
  t.same(owners(forced.metadata.managedFields), [
    'me Apply /spec/count /spec/ports/{"number":1,"protocol":"TCP"}. /spec/ports/{"number":1,"protocol":"TCP"}/name /spec/ports/{"number":1,"protocol":"TCP"}/number /spec/title',
  ]);
});

t.test(
  'applyServerSide shares what it agrees with, and stays owner when the other goes',
  async (t) => {
    const first = apply(null, thing({ count: 1 }), { manager: 'other' });
    const both = apply(first, thing({ count: 1 }));
    t.same(owners(both.metadata.managedFields), [
      'me Apply /spec/count',
      'other Apply /spec/count',
    ]);
    const left = apply(both, thing({ title: 'x' }), { manager: 'other', nowMs: nowMs + 60_000 });
    t.same(specOf(left), { count: 1, title: 'x' });
    t.same(owners(left.metadata.managedFields), [
      'me Apply /spec/count',
      'other Apply /spec/title',
    ]);
  },
);

t.test('applyServerSide of the same again changes nothing, not even a time', async (t) => {
  const live = apply(null, thing({ count: 1, tags: ['a'] }));
  t.same(apply(live, thing({ count: 1, tags: ['a'] }), { nowMs: nowMs + 60_000 }), live);
});

t.test('applyServerSide notes no time for who joins without a change', async (t) => {
  const live = apply(null, thing({ count: 1 }));
  const joined = apply(live, thing({ count: 1 }), { manager: 'other' });
  t.same(
    joined.metadata.managedFields?.map(({ manager, time }) => [manager, time]),
    [
      ['other', undefined],
      ['me', now],
    ],
  );
});

t.test('applyServerSide gives what nobody noted to before-first-apply', async (t) => {
  const live = thing({ count: 1, title: 'x' }, { uid: 'u' });
  const { message } = refusal(() => apply(live, thing({ count: 2 })));
  t.equal(
    message,
    'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .spec.count',
  );
  const same = apply(live, thing({ count: 1 }));
  t.same(owners(same.metadata.managedFields), [
    'me Apply /spec/count',
    'before-first-apply Update /spec. /spec/count /spec/title',
  ]);
});

t.test('applyServerSide does not own what its way of writing does not set', async (t) => {
  const applied = { ...thing({ count: 1 }), status: { phase: 'done' } } as KubeObject;
  const made = apply(null, applied);
  t.same(owners(made.metadata.managedFields), ['me Apply /spec/count']);
});

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

t.test('applyServerSide lets kubectl take over what its client-side apply set', async (t) => {
  const last = JSON.stringify(thing({ count: 1, title: 'x' }));
  const managedFields = [
    entry('kubectl-client-side-apply', 'Update', [
      ['f:spec', 'f:count'],
      ['f:spec', 'f:title'],
    ]),
  ];
  const annotations = { [lastApplied]: last };
  const live = (title: string) =>
    thing({ count: 1, title }, { uid: 'u', annotations, managedFields });
  const result = apply(live('x'), thing({ count: 2, title: 'x' }), { manager: 'kubectl' });
  t.same(specOf(result), { count: 2, title: 'x' });
  t.equal(
    result.metadata.annotations?.[lastApplied],
    '{"apiVersion":"v1","kind":"Thing","metadata":{"name":"x"},"spec":{"count":2,"title":"x"}}\n',
  );
  const others = refusal(() => apply(live('x'), thing({ count: 2 }), { manager: 'me' }));
  t.match(others.message, /^Apply failed with 1 conflict: .*: \.spec\.count$/);
  const changed = refusal(() =>
    apply(live('changed'), thing({ count: 2, title: 'y' }), { manager: 'kubectl' }),
  );
  t.match(changed.message, /^Apply failed with 1 conflict: .*: \.spec\.title$/);
});

t.test('applyServerSide drops a last-applied annotation that would be too long', async (t) => {
  const annotations = { [lastApplied]: '{}', other: 'kept' };
  const live = thing({}, { uid: 'u', annotations });
  const result = apply(live, thing({ title: 'x'.repeat(300_000) }), { manager: 'kubectl' });
  t.same(result.metadata.annotations, { other: 'kept' });
});

const refused: [title: string, applied: KubeObject, code: number, message: string][] = [
  ['managed fields', thing({}, { managedFields: [] }), 400, 'metadata.managedFields must be nil'],
  [
    'fields that nobody knows',
    thing({ part: { z: 1 } }),
    500,
    'failed to create typed patch object (/x; /v1, Kind=Thing): .spec.part.z: field not declared in schema',
  ],
  [
    'a text for a number',
    thing({ count: '1' }, { namespace: 'n' }),
    500,
    'failed to create typed patch object (n/x; /v1, Kind=Thing): .spec.count: expected numeric (int or float), got string',
  ],
  [
    'a number for a text',
    thing({ title: 1 }),
    500,
    'failed to create typed patch object (/x; /v1, Kind=Thing): .spec.title: expected string, got &value.valueUnstructured{Value:1}',
  ],
  [
    'a text for a boolean',
    thing({ flag: 'yes' }),
    500,
    'failed to create typed patch object (/x; /v1, Kind=Thing): .spec.flag: expected boolean, got &{yes}',
  ],
  [
    'an object for a quantity',
    thing({ amount: { b: [1], a: null } }),
    500,
    'failed to create typed patch object (/x; /v1, Kind=Thing): .spec.amount: expected any scalar, got &{map[a:<nil> b:[1]]}',
  ],
  [
    'a list for an object, and a text for a list',
    thing({ part: ['a'], tags: 'b' }),
    500,
    'failed to create typed patch object (/x; /v1, Kind=Thing): errors:\n  .spec.part: expected map, got &{[a]}\n  .spec.tags: expected list, got &{b}',
  ],
  [
    'items twice',
    thing({ ports: [{ number: 1 }, { number: 1, protocol: 'TCP' }] }),
    500,
    'failed to create typed patch object (/x; /v1, Kind=Thing): .spec.ports: duplicate entries for key [number=1,protocol="TCP"]',
  ],
  [
    'values twice',
    thing({ tags: ['a', 'a'] }),
    500,
    'failed to create typed patch object (/x; /v1, Kind=Thing): .spec.tags: duplicate entries for key [="a"]',
  ],
  [
    'objects in a set',
    thing({ tags: [{}] }),
    500,
    "failed to create typed patch object (/x; /v1, Kind=Thing): .spec.tags: element 0: associative list without keys has an element that's a map type",
  ],
  [
    'null among items with keys',
    thing({ ports: [null] }),
    500,
    'failed to create typed patch object (/x; /v1, Kind=Thing): .spec.ports: element 0: associative list with keys may not have a null element',
  ],
  [
    'items whose fields are wrong',
    thing({ ports: [{ number: 1, name: true }] }),
    500,
    'failed to create typed patch object (/x; /v1, Kind=Thing): .spec.ports[number=1,protocol="TCP"].name: expected string, got &value.valueUnstructured{Value:true}',
  ],
];
for (const [title, applied, code, message] of refused) {
  t.test(`applyServerSide refuses ${title}`, async (t) => {
    const error = refusal(() => apply(null, applied));
    t.equal(error.message, message);
    t.equal(error.code, code);
  });
}

t.test(
  'applyServerSide refuses what is there with managed fields that it cannot read',
  async (t) => {
    const live = thing({}, { uid: 'u', managedFields: [{ manager: 'x', operation: 'Apply' }] });
    const error = refusal(() => apply(live, thing({})));
    t.equal(error.message, 'failed to decode managed fields: apiVersion must not be empty');
  },
);

t.test('applyServerSide tidies up owners whose version or schema is gone', async (t) => {
  const managedFields = [
    entry('old', 'Apply', [['f:spec', 'f:count']], { apiVersion: 'v0' }),
    entry('parts', 'Apply', [['f:spec', 'f:one', 'f:a']]),
  ];
  const live = thing({ count: 1, one: { a: 'x' } }, { uid: 'u', managedFields });
  const result = apply(live, thing({ count: 2 }));
  t.same(owners(result.metadata.managedFields), ['parts Apply /spec/one', 'me Apply /spec/count']);
});

/** A second version, in which `title` is called `heading`. */
const v2Schema = object({
  apiVersion: text,
  kind: text,
  metadata: object({ name: text, uid: text }),
  spec: object({
    heading: text,
    count: thingKind.schemaIn('v1')?.fields.get('spec')?.fields.get('count') ?? text,
  }),
});
const v2Kind: VersionedKind = {
  ...thingKind,
  apiVersion: 'v2',
  schemaIn: (apiVersion) => (apiVersion === 'v2' ? v2Schema : thingKind.schemaIn(apiVersion)),
  convert(given, apiVersion) {
    if (given.apiVersion === apiVersion) return given;
    const [from, to] = apiVersion === 'v2' ? ['title', 'heading'] : ['heading', 'title'];
    const { [from as string]: value, ...spec } = specOf(given) ?? {};
    const renamed = value === undefined ? {} : { [to as string]: value };
    return { ...given, apiVersion, spec: { ...spec, ...renamed } } as KubeObject;
  },
  emptyObject: () => ({ apiVersion: 'v2', kind: 'Thing', metadata: {}, spec: {} }) as KubeObject,
};
const second = (spec: JsonObject) => ({ ...thing(spec), apiVersion: 'v2' });

t.test('applyServerSide asks owners in their own version', async (t) => {
  const managedFields = [entry('first', 'Update', [['f:spec', 'f:title']])];
  const live = {
    ...thing({ heading: 'x' }, { uid: 'u', managedFields }),
    apiVersion: 'v2',
  } as KubeObject;
  const error = refusal(() => apply(live, second({ heading: 'y' }), { kind: v2Kind }));
  t.equal(
    error.message,
    'Apply failed with 1 conflict: conflict with "first" using v1: .spec.title',
  );
  const forced = apply(live, second({ heading: 'y' }), { kind: v2Kind, force: true });
  t.same(owners(forced.metadata.managedFields), ['me Apply /spec/heading']);
});

t.test('applyServerSide removes in the version in which it applied before', async (t) => {
  const managedFields = [
    entry('me', 'Apply', [
      ['f:spec', 'f:title'],
      ['f:spec', 'f:count'],
    ]),
  ];
  const live = {
    ...thing({ heading: 'x', count: 1 }, { uid: 'u', managedFields }),
    apiVersion: 'v2',
  } as KubeObject;
  const result = apply(live, second({ count: 1 }), { kind: v2Kind });
  t.same(specOf(result), { count: 1 });
  t.equal(result.apiVersion, 'v2');
  t.same(
    result.metadata.managedFields?.map(({ apiVersion }) => apiVersion),
    ['v2'],
  );
});

t.test('keepTimesOfUnchanged puts back managed fields of which only times are new', async (t) => {
  const live = apply(null, thing({ count: 1 }));
  const entries = live.metadata.managedFields ?? [];
  const later = () => entries.map((each) => ({ ...each, time: '2027-01-01T00:00:00Z' }));
  const same = { ...live, metadata: { ...live.metadata, managedFields: later() } };
  keepTimesOfUnchanged(same, live);
  t.same(same, live);
  const changed = {
    ...live,
    metadata: { ...live.metadata, labels: { a: 'b' }, managedFields: later() },
  };
  keepTimesOfUnchanged(changed, live);
  t.same(changed.metadata.managedFields, later());
});
