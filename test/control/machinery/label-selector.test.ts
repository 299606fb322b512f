import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { fieldErrorText, fieldPath } from '../../../src/control/machinery/field-path.js';
import {
  everyLabel,
  type LabelSelectorSpec,
  labelSelectorOf,
  noLabel,
  parseLabelSelector,
  validateLabelSelector,
} from '../../../src/control/machinery/label-selector.js';
import { StatusError } from '../../../src/control/machinery/status.js';

const parsed: [text: string, canonical: string][] = [
  ['', ''],
  ['  ', ''],
  ['a', 'a'],
  ['!a', '!a'],
  ['! a', '!a'],
  ['a=b', 'a=b'],
  ['a == b', 'a==b'],
  ['a!=b', 'a!=b'],
  ['a=', 'a='],
  ['a=,b', 'a=,b'],
  ['a!=', 'a!='],
  ['b=1,a=2', 'a=2,b=1'],
  ['x.y/z in (b,a,b)', 'x.y/z in (a,b)'],
  ['a in ()', 'a in ()'],
  ['a in (,)', 'a in ()'],
  ['a in (,b)', 'a in (,b)'],
  ['a in (b,,c)', 'a in (,b,c)'],
  ['a in (b,)', 'a in (,b)'],
  ['a notin (b)', 'a notin (b)'],
  ['in in (in,notin)', 'in in (in,notin)'],
  ['a>1', 'a>1'],
  ['a < 22', 'a<22'],
  ['\ta\n=\rb ', 'a=b'],
  ['a=b\0,c', 'a=b'],
];
for (const [text, canonical] of parsed) {
  t.test(`parseLabelSelector reads ${JSON.stringify(text)} as '${canonical}'`, async (t) => {
    const selector = parseLabelSelector(text);
    t.equal(selector.toString(), canonical);
    t.equal(parseLabelSelector(canonical).toString(), canonical, 'and reads what it writes');
  });
}

const operators = 'in, notin, =, ==, !=, gt, lt';
const refused: [text: string, message: string | RegExp][] = [
  [',', "found ',', expected: !, identifier, or 'end of string'"],
  ['=a', "found '=', expected: !, identifier, or 'end of string'"],
  ['a,', "found '', expected: identifier after ','"],
  ['a,,b', "found ',', expected: identifier after ','"],
  ['a b', `unable to parse requirement: found 'b', expected: ${operators}`],
  ['a (b)', `unable to parse requirement: found '(', expected: ${operators}`],
  ['!a=b', "found '=', expected: ',' or 'end of string'"],
  ['!', "unable to parse requirement: found '', expected: identifier"],
  ['!!a', "unable to parse requirement: found '!', expected: identifier"],
  ['a=b=c', "found '=', expected: ',' or 'end of string'"],
  ['a=(b)', "unable to parse requirement: found '(', expected: identifier"],
  ['a=b c', "found 'c', expected: ',' or 'end of string'"],
  ['a in b', "unable to parse requirement: found 'b' expected: '('"],
  ['a in', "unable to parse requirement: found '' expected: '('"],
  ['a in (', "unable to parse requirement: found '', expected: ',', ')' or identifier"],
  ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
  ['a in (b,', "unable to parse requirement: found '', expected: ',', or identifier"],
  ['a in (b c)', "unable to parse requirement: found 'c', expected: ',' or ')'"],
  ['a in (=)', "unable to parse requirement: found '=', expected: ',', ')' or identifier"],
  ['a/b/c', /^unable to parse requirement: <nil>: Invalid value: "a\/b\/c": a valid label key /],
  [
    'a=b/c',
    /^unable to parse requirement: values\[0\]\[a\]: Invalid value: "b\/c": a valid label must /,
  ],
  [
    'a in (x,-)',
    /^unable to parse requirement: values\[0\]\[a\]: Invalid value: "-": a valid label must /,
  ],
  [
    'a>b',
    "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer",
  ],
  ['a>', /^unable to parse requirement: values\[0\]: Invalid value: "": for 'Gt', 'Lt' operators/],
  [
    'a>9223372036854775808',
    /^unable to parse requirement: values\[0\]: Invalid value: "9223372036854775808": for 'Gt'/,
  ],
];
for (const [text, message] of refused) {
  t.test(`parseLabelSelector refuses ${JSON.stringify(text)}`, async (t) => {
    t.throws(() => parseLabelSelector(text), { code: 400, reason: 'BadRequest', message });
    t.throws(() => parseLabelSelector(text), StatusError);
  });
}

const labels = { app: 'web', tier: '', 'x.y/z': '10', neg: 'n' };
const matches: [text: string, matches: boolean][] = [
  ['', true],
  ['app', true],
  ['tier', true],
  ['none', false],
  ['!none', true],
  ['!app', false],
  ['app=web', true],
  ['app==db', false],
  ['app!=db', true],
  ['none!=db', true],
  ['none=', false],
  ['tier=', true],
  ['app in (db,web)', true],
  ['app in (db)', false],
  ['app notin (db)', true],
  ['none notin (db)', true],
  ['x.y/z>9', true],
  ['x.y/z>10', false],
  ['x.y/z<11', true],
  ['app>1', false],
  ['app<1', false],
  ['none<1', false],
  ['app=web,tier=x', false],
  ['constructor', false],
  ['!toString', true],
];
for (const [text, expected] of matches) {
  t.test(`'${text}' ${expected ? 'matches' : 'does not match'} the labels`, async (t) => {
    t.equal(parseLabelSelector(text).matches(labels), expected);
  });
}

