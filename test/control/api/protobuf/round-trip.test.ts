import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { canonicalObject } from '../../../../src/control/api/codec/decode.js';
import { KubernetesProtobuf } from '../../../../src/control/api/protobuf/protobuf-codec.js';
import { parseRuntimeConfig } from '../../../../src/control/api/runtime-config.js';
import { Scheme } from '../../../../src/control/api/scheme.js';
import type { JsonObject, JsonValue } from '../../../../src/control/machinery/json.js';
import { isJsonObject, setField } from '../../../../src/control/machinery/json-object.js';
import { apiVersionOf } from '../../../../src/control/machinery/object.js';
import { randomObject } from '../random-object.js';
import { testSeed } from '../seed.js';

const scheme = new Scheme({ runtimeConfig: parseRuntimeConfig('api/all=true') });
const codec = new KubernetesProtobuf();

/** Its schema says `any` where a few shapes are meant; see the tests of custom resource definitions. */
const schemasOfSchemas = 'CustomResourceDefinition';

t.test(
  'KubernetesProtobuf reads back what it wrote, for random objects of every kind',
  async (t) => {
    const seed = testSeed();
    const prng = new Prng(seed);
    let count = 0;
    for (const resource of scheme.resources()) {
      if (resource.kind === schemasOfSchemas) continue;
      for (let round = 0; round < 3; round++) {
        const target = { of: resource, schema: resource.schema };
        const written = randomObject(prng, resource.schema);
        const object = { ...written, apiVersion: apiVersionOf(resource), kind: resource.kind };
        const before = canonicalObject(object as never, target) as unknown as JsonObject;
        const bytes = codec.encode(before);
        if (bytes === null) {
          t.fail(`${resource.kind} has no protobuf form`);
          continue;
        }
        const expected = asProtobufTells(before);
        const what = `${resource.group}/${resource.version} ${resource.kind}, SEED=${seed}`;
        const read = asProtobufTells(codec.decode(bytes, null));
        if (!t.strictSame(read, expected, what)) return;
        count += 1;
      }
    }
    t.ok(count > 150, `${count} objects`);
  },
);

/** Protobuf does not tell an empty list or map from none, and has no kinds of objects within objects. */
function asProtobufTells(value: JsonValue, isWithin = false): JsonValue {
  if (Array.isArray(value)) return value.map((item) => asProtobufTells(item, isWithin));
  if (!isJsonObject(value)) return value;
  const kept: JsonObject = {};
  for (const [name, member] of Object.entries(value)) {
    if (isWithin && (name === 'apiVersion' || name === 'kind')) continue;
    if (isJsonObject(member) || Array.isArray(member)) {
      const told = asProtobufTells(member, name === 'volumeClaimTemplates');
      if (Object.keys(told as object).length > 0) setField(kept, name, told);
    } else setField(kept, name, member);
  }
  return kept;
}
