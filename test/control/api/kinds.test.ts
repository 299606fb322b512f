import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { canonicalObject } from '../../../src/control/api/codec/decode.js';
import { builtInKinds } from '../../../src/control/api/kinds.js';
import { schemaOf } from '../../../src/control/api/schema.js';
import { setObjectDefaults } from '../../../src/control/api/schema-defaults.js';
import { cloneJson } from '../../../src/control/machinery/clone.js';
import { apiVersionOf, type KubeObject } from '../../../src/control/machinery/object.js';
import { randomObject, words } from './random-object.js';
import { testSeed } from './seed.js';

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) frozen(part);
    Object.freeze(value);
  }
  return value;
}

const context = { nowMs: 0, username: 'test', subresource: '' };

t.test('builtInKinds names each kind once, and only kinds that there are', async (t) => {
  const names = builtInKinds().map(({ of }) => `${apiVersionOf(of)}/${of.kind}`);
  t.equal(new Set(names).size, names.length);
  for (const { of } of builtInKinds()) t.ok(schemaOf(of), `${apiVersionOf(of)}/${of.kind}`);
});

t.test('builtInKinds have rules that take whatever the schema lets through', async (t) => {
  const seed = testSeed();
  const prng = new Prng(seed);
  for (const rules of builtInKinds()) {
    const schema = schemaOf(rules.of)!;
    for (let round = 0; round < 20; round++) {
      const random = {
        metadata: {},
        ...randomObject(prng, schema, words),
      } as unknown as KubeObject;
      const object = canonicalObject(random, { of: rules.of, schema });
      const what = `${rules.of.kind}, SEED=${seed}, round ${round}`;
      t.doesNotThrow(() => {
        setObjectDefaults(object, { schema, rules });
        const once = JSON.stringify(object);
        const old = frozen(cloneJson(object));
        // What is complete is shared with states of the past: nothing may be written to it, not even what it says already.
        setObjectDefaults(old, { schema, rules });
        setObjectDefaults(object, { schema, rules });
        t.equal(JSON.stringify(object), once, `${what}: defaults are idempotent`);
        rules.prepareForCreate?.(object, context);
        rules.validateCreate?.(object, context);
        rules.prepareForUpdate?.(object, old, context);
        rules.validateUpdate?.(object, old, context);
        const status = cloneJson(old);
        rules.prepareForStatusUpdate?.(status, old, context);
        rules.validateStatusUpdate?.(status, old, context);
        rules.warnings?.(object, old, context);
        rules.gracePeriodSeconds?.(object, undefined);
        for (const select of Object.values(rules.selectableFields ?? {})) select(object);
        const cells = rules.table?.cells(object, context.nowMs);
        t.equal(cells?.length, rules.table?.columns.length, `${what}: a cell for each column`);
      }, what);
    }
  }
});
