import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { fieldText, shareParts } from '../../../../src/control/apiserver/storage/shared-parts.js';
import type { JsonObject, JsonValue } from '../../../../src/control/machinery/json.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';

interface WithSpec extends KubeObject {
  spec: JsonObject;
}

const image = `registry.test/${'long'.repeat(20)}:1`;

function pod(name: string, more: JsonObject = {}): WithSpec {
  const spec = { containers: [{ name: 'main', image }], nodeName: name, small: [1], ...more };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec };
}

t.test('shareParts gives objects with equal parts of their spec one and the same', async (t) => {
  const [a, b, c] = [pod('a'), pod('b'), pod('c', { containers: [{ name: 'other', image }] })];
  for (const object of [a, b, c]) shareParts(object);
  t.equal(b.spec.containers, a.spec.containers);
  t.not(c.spec.containers, a.spec.containers);
  t.not(b.spec.small, a.spec.small, 'what is small is not worth it');
  t.same(b, pod('b'));
});

t.test('shareParts leaves alone what has no spec, or none of this form', async (t) => {
  for (const spec of [undefined, null, 'text', [1, 2], 5]) {
    const object = { metadata: { name: 'x' }, spec } as unknown as KubeObject;
    shareParts(object);
    t.same(object, { metadata: { name: 'x' }, spec });
    t.equal(fieldText(object, 'spec'), JSON.stringify(spec));
  }
});

t.test('shareParts takes a name like any other, whatever it means to JavaScript', async (t) => {
  const text = `{"__proto__":{"image":"${image}"},"constructor":{"image":"${image}"}}`;
  const objects = Array.from({ length: 3 }, () => ({ metadata: {}, spec: JSON.parse(text) }));
  for (const object of objects) shareParts(object);
  for (const object of objects) {
    t.equal(fieldText(object, 'spec'), text);
    t.equal(Object.getPrototypeOf(object.spec), Object.prototype);
  }
});

const seed = Number(process.env.FLOTILLA_SEED ?? 7);

t.test('fieldText is what JSON.stringify writes, however much of it is shared', async (t) => {
  const prng = new Prng(seed);
  const words = ['a', 'ü', '"quoted"', 'x'.repeat(80), 'y'.repeat(17_000)];
  const value = (depth: number): JsonValue => {
    switch (prng.int(0, depth > 2 ? 4 : 6)) {
      case 0:
        return prng.int(0, 3);
      case 1:
        return prng.int(0, 2) === 0;
      case 2:
        return null;
      case 3:
        return prng.pick(words);
      case 4:
        return Array.from({ length: prng.int(0, 3) }, () => value(depth + 1));
      default:
        return object(depth + 1);
    }
  };
  const object = (depth: number): JsonObject =>
    Object.fromEntries(
      Array.from({ length: prng.int(0, 4) }, () => [prng.pick(words.slice(0, 3)), value(depth)]),
    );
  for (let round = 0; round < 500; round++) {
    const spec = object(0);
    const text = JSON.stringify(spec);
    const whole = { metadata: {}, spec } as KubeObject;
    if (prng.int(0, 4) > 0) shareParts(whole);
    if (fieldText(whole, 'spec') === text && JSON.stringify(spec) === text) continue;
    t.fail(`round ${round} of seed ${seed}: ${fieldText(whole, 'spec')} is not ${text}`);
    return;
  }
  t.pass('all rounds agree');
});
