import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import {
  canonicalObject,
  decodeObject,
  readObject,
} from '../../../../src/control/api/codec/decode.js';
import { parseRuntimeConfig } from '../../../../src/control/api/runtime-config.js';
import { Scheme } from '../../../../src/control/api/scheme.js';
import type { JsonValue } from '../../../../src/control/machinery/json.js';
import { isJsonObject } from '../../../../src/control/machinery/json-object.js';
import { randomObject } from '../random-object.js';
import { testSeed } from '../seed.js';

const scheme = new Scheme({ runtimeConfig: parseRuntimeConfig('api/all=true') });

t.test('decodeObject reads back what it wrote, for random objects of every kind', async (t) => {
  const seed = testSeed();
  const prng = new Prng(seed);
  for (const resource of scheme.resources()) {
    const target = { of: resource, schema: resource.schema };
    const written = randomObject(prng, resource.schema);
    const read = (value: object) =>
      decodeObject(scheme, target, {
        body: Buffer.from(JSON.stringify(value)),
        format: 'json',
        fieldValidation: 'Strict',
      }).object;
    const [first, what] = [read(written), `${resource.group}/${resource.kind}, SEED=${seed}`];
    const lost = firstLoss(written, first as unknown as JsonValue, resource.kind);
    if (lost !== undefined) t.fail(`${lost} is lost, SEED=${seed}`);
    t.strictSame(read(first), first, what);
    t.strictSame(canonicalObject(first, target), first, what);
  }
});

t.test('readObject leaves its input as it is', async (t) => {
  const resource = scheme.resource('', 'v1', 'pods')!;
  const input = { spec: { hostNetwork: false, foo: 1, containers: [null] }, status: null };
  const before = JSON.stringify(input);
  const { problems } = readObject(input, { of: resource, schema: resource.schema });
  t.equal(JSON.stringify(input), before);
  t.strictSame(problems, ['unknown field "spec.foo"']);
});

/** Where the first value is that was written and is not there any more; zero values may go. */
function firstLoss(
  written: JsonValue,
  read: JsonValue | undefined,
  path: string,
): string | undefined {
  if (isZero(written) && read === undefined) return undefined;
  if (Array.isArray(written) && Array.isArray(read) && written.length === read.length) {
    for (const [at, item] of written.entries()) {
      const lost = firstLoss(item, read[at], `${path}[${at}]`);
      if (lost !== undefined) return lost;
    }
    return undefined;
  }
  if (isJsonObject(written) && isJsonObject(read)) {
    for (const [name, member] of Object.entries(written)) {
      const lost = firstLoss(
        member,
        Object.hasOwn(read, name) ? read[name] : undefined,
        `${path}.${name}`,
      );
      if (lost !== undefined) return lost;
    }
    return undefined;
  }
  return written === read ? undefined : path;
}

function isZero(value: JsonValue): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isJsonObject(value)) return Object.keys(value).length === 0;
  return value === '' || value === 0 || value === false || value === null;
}
