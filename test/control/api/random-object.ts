import type { Prng } from '../../../src/base/prng.js';
import type { JsonObject, JsonValue } from '../../../src/control/machinery/json.js';
import { setField } from '../../../src/control/machinery/json-object.js';
import type { SchemaNode } from '../../../src/control/machinery/schema-node.js';
import { formatMicroTime, formatTime } from '../../../src/control/machinery/time.js';

const words = [
  'a',
  'web',
  'x-1',
  'größe',
  '日本',
  '"quoted"',
  'back\\slash',
  'line\nbreak',
  '<&>',
  '__proto__',
];

/** A random object of a schema, with values in canonical form. Fields are left out more and more the deeper they are. */
export function randomObject(prng: Prng, schema: SchemaNode, depth = 0): JsonObject {
  const object: JsonObject = {};
  for (const [name, field] of schema.fields) {
    if (depth === 0 && (name === 'apiVersion' || name === 'kind')) continue;
    if (prng.int(0, 10) >= 8 - depth) continue;
    object[name] = randomValue(prng, field, depth + 1);
  }
  return object;
}

function randomValue(prng: Prng, node: SchemaNode, depth: number): JsonValue {
  switch (node.type) {
    case 'object':
      return randomObject(prng, node, depth);
    case 'map': {
      const map: JsonObject = {};
      for (let left = prng.int(0, 3); left > 0; left--)
        setField(map, word(prng), node.element ? randomValue(prng, node.element, depth + 1) : 'x');
      return map;
    }
    case 'list':
      return Array.from({ length: prng.int(0, 3) }, () =>
        node.element ? randomValue(prng, node.element, depth + 1) : 'x',
      );
    case 'boolean':
      return prng.int(0, 2) === 0;
    case 'integer':
      return prng.int(0, 4) === 0 ? 0 : prng.int(0, 2 ** 31);
    case 'number':
      return prng.int(0, 1000) / 8;
    case 'quantity':
      return prng.pick(['0', '1', '500m', '1Gi', '1500Mi', '100k', '10n']);
    case 'int-or-string':
      return prng.int(0, 2) === 0 ? prng.int(0, 65536) : word(prng);
    case 'any':
      return { [word(prng)]: [1, 'two', null, { three: 3.5 }] };
    default:
      return randomText(prng, node.format);
  }
}

function randomText(prng: Prng, format: string): string {
  const ms = prng.int(0, 2 ** 31) * 1000;
  if (format === 'date-time') return formatTime(ms);
  if (format === 'micro-time') return formatMicroTime(ms + 0.125);
  if (format === 'byte') return Buffer.from(word(prng)).toString('base64');
  return prng.int(0, 8) === 0 ? '' : word(prng);
}

function word(prng: Prng): string {
  return prng.pick(words);
}
