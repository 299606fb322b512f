import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { fieldsV1Of } from '../../../../src/control/machinery/apply/fields-v1.js';
import { fieldsOfNew } from '../../../../src/control/machinery/apply/new-object-fields.js';
import { ObjectChange } from '../../../../src/control/machinery/apply/object-change.js';
import { noteUpdate } from '../../../../src/control/machinery/apply/track-update.js';
import type { JsonObject, JsonValue } from '../../../../src/control/machinery/json.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';
import { pick, randomValue } from './random.js';
import { nowMs, thing, thingKind, thingSchema } from './rig.js';

const seed = Number(process.env.FLOTILLA_SEED ?? 5);

/** What an object begins with, one and the same each time, as kinds have it. */
const empty = {
  ...thingKind.emptyObject(),
  spec: { tags: null, part: {}, count: 0, free: { a: 1 } },
} as KubeObject;
const kind = { ...thingKind, emptyObject: () => empty };

/** The same without remembering anything. */
function plainFieldsOf(object: KubeObject) {
  const write = { kind, manager: 'me', subresource: '', nowMs };
  const [manager] = noteUpdate(new Map(), new ObjectChange(empty, object, kind), write).values();
  return manager === undefined ? {} : fieldsV1Of(manager.fields);
}

t.test('fieldsOfNew says of every new object what a comparison says', async (t) => {
  const prng = new Prng(seed);
  const schema = thingSchema.fields.get('spec');
  if (schema === undefined) throw new Error('things have a spec');
  /** With some parts that are empty, or nothing. */
  const worn = (value: JsonValue): JsonValue => {
    if (prng.int(0, 12) === 0) return pick(prng, [null, {}, [], ''] as const) as JsonValue;
    if (Array.isArray(value)) return value.map(worn);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, of]) => [name, worn(of)]));
  };
  for (let round = 0; round < 3000; round++) {
    const spec = prng.int(0, 3) === 0 ? worn(randomValue(prng, schema)) : randomValue(prng, schema);
    const object = thing(spec as JsonObject, prng.int(0, 2) === 0 ? {} : { labels: { a: 'b' } });
    const [found, wanted] = [fieldsOfNew(object, kind, ''), plainFieldsOf(object)];
    if (JSON.stringify(fieldsV1Of(found)) === JSON.stringify(wanted)) continue;
    t.fail(
      `round ${round} of seed ${seed}: ${JSON.stringify(fieldsV1Of(found))} of ${JSON.stringify(object)} is not ${JSON.stringify(wanted)}`,
    );
    return;
  }
  t.pass('all rounds agree');
});

t.test('fieldsOfNew knows the fields of objects that differ in their values alone', async (t) => {
  const of = (title: string, number: number) =>
    fieldsOfNew(thing({ title, ports: [{ number, name: title }] }), kind, '');
  t.equal(of('a', 1), of('b', 1));
  t.not(of('a', 1), of('a', 2), 'what tells items apart is part of their fields');
  t.not(of('a', 1), fieldsOfNew(thing({ title: 'a', count: 1 }), kind, ''));
});
