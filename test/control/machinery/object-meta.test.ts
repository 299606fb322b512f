import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { fieldErrorText, fieldPath } from '../../../src/control/machinery/field-path.js';
import { dnsSubdomainProblems } from '../../../src/control/machinery/names.js';
import type { ObjectMeta } from '../../../src/control/machinery/object.js';
import {
  generateName,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from '../../../src/control/machinery/object-meta.js';

const path = fieldPath('metadata');
const good: ObjectMeta = { name: 'a', namespace: 'default' };
const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: '1' };

/** The errors, each cut before the text of a name rule, which has its own test. */
function problems(errors: readonly { field: string; message: string }[]): string[] {
  return errors.map((error) =>
    fieldErrorText(error as Parameters<typeof fieldErrorText>[0]).replace(
      / (a lowercase RFC|must consist of alpha|a valid label must).*$/,
      ' ...',
    ),
  );
}

const creations: [title: string, meta: ObjectMeta, problems: string[]][] = [
  ['good', good, []],
  [
    'good with everything',
    {
      ...good,
      generateName: 'a-',
      generation: 1,
      labels: { 'a.b/c': 'd', e: '' },
      annotations: { 'A.B/c': 'anything at all' },
      ownerReferences: [
        { ...owner, controller: true },
        { ...owner, uid: '2', controller: false },
      ],
      finalizers: ['kubernetes', 'a.b/c'],
      managedFields: [{ manager: 'kubectl', operation: 'Apply', fieldsType: 'FieldsV1' }],
    },
    [],
  ],
  [
    'no name',
    { namespace: 'x' },
    ['metadata.name: Required value: name or generateName is required'],
  ],
  [
    'a bad name and a bad generateName',
    { namespace: 'x', name: 'A', generateName: 'B' },
    ['metadata.generateName: Invalid value: "B": ...', 'metadata.name: Invalid value: "A": ...'],
  ],
  ['no namespace', { name: 'a' }, ['metadata.namespace: Required value']],
  [
    'a bad namespace',
    { name: 'a', namespace: 'a.b' },
    ['metadata.namespace: Invalid value: "a.b": must not contain dots'],
  ],
  [
    'a negative generation',
    { ...good, generation: -1 },
    ['metadata.generation: Invalid value: -1: must be greater than or equal to 0'],
  ],
  [
    'bad labels',
    { ...good, labels: { '-': 'ok', ok: '-' } },
    [
      'metadata.labels: Invalid value: "-": name part ...',
      'metadata.labels: Invalid value: "-": ...',
    ],
  ],
  [
    'a bad annotation',
    { ...good, annotations: { 'a/b/c': '' } },
    ['metadata.annotations: Invalid value: "a/b/c": a valid label key ...'],
  ],
  [
    'annotations of 256 KiB and one byte',
    { ...good, annotations: { a: 'é'.repeat(128 * 1024) } },
    ['metadata.annotations: Too long: may not be more than 262144 bytes'],
  ],
  ['annotations of 256 KiB', { ...good, annotations: { a: 'x'.repeat(256 * 1024 - 1) } }, []],
  [
    'an owner without anything',
    { ...good, ownerReferences: [{}] },
    [
      'metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty',
      'metadata.ownerReferences.kind: Invalid value: "": must not be empty',
      'metadata.ownerReferences.name: Invalid value: "": must not be empty',
      'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
    ],
  ],
  [
    'owners of malformed versions',
    {
      ...good,
      ownerReferences: ['a/b/c', 'a/', '/'].map((apiVersion) => ({ ...owner, apiVersion })),
    },
    ['a/b/c', 'a/', '/'].map(
      (version) =>
        `metadata.ownerReferences.apiVersion: Invalid value: "${version}": version must not be empty`,
    ),
  ],
  [
    'an event as owner',
    { ...good, ownerReferences: [{ apiVersion: 'v1', kind: 'Event', name: 'e', uid: '1' }] },
    [
      'metadata.ownerReferences: Invalid value: {"apiVersion":"v1","kind":"Event","name":"e","uid":"1"}: /v1, Kind=Event is disallowed from being an owner',
    ],
  ],
  [
    'two controllers',
    {
      ...good,
      ownerReferences: [
        { ...owner, controller: true },
        { ...owner, name: 's', controller: true },
      ],
    },
    [
      'metadata.ownerReferences: Invalid value: [{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"r","uid":"1","controller":true},{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"s","uid":"1","controller":true}]: Only one reference can have Controller set to true. Found "true" in references for ReplicaSet/r and ReplicaSet/s',
    ],
  ],
  [
    'finalizers that exclude each other',
    { ...good, finalizers: ['orphan', 'foregroundDeletion'] },
    [
      'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
    ],
  ],
  [
    'a bad finalizer',
    { ...good, finalizers: ['a b'] },
    ['metadata.finalizers: Invalid value: "a b": name part ...'],
  ],
  [
    'bad managed fields',
    {
      ...good,
      managedFields: [
        { manager: 'a\u0007', operation: 'Apply' },
        { operation: 'Patch', fieldsType: 'FieldsV2', manager: 'm'.repeat(129) },
        { subresource: 's'.repeat(257) },
      ],
    },
    [
      'metadata.managedFields[0].manager: Invalid value: "a\\a": invalid character U+0007 (at position 1)',
      'metadata.managedFields[1].operation: Invalid value: "Patch": must be `Apply` or `Update`',
      'metadata.managedFields[1].fieldsType: Invalid value: "FieldsV2": must be `FieldsV1`',
      'metadata.managedFields[1].manager: Too long: may not be more than 128 bytes',
      'metadata.managedFields[2].operation: Required value: must not be empty',
      'metadata.managedFields[2].subresource: Too long: may not be more than 256 bytes',
    ],
  ],
];
for (const [title, meta, expected] of creations) {
  t.test(`validateObjectMeta of metadata with: ${title}`, async (t) => {
    const errors = validateObjectMeta(meta, {
      isNamespaced: true,
      nameRule: 'dns-subdomain',
      path,
    });
    t.strictSame(problems(errors), expected);
  });
}

