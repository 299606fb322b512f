import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { compareObjects } from '../../../../src/control/machinery/apply/comparison.js';
import { FieldSet } from '../../../../src/control/machinery/apply/field-set.js';
import { fieldSetOf } from '../../../../src/control/machinery/apply/field-set-of.js';
import { mergeApplied } from '../../../../src/control/machinery/apply/merge.js';
import { pathText } from '../../../../src/control/machinery/apply/path-element.js';
import { removeFields } from '../../../../src/control/machinery/apply/remove-fields.js';
import { fittedToSchema } from '../../../../src/control/machinery/apply/schema-fields.js';
import { cloneJson } from '../../../../src/control/machinery/clone.js';
import type { JsonObject } from '../../../../src/control/machinery/json.js';
import { flatten, randomValue } from './random.js';
import { listOf, object, text, texts, thingFields } from './rig.js';

const seed = Number(process.env.FLOTILLA_SEED ?? 11);
const spec = object(thingFields);
const rounds = 400;

function randomPair(prng: Prng): [JsonObject, JsonObject] {
  return [randomValue(prng, spec) as JsonObject, randomValue(prng, spec) as JsonObject];
}

t.test('compareObjects finds what a dumb comparison finds', async (t) => {
  const prng = new Prng(seed);
  for (let round = 0; round < rounds; round++) {
    const [before, after] = randomPair(prng);
    const [old, now] = [flatten(before, spec), flatten(after, spec)];
    const { added, modified, removed } = compareObjects(before, after, spec);
    const expected = [
      [...now.keys()].filter((path) => !old.has(path)),
      [...now.keys()].filter((path) => old.has(path) && old.get(path) !== now.get(path)),
      [...old.keys()].filter((path) => !now.has(path)),
    ].map((paths) => paths.sort());
    const found = [texts(added), texts(modified), texts(removed)];
    if (JSON.stringify(found) === JSON.stringify(expected)) continue;
    t.same(found, expected, `round ${round} of seed ${seed}: ${JSON.stringify([before, after])}`);
    return;
  }
  t.pass('all rounds agree');
});

t.test('mergeApplied has what either has, and of both what was applied', async (t) => {
  const prng = new Prng(seed);
  for (let round = 0; round < rounds; round++) {
    const [live, applied] = randomPair(prng);
    const copies = cloneJson([live, applied]);
    const [old, given] = [flatten(live, spec), flatten(applied, spec)];
    const merged = flatten(mergeApplied(live, applied, spec), spec);
    const isScalarOf = (path: string, of: Map<string, string>) => (of.get(path) ?? '*') !== '*';
    const expected = new Map([...old, ...given]);
    // What was an object without a schema and is a value now took its fields along; the other way the value is gone.
    for (const path of [...expected.keys()]) {
      for (let end = path.indexOf('.', 1); end > 0; end = path.indexOf('.', end + 1)) {
        if (isScalarOf(path.slice(0, end), given)) expected.delete(path);
      }
    }
    const [found, wanted] = [merged, expected].map((map) => JSON.stringify([...map].sort()));
    t.same([live, applied], copies, 'nothing is changed in place');
    if (found === wanted) continue;
    t.equal(found, wanted, `round ${round} of seed ${seed}: ${JSON.stringify([live, applied])}`);
    return;
  }
});

t.test('removeFields leaves nothing of what it removes, and all else', async (t) => {
  const prng = new Prng(seed);
  for (let round = 0; round < rounds; round++) {
    const value = randomValue(prng, spec) as JsonObject;
    // An item without its keys would be another item.
    const paths = [...fieldSetOf(value, spec).paths()].filter(
      (path) => prng.int(0, 4) === 0 && !/^f:(number|protocol)$/.test(path.at(-1) ?? ''),
    );
    const gone = paths.map(pathText);
    const isGone = (path: string) =>
      gone.some((top) => path === top || path.startsWith(`${top}.`) || path.startsWith(`${top}[`));
    const left = valuesOf(removeFields(value, FieldSet.of(...paths), spec));
    const expected = valuesOf(value).filter(([path]) => !isGone(path));
    if (JSON.stringify(left) === JSON.stringify(expected)) continue;
    t.same(left, expected, `round ${round} of seed ${seed}: ${JSON.stringify(value)} - ${gone}`);
    return;
  }
  t.pass('all rounds agree');
});

/** The values in an object by their paths. What lost all that it had is null, and counts as absent. */
function valuesOf(value: JsonObject): [path: string, value: string][] {
  const found = [...flatten(value, spec)].filter(([, shown]) => shown !== '*' && shown !== 'null');
  return found.sort(([x], [y]) => (x < y ? -1 : 1));
}

const letters = object({ set: listOf(text, { listType: 'set' }) });
const merges: [live: string, applied: string, merged: string][] = [
  ['', '', ''],
  ['abc', '', 'abc'],
  ['', 'abc', 'abc'],
  ['abc', 'abc', 'abc'],
  ['abc', 'cba', 'cba'],
  ['abc', 'xyz', 'abcxyz'],
  ['abc', 'xb', 'axbc'],
  ['abc', 'bx', 'abcx'],
  ['pqr', 'xrp', 'qxrp'],
  ['abcd', 'dxa', 'bcdxa'],
  ['aab', 'a', 'ab'],
  ['aab', 'x', 'aabx'],
  ['aab', 'b', 'aab'],
  ['klmn', 'nmk', 'lnmk'],
];
for (const [live, applied, expected] of merges) {
  t.test(`mergeApplied of the items ${live} and ${applied} is ${expected}`, async (t) => {
    const of = (items: string) => (items === '' ? {} : { set: [...items] });
    t.same(mergeApplied(of(live), of(applied), letters), of(expected));
  });
}

