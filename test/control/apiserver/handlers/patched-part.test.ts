import t from 'tap';
import { schemaOf } from '../../../../src/control/api/schema.js';
import { parsePatch } from '../../../../src/control/apiserver/handlers/patch-body.js';
import { PatchedPart } from '../../../../src/control/apiserver/handlers/patched-part.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';

const schema = schemaOf({ group: '', version: 'v1', kind: 'Pod' })!;
const expected = { schema, fieldValidation: 'Ignore' } as const;

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'x', labels: { a: 'b' } },
  spec: { nodeName: 'n', containers: [{ name: 'c' }] },
  status: { phase: 'Pending', message: 'wait' },
} as KubeObject;

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const merges: readonly (readonly [patch: unknown, fields: readonly string[] | null])[] = [
  [{ status: { phase: 'Running' } }, ['status']],
  [{ metadata: { labels: { a: null } }, status: null }, ['metadata', 'status']],
  [{ more: 1 }, ['more']],
  [{}, []],
  [{ $patch: 'replace', spec: {} }, null],
  [{ '$setElementOrder/x': [], spec: {} }, null],
];

const operations: readonly (readonly [patch: unknown, fields: readonly string[] | null])[] = [
  [[{ op: 'replace', path: '/status/phase', value: 'Running' }], ['status']],
  [[{ op: 'add', path: '/metadata/labels/c', value: 'd' }], ['metadata']],
  [[{ op: 'copy', from: '/spec/nodeName', path: '/status/message' }], ['status', 'spec']],
  [[{ op: 'remove', path: '/spec' }], ['spec']],
  [[], []],
  [[{ op: 'test', path: '', value: 1 }], null],
  [[{ op: 'add', path: '/~1', value: 1 }], null],
  [[{ op: 'add' }], null],
  [{}, null],
];

for (const [type, cases] of [
  ['merge', merges],
  ['strategic', merges],
  ['json', operations],
] as const) {
  t.test(`parsePatch tells which fields a patch of type ${type} is about`, async (t) => {
    for (const [patch, fields] of cases) {
      const found = parsePatch(type, bytes(patch), expected).fields;
      t.same(found && [...found].sort(), fields && [...fields].sort(), JSON.stringify(patch));
    }
  });

  t.test(`PatchedPart: a patch of type ${type} makes of a part what it makes of all`, async (t) => {
    for (const [body, fields] of cases) {
      if (fields === null) continue;
      const patch = parsePatch(type, bytes(body), expected);
      for (const isShared of [true, false]) {
        const part = new PatchedPart(pod, patch.fields);
        const joined = part.joined(patch.apply(part.concerned) as unknown as KubeObject, {
          isShared,
        });
        const whole = patch.apply(pod);
        t.equal(JSON.stringify(joined), JSON.stringify(whole), JSON.stringify(body));
        const isAlone = fields.includes('spec');
        t.equal(
          (joined as { spec?: unknown }).spec === (pod as { spec?: unknown }).spec,
          isShared && !isAlone,
        );
      }
    }
  });
}

t.test('PatchedPart: what may be about anything gets all', async (t) => {
  const part = new PatchedPart(pod, null);
  t.equal(part.concerned, pod);
  t.equal(part.joined(pod, { isShared: true }), pod);
});
