import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { FieldSet } from '../../../../src/control/machinery/apply/field-set.js';
import {
  fieldsV1Of,
  fieldsV1Text,
  parseFieldsV1,
} from '../../../../src/control/machinery/apply/fields-v1.js';
import {
  comparePathElements,
  type ElementPath,
  keyElement,
  parsePathElement,
  pathText,
} from '../../../../src/control/machinery/apply/path-element.js';
import type { JsonObject, JsonValue } from '../../../../src/control/machinery/json.js';
import { pick } from './random.js';
import { texts } from './rig.js';

const seed = Number(process.env.FLOTILLA_SEED ?? 7);

t.test('FieldSet does what a set of texts does', async (t) => {
  const prng = new Prng(seed);
  const elements = ['f:a', 'f:b', 'k:{"name":"x"}', 'v:1'];
  const randomPath = (): ElementPath =>
    Array.from({ length: 1 + prng.int(0, 3) }, () => pick(prng, elements));
  for (let round = 0; round < 300; round++) {
    const sets = [0, 1].map(() => Array.from({ length: prng.int(0, 8) }, randomPath));
    const [a, b] = sets.map((paths) => FieldSet.of(...paths)) as [FieldSet, FieldSet];
    const [x, y] = sets.map((paths) => new Set(paths.map((path) => path.join(' ')))) as [
      Set<string>,
      Set<string>,
    ];
    const shown = (set: FieldSet) => [...set.paths()].map((path) => path.join(' ')).sort();
    const all = [...new Set([...x, ...y])];
    const isBelow = (path: string) => [...y].some((top) => path.startsWith(`${top} `));
    const expected: readonly (readonly [string, FieldSet, string[]])[] = [
      ['union', a.union(b), all],
      ['intersection', a.intersection(b), all.filter((path) => x.has(path) && y.has(path))],
      ['difference', a.difference(b), [...x].filter((path) => !y.has(path))],
      [
        'recursive difference',
        a.recursiveDifference(b),
        [...x].filter((path) => !y.has(path) && !isBelow(path)),
      ],
      [
        'leaves',
        a.leaves(),
        [...x].filter((path) => ![...x].some((other) => other.startsWith(`${path} `))),
      ],
    ];
    for (const [what, set, paths] of expected) {
      if (JSON.stringify(shown(set)) === JSON.stringify([...paths].sort())) continue;
      t.fail(`${what} in round ${round} of seed ${seed}: ${shown(set)} is not ${paths}`);
      return;
    }
    const isEqual = a.equals(b) === (JSON.stringify(shown(a)) === JSON.stringify(shown(b)));
    const isRead = parseFieldsV1(fieldsV1Of(a)).equals(a);
    const isText = fieldsV1Text(a) === JSON.stringify(fieldsV1Of(a));
    if (!isEqual || !isRead || !isText || a.isEmpty !== (x.size === 0)) {
      t.fail(`equality, reading, text or emptiness in round ${round} of seed ${seed}`);
      return;
    }
  }
  t.pass('all rounds agree');
});

t.test('FieldSet operations answer the set itself when nothing changes', async (t) => {
  const set = FieldSet.of(['f:a', 'f:b'], ['f:c']);
  t.equal(set.difference(FieldSet.of(['f:x'])), set);
  t.equal(set.recursiveDifference(FieldSet.of(['f:x', 'f:a'])), set);
  t.equal(set.union(FieldSet.of()), set);
  t.equal(set.has([]), false);
  t.equal(set.has(['f:a']), false);
  t.equal(set.has(['f:a', 'f:b']), true);
});

