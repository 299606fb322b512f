import t from 'tap';
import { schemaOf } from '../../../../src/control/api/schema.js';
import type { JsonObject } from '../../../../src/control/machinery/json.js';
import { applyStrategicMergePatch } from '../../../../src/control/machinery/patch/strategic-merge-patch.js';
import type { SchemaNode } from '../../../../src/control/machinery/schema-node.js';
import { StatusError } from '../../../../src/control/machinery/status.js';
import { recordedPatches } from './recorded-strategic.js';

const pod = schemaOf({ group: '', version: 'v1', kind: 'Pod' }) as SchemaNode;

for (const { title, object, patch, result, error } of recordedPatches) {
  t.test(`applyStrategicMergePatch does what kubectl did: ${title}`, async (t) => {
    const before = JSON.stringify([object, patch]);
    if (error === undefined) {
      t.strictSame(applyStrategicMergePatch(object, patch, pod), result);
    } else {
      const failure = failureOf(() => applyStrategicMergePatch(object, patch, pod));
      t.equal(failure.message.trim(), error.trim());
    }
    t.equal(JSON.stringify([object, patch]), before, 'neither changes');
  });
}

const codes: [title: string, patch: JsonObject, code: number, reason: string, message: string][] = [
  [
    'a malformed $retainKeys',
    { spec: { $retainKeys: 1 } },
    400,
    'BadRequest',
    'invalid patch format of retainKeys',
  ],
  [
    'an item without its merge key',
    { spec: { containers: [{ image: 'b' }] } },
    500,
    '',
    'map: map[image:b] does not contain declared merge key: name',
  ],
];
for (const [title, patch, code, reason, message] of codes) {
  t.test(`applyStrategicMergePatch answers ${title} with ${code}`, async (t) => {
    const object = { spec: { containers: [{ name: 'a' }] } };
    const { status } = failureOf(() => applyStrategicMergePatch(object, patch, pod));
    t.match(status, { code, message, status: 'Failure' });
    t.equal(status.reason ?? '', reason);
  });
}

t.test('applyStrategicMergePatch refuses lists in a merged list', async (t) => {
  const failure = failureOf(() =>
    applyStrategicMergePatch({ spec: { containers: [[]] } }, { spec: { containers: [[]] } }, pod),
  );
  t.equal(failure.code, 422);
  t.match(failure.cause, { message: 'lists of lists are not supported' });
});

t.test('applyStrategicMergePatch sets a field named __proto__ like any other', async (t) => {
  const patch = JSON.parse('{"metadata":{"labels":{"__proto__":"x"}}}') as JsonObject;
  const result = applyStrategicMergePatch({ metadata: { labels: { a: 'b' } } }, patch, pod);
  t.equal(JSON.stringify(result), '{"metadata":{"labels":{"a":"b","__proto__":"x"}}}');
  const items = JSON.parse(
    '{"spec":{"containers":[{"name":"__proto__"},{"name":"a"}]}}',
  ) as JsonObject;
  t.strictSame(applyStrategicMergePatch(items, items, pod), items);
});

t.test('applyStrategicMergePatch merges large lists in time proportional to them', async (t) => {
  const containers = Array.from({ length: 20_000 }, (_, at) => ({ name: `c${at}` }));
  const changed = containers.map(({ name }) => ({ name, image: 'new' })).reverse();
  const order = containers.map(({ name }) => ({ name }));
  const result = applyStrategicMergePatch(
    { spec: { containers } },
    { spec: { containers: changed } },
    pod,
  ) as { spec: { containers: JsonObject[] } };
  t.strictSame(result.spec.containers[0], { name: 'c19999', image: 'new' });
  t.equal(result.spec.containers.length, 20_000);
  const ordered = applyStrategicMergePatch(
    { spec: { containers: changed } },
    { spec: { '$setElementOrder/containers': order } },
    pod,
  ) as { spec: { containers: JsonObject[] } };
  t.strictSame(ordered.spec.containers[0], { name: 'c0', image: 'new' });
});

function failureOf(run: () => unknown): StatusError {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