t.test('matches agrees with a plain reading of random requirements, seed 5', async (t) => {
  const prng = new Prng(5);
  const [keys, values] = [
    ['a', 'b', 'c'],
    ['', '1', '2', 'x'],
  ];
  for (let i = 0; i < 3000; i++) {
    const has = Object.fromEntries(
      keys!.filter(() => prng.chance(0.6)).map((key) => [key, prng.pick(values!)]),
    );
    const key = prng.pick(keys!);
    const chosen = values!.filter(() => prng.chance(0.5));
    const [one, set] = [prng.pick(values!), chosen.length === 0 ? [''] : chosen];
    const cases: [string, boolean][] = [
      [key, key in has],
      [`!${key}`, !(key in has)],
      [`${key}=${one}`, has[key] === one],
      [`${key}!=${one}`, has[key] !== one],
      [`${key} in (${set})`, key in has && set.includes(has[key]!)],
      [`${key} notin (${set})`, !(key in has && set.includes(has[key]!))],
    ];
    const [[left, isLeft], [right, isRight]] = [prng.pick(cases), prng.pick(cases)];
    const text = `${left},${right}`;
    if (parseLabelSelector(text).matches(has) !== (isLeft && isRight)) {
      t.fail(`${text} of ${JSON.stringify(has)}`);
    }
  }
});

t.test(
  'parseLabelSelector takes or refuses any text and never fails otherwise, seed 6',
  async (t) => {
    const prng = new Prng(6);
    const pieces = [
      'a',
      'in',
      'notin',
      '(',
      ')',
      ',',
      '=',
      '==',
      '!',
      '!=',
      '<',
      '>',
      ' ',
      '\0',
      '/',
      'é',
      '1',
    ];
    for (let i = 0; i < 5000; i++) {
      const text = Array.from({ length: prng.int(0, 10) }, () => prng.pick(pieces)).join('');
      try {
        const selector = parseLabelSelector(text);
        const again = parseLabelSelector(selector.toString());
        if (again.toString() !== selector.toString()) t.fail(`${text} as ${selector}`);
      } catch (error) {
        if (!(error instanceof StatusError && error.code === 400)) t.fail(`${text}: ${error}`);
      }
    }
  },
);

t.test('exactValue is what a label must be, if that is one value', async (t) => {
  const selector = parseLabelSelector('a=1,b in (2),c in (3,4),d!=5,e');
  t.strictSame(
    ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => selector.exactValue(key)),
    ['1', '2', undefined, undefined, undefined, undefined],
  );
});

t.test('labelSelectorOf: absent selects nothing, empty everything', async (t) => {
  t.equal(labelSelectorOf(undefined), noLabel);
  t.equal(labelSelectorOf(null).matches({}), false);
  t.equal(labelSelectorOf({}), everyLabel);
  t.equal(labelSelectorOf({ matchLabels: {}, matchExpressions: [] }).matches(undefined), true);
  t.ok(noLabel.isNothing);
  t.notOk(noLabel.isEverything);
  t.ok(everyLabel.isEverything);
});

t.test('labelSelectorOf reads both kinds of requirements', async (t) => {
  const selector = labelSelectorOf({
    matchLabels: { b: '1' },
    matchExpressions: [
      { key: 'a', operator: 'In', values: ['y', 'x'] },
      { key: 'c', operator: 'NotIn', values: ['z'] },
      { key: 'd', operator: 'Exists' },
      { key: 'e', operator: 'DoesNotExist', values: [] },
    ],
  });
  t.equal(selector.toString(), 'a in (x,y),b=1,c notin (z),d,!e');
  t.ok(selector.matches({ a: 'x', b: '1', d: '' }));
  t.notOk(selector.matches({ a: 'x', b: '1', d: '', e: '' }));
});

const badSpecs: [
  spec: LabelSelectorSpec,
  message: string | RegExp,
  validation: (string | RegExp)[],
][] = [
  [
    { matchExpressions: [{ key: 'a', operator: 'Is' }] },
    '"Is" is not a valid label selector operator',
    ['s.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator'],
  ],
  [
    { matchExpressions: [{ key: 'a', operator: 'In' }] },
    "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty",
    [
      "s.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    ],
  ],
  [
    { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] },
    'values: Invalid value: ["b"]: values set must be empty for exists and does not exist',
    [
      "s.matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
    ],
  ],
  [
    { matchExpressions: [{ key: '', operator: 'In', values: ['a', '-'] }] },
    /^\[key: Invalid value: "": name part must be non-empty; name part .*, values\[1\]\[\]: Invalid value: "-": /,
    [
      's.matchExpressions[0].key: Invalid value: "": name part must be non-empty',
      /^s.matchExpressions\[0\].key: Invalid value: "": name part must consist/,
      /^s.matchExpressions\[0\].values\[1\]: Invalid value: "-": a valid label must/,
    ],
  ],
  [
    { matchLabels: { a: '-' } },
    /^values\[0\]\[a\]: Invalid value: "-": /,
    [/^s.matchLabels: Invalid value: "-": a valid label must/],
  ],
];
for (const [spec, message, validation] of badSpecs) {
  t.test(`a selector of ${JSON.stringify(spec)} is refused`, async (t) => {
    t.throws(() => labelSelectorOf(spec), { code: 400, message });
    t.match(validateLabelSelector(spec, fieldPath('s')).map(fieldErrorText), validation);
    t.equal(validateLabelSelector(spec, fieldPath('s')).length, validation.length);
  });
}

t.test('validateLabelSelector finds nothing wrong with a good one, or with none', async (t) => {
  const good = { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'a', operator: 'Exists' }] };
  t.strictSame(validateLabelSelector(good, fieldPath('s')), []);
  t.strictSame(validateLabelSelector(undefined, fieldPath('s')), []);
});