t.test('validateObjectMeta refuses a namespace where there is none', async (t) => {
  const rules = { isNamespaced: false, nameRule: 'path-segment', path } as const;
  t.strictSame(problems(validateObjectMeta(good, rules)), [
    'metadata.namespace: Forbidden: not allowed on this type',
  ]);
  t.strictSame(validateObjectMeta({ name: 'system:node' }, rules), []);
});

const stored: ObjectMeta = {
  name: 'a',
  namespace: 'b',
  uid: 'u',
  resourceVersion: '5',
  generation: 2,
  creationTimestamp: '2026-01-02T03:04:05Z',
};
const immutable = 'field is immutable';
const updates: [
  title: string,
  change: Partial<ObjectMeta>,
  problems: string[],
  old?: Partial<ObjectMeta>,
][] = [
  ['no change', {}, []],
  ['new labels', { labels: { a: 'b' }, finalizers: ['a/b'] }, []],
  [
    'no resourceVersion',
    { resourceVersion: '' },
    ['metadata.resourceVersion: Invalid value: "": must be specified for an update'],
  ],
  [
    'a smaller generation',
    { generation: 1 },
    ['metadata.generation: Invalid value: 1: must not be decremented'],
  ],
  ['another name', { name: 'c' }, [`metadata.name: Invalid value: "c": ${immutable}`]],
  [
    'another namespace',
    { namespace: 'c' },
    [`metadata.namespace: Invalid value: "c": ${immutable}`],
  ],
  ['another uid', { uid: 'c' }, [`metadata.uid: Invalid value: "c": ${immutable}`]],
  [
    'another creationTimestamp',
    { creationTimestamp: '2026-01-02T03:04:06Z' },
    [`metadata.creationTimestamp: Invalid value: "2026-01-02T03:04:06Z": ${immutable}`],
  ],
  [
    'a deletion',
    { deletionTimestamp: '2026-01-02T03:04:06Z', deletionGracePeriodSeconds: 30 },
    [
      `metadata.deletionTimestamp: Invalid value: "2026-01-02T03:04:06Z": ${immutable}`,
      `metadata.deletionGracePeriodSeconds: Invalid value: 30: ${immutable}`,
    ],
  ],
  [
    'a deletion that is taken back',
    {},
    [`metadata.deletionTimestamp: Invalid value: null: ${immutable}`],
    { deletionTimestamp: '2026-01-02T03:04:06Z' },
  ],
  [
    'new finalizers while it is being deleted',
    { deletionTimestamp: 'x', finalizers: ['b/c', 'kept', 'a/b'] },
    [
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a/b", "b/c"}',
    ],
    { deletionTimestamp: 'x', finalizers: ['kept'] },
  ],
  ['bad labels', { labels: { a: '-' } }, ['metadata.labels: Invalid value: "-": ...']],
];
for (const [title, change, expected, old] of updates) {
  t.test(`validateObjectMetaUpdate with: ${title}`, async (t) => {
    const errors = validateObjectMetaUpdate({ ...stored, ...change }, { ...stored, ...old }, path);
    t.strictSame(problems(errors), expected);
  });
}

t.test('generateName adds five characters that make no words, within 63', async (t) => {
  const prng = new Prng(3);
  const seen = new Set<string>();
  for (let i = 0; i < 500; i++) {
    const name = generateName('web-', prng);
    t.match(name, /^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    seen.add(name);
  }
  t.ok(seen.size > 490, 'names differ');
  const long = generateName('a'.repeat(100), prng);
  t.equal(long.length, 63);
  t.strictSame(dnsSubdomainProblems(long), []);
  t.equal(generateName('x', new Prng(9)), generateName('x', new Prng(9)), 'the seed decides');
});