t.test('fieldsV1Of writes in the order of Kubernetes', async (t) => {
  const elements = [
    'i:10',
    'i:9',
    'v:null',
    'v:true',
    'v:"b"',
    'v:"a"',
    'v:10',
    'v:9',
    'k:{"name":"b"}',
    'k:{"name":"a","port":2}',
    'k:{"name":"a"}',
    'k:{"id":10}',
    'k:{"id":9}',
    'f:b',
    'f:a.b',
    'f:\u{1f600}',
    'f:\uffee',
  ];
  const written = Object.keys(fieldsV1Of(FieldSet.of(...elements.map((element) => [element]))));
  t.same(written, [
    'f:a.b',
    'f:b',
    'f:\uffee',
    'f:\u{1f600}',
    'k:{"id":9}',
    'k:{"id":10}',
    'k:{"name":"a"}',
    'k:{"name":"a","port":2}',
    'k:{"name":"b"}',
    'v:9',
    'v:10',
    'v:"a"',
    'v:"b"',
    'v:true',
    'v:null',
    'i:9',
    'i:10',
  ]);
  t.equal(comparePathElements('f:a', 'f:a'), 0);
});

t.test('fieldsV1Of says of a field with fields below it that it is in the set', async (t) => {
  const fields = { 'f:a': { '.': {}, 'f:b': {} }, 'f:c': {}, 'f:d': { 'f:e': {} } };
  const set = parseFieldsV1(fields);
  t.same(texts(set), ['.a', '.a.b', '.c', '.d.e']);
  t.equal(JSON.stringify(fieldsV1Of(set)), JSON.stringify(fields));
  t.equal(fieldsV1Text(set), JSON.stringify(fields));
});

const odd: [title: string, fields: JsonValue, paths: string[]][] = [
  ['nothing', {}, []],
  ['null', null, []],
  ['types of steps that are not known', { 'x:a': { 'f:b': {} }, 'f:c': {} }, ['.c']],
  ['a field with only unknown below', { 'f:c': { 'x:a': {} } }, ['.c']],
  ['a field with only itself', { 'f:c': { '.': {} } }, ['.c']],
  ['a dot at the top', { '.': {}, 'f:c': {} }, ['.c']],
  ['keys in another order', { 'k:{"b":1,"a":"x"}': {} }, ['[a="x",b=1]']],
  ['values in another form', { 'v:1.0': {}, 'v: "a"': {} }, ['[="a"]', '[=1]']],
  [
    'names of prototypes',
    { 'f:__proto__': {}, 'f:constructor': {} },
    ['.__proto__', '.constructor'],
  ],
];
for (const [title, fields, paths] of odd) {
  t.test(`parseFieldsV1 reads ${title}`, async (t) => t.same(texts(parseFieldsV1(fields)), paths));
}

const wrong: [title: string, fields: JsonValue][] = [
  ['a text', 'f:a'],
  ['a list', [{}]],
  ['a short step', { f: {} }],
  ['a step without a colon', { name: {} }],
  ['a value that is no JSON', { 'v:x': {} }],
  ['keys that are no object', { 'k:[1]': {} }],
  ['keys that are no JSON', { 'k:{': {} }],
  ['a place that is no number', { 'i:one': {} }],
  ['a number below', { 'f:a': 1 }],
  ['what is nested too deeply', nested(2000)],
];
for (const [title, fields] of wrong) {
  t.test(`parseFieldsV1 refuses ${title}`, async (t) => {
    t.throws(() => parseFieldsV1(fields), { name: 'FieldSetError' });
  });
}

function nested(depth: number): JsonObject {
  let fields: JsonObject = {};
  for (let level = 0; level < depth; level++) fields = { 'f:a': fields };
  return fields;
}

t.test('pathText shows a path as conflicts do', async (t) => {
  const path = [
    'f:spec',
    keyElement([
      ['p', 'TCP'],
      ['n', 80],
    ]),
    'f:x.y/z',
    'v:"q\\"r"',
    'v:true',
    'i:3',
  ];
  t.equal(pathText(path), '.spec[n=80,p="TCP"].x.y/z[="q\\"r"][=true][3]');
  t.equal(parsePathElement('f:'), 'f:');
});

t.test('keyElement escapes what Go escapes', async (t) => {
  t.equal(keyElement([['name', '<&>']]), 'k:{"name":"\\u003c\\u0026\\u003e"}');
});
