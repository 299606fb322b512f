import type { Prng } from '../../../src/base/prng.js';
import type { JsonObject, JsonValue } from '../../../src/control/machinery/json.js';
import { setField } from '../../../src/control/machinery/json-object.js';
import type { SchemaNode } from '../../../src/control/machinery/schema-node.js';
import { formatMicroTime, formatTime } from '../../../src/control/machinery/time.js';

/** What random texts and keys are taken from; names that JavaScript gives a meaning are among them. */
export const words: readonly string[] = [
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
export function randomObject(
  prng: Prng,
  schema: SchemaNode,
  vocabulary: readonly string[] = words,
): JsonObject {
  return new Generator(prng, vocabulary).object(schema, 0);
}

class Generator {
  readonly #prng: Prng;
  readonly #words: readonly string[];

  constructor(prng: Prng, words: readonly string[]) {
    this.#prng = prng;
    this.#words = words;
  }

  object(schema: SchemaNode, depth: number): JsonObject {
    const prng = this.#prng;
    const object: JsonObject = {};
    for (const [name, field] of schema.fields) {
      if (depth === 0 && (name === 'apiVersion' || name === 'kind')) continue;
      if (prng.int(0, 10) >= 8 - depth) continue;
      object[name] = this.#value(field, depth + 1);
    }
    return object;
  }

  #value(node: SchemaNode, depth: number): JsonValue {
    const prng = this.#prng;
    switch (node.type) {
      case 'object':
        return this.object(node, depth);
      case 'map': {
        const map: JsonObject = {};
        for (let left = prng.int(0, 3); left > 0; left--)
          setField(map, this.#word(), node.element ? this.#value(node.element, depth + 1) : 'x');
        return map;
      }
      case 'list':
        return Array.from({ length: prng.int(0, 3) }, () =>
          node.element ? this.#value(node.element, depth + 1) : 'x',
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
        return prng.int(0, 2) === 0 ? prng.int(0, 65536) : this.#word();
      case 'any':
        return { [this.#word()]: [1, 'two', null, { three: 3.5 }] };
      default:
        return this.#text(node.format);
    }
  }

  #text(format: string): string {
    const prng = this.#prng;
    const ms = prng.int(0, 2 ** 31) * 1000;
    if (format === 'date-time') return formatTime(ms);
    if (format === 'micro-time') return formatMicroTime(ms + 0.125);
    if (format === 'byte') return Buffer.from(this.#word()).toString('base64');
    return prng.int(0, 8) === 0 ? '' : this.#word();
  }

  #word(): string {
    return this.#prng.pick(this.#words);
  }
}
