import t from 'tap';
import { parseFieldSelector } from '../../../src/control/machinery/field-selector.js';

const parsed: [
  text: string,
  requirements: [field: string, operator: string, value: string][],
  canonical?: string,
][] = [
  ['', []],
  [',', [], ''],
  ['metadata.name=a', [['metadata.name', '=', 'a']]],
  ['a==b', [['a', '=', 'b']], 'a=b'],
  ['a!=b', [['a', '!=', 'b']]],
  ['a=', [['a', '=', '']]],
  [
    'b=1,a!=2',
    [
      ['a', '!=', '2'],
      ['b', '=', '1'],
    ],
    'a!=2,b=1',
  ],
  ['a=x\\,y\\=z\\\\', [['a', '=', 'x,y=z\\']]],
  ['=b', [['', '=', 'b']]],
  ['a=b,', [['a', '=', 'b']], 'a=b'],
  ['a!b=c', [['a!b', '=', 'c']]],
];
for (const [text, requirements, canonical = text] of parsed) {
  t.test(`parseFieldSelector reads '${text}'`, async (t) => {
    const selector = parseFieldSelector(text);
    t.strictSame(
      selector.requirements.map(({ field, operator, value }) => [field, operator, value]),
      requirements,
    );
    t.equal(selector.toString(), canonical);
    t.equal(selector.isEverything, requirements.length === 0);
  });
}

const refused: [text: string, message: string][] = [
  ['a', "invalid selector: 'a'; can't understand 'a'"],
  ['a=b,c', "invalid selector: 'a=b,c'; can't understand 'c'"],
  ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
  ['a=b\\x', 'invalid field selector: invalid escape sequence: \\x'],
  ['a=b\\😀', 'invalid field selector: invalid escape sequence: \\😀'],
  ['a=b\\', 'invalid field selector: invalid escape sequence: \\'],
];
for (const [text, message] of refused) {
  t.test(`parseFieldSelector refuses '${text}'`, async (t) => {
    t.throws(() => parseFieldSelector(text), { code: 400, reason: 'BadRequest', message });
  });
}

t.test('FieldSelector matches what meets every requirement', async (t) => {
  const selector = parseFieldSelector('spec.nodeName=n,status.phase!=Running');
  const of = (fields: Record<string, string>) => selector.matches((field) => fields[field] ?? '');
  t.ok(of({ 'spec.nodeName': 'n' }));
  t.ok(of({ 'spec.nodeName': 'n', 'status.phase': 'Pending' }));
  t.notOk(of({ 'spec.nodeName': 'n', 'status.phase': 'Running' }));
  t.notOk(of({ 'spec.nodeName': 'm' }));
});

t.test('exactValue is the value of an equality, never of an inequality', async (t) => {
  const selector = parseFieldSelector('a=1,b!=2');
  t.strictSame(
    ['a', 'b', 'c'].map((field) => selector.exactValue(field)),
    ['1', undefined, undefined],
  );
});