const empties: [title: string, live: JsonObject, applied: JsonObject, merged: JsonObject][] = [
  ['null takes the place of an empty map', { pairs: {} }, { pairs: null }, { pairs: null }],
  ['an empty map takes the place of null', { pairs: null }, { pairs: {} }, { pairs: {} }],
  [
    'null leaves a map with keys alone',
    { pairs: { a: 'x' } },
    { pairs: null },
    { pairs: { a: 'x' } },
  ],
  ['an empty set leaves items alone', { tags: ['a'] }, { tags: [] }, { tags: ['a'] }],
  ['an empty list of one value replaces it', { order: ['a'] }, { order: [] }, { order: [] }],
  ['null takes the place of a value', { count: 1 }, { count: null }, { count: null }],
  ['one value is replaced whole', { one: { a: 'x' } }, { one: { b: 'y' } }, { one: { b: 'y' } }],
  ['a free value replaces free fields', { free: { a: 1 } }, { free: 1 }, { free: 1 }],
];
for (const [title, live, applied, merged] of empties) {
  t.test(`mergeApplied: ${title}`, async (t) => t.same(mergeApplied(live, applied, spec), merged));
}

const sets: [title: string, value: JsonObject, paths: string[]][] = [
  ['values', { count: 0, title: '' }, ['.count', '.title']],
  ['null', { count: null, part: null, tags: null }, ['.count', '.part', '.tags']],
  ['objects that only are there', { part: {}, pairs: {} }, ['.pairs', '.part']],
  ['an empty set, which sets nothing', { tags: [] }, []],
  ['an empty list, which is a value', { order: [] }, ['.order']],
  ['one value', { one: { a: 'x' } }, ['.one']],
  ['keys of maps', { parts: { k: { a: 'x' } } }, ['.parts.k', '.parts.k.a']],
  [
    'items by keys with defaults',
    { ports: [{ number: 1 }, { number: 1, protocol: 'UDP' }] },
    [
      '.ports[number=1,protocol="TCP"]',
      '.ports[number=1,protocol="TCP"].number',
      '.ports[number=1,protocol="UDP"]',
      '.ports[number=1,protocol="UDP"].number',
      '.ports[number=1,protocol="UDP"].protocol',
    ],
  ],
  ['items that are there twice', { tags: ['a', 'a', 'b'] }, ['.tags[="a"]', '.tags[="b"]']],
  [
    'free fields and their lists',
    { free: { a: [1], b: { c: 1 } } },
    ['.free.a', '.free.b', '.free.b.c'],
  ],
  ['fields that nobody knows', { unknown: 1 }, []],
];
for (const [title, value, paths] of sets) {
  t.test(`fieldSetOf finds ${title}`, async (t) => t.same(texts(fieldSetOf(value, spec)), paths));
}

const changes: [
  title: string,
  before: JsonObject,
  after: JsonObject,
  found: [added: string[], modified: string[], removed: string[]],
][] = [
  ['an object comes', {}, { part: { a: 'x' } }, [['.part', '.part.a'], [], []]],
  ['an object fills', { part: {} }, { part: { a: 'x' } }, [['.part.a'], [], []]],
  ['an empty object comes', {}, { part: {} }, [['.part'], [], []]],
  ['null becomes empty', { tags: null }, { tags: [] }, [[], ['.tags'], []]],
  ['a list that was null fills', { tags: null }, { tags: ['a'] }, [['.tags[="a"]'], [], []]],
  [
    'an item is there twice',
    { tags: ['a'] },
    { tags: ['a', 'a'] },
    [['.tags[="a"]'], [], ['.tags[="a"]']],
  ],
  ['an item was there twice', { tags: ['a', 'a'] }, { tags: [] }, [[], [], ['.tags[="a"]']]],
  ['items stay twice', { tags: ['a', 'a'] }, { tags: ['a', 'a', 'a'] }, [[], ['.tags[="a"]'], []]],
  ['the order of items', { tags: ['a', 'b'] }, { tags: ['b', 'a'] }, [[], [], []]],
  ['free fields become a value', { free: { a: 1 } }, { free: 1 }, [[], ['.free'], ['.free.a']]],
  ['a free value becomes fields', { free: 1 }, { free: { a: 1 } }, [['.free.a'], ['.free'], []]],
];
for (const [title, before, after, found] of changes) {
  t.test(`compareObjects: ${title}`, async (t) => {
    const { added, modified, removed } = compareObjects(before, after, spec);
    t.same([texts(added), texts(modified), texts(removed)], found);
  });
}

t.test('fittedToSchema makes owners of parts owners of what is one value now', async (t) => {
  const set = FieldSet.of(
    ['f:one', 'f:a'],
    ['f:order', 'v:"x"'],
    ['f:part', 'f:a'],
    ['f:gone', 'f:a'],
  );
  t.same(texts(fittedToSchema(set, spec)), ['.gone.a', '.one', '.order', '.part.a']);
  const fits = FieldSet.of(['f:one'], ['f:pairs', 'f:a']);
  t.equal(fittedToSchema(fits, spec), fits);
});
