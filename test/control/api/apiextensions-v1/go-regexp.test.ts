import t from 'tap';
import { goMatches, goRegExp } from '../../../../src/control/api/apiextensions-v1/go-regexp.js';
import { boundRegExpTime } from '../../../../src/host/regexp-time.js';

const clef = '\u{1d11e}';

t.test('goRegExp matches as RE2 does', async (t) => {
  const cases: readonly (readonly [pattern: string, text: string, matches: boolean])[] = [
    ['^.$', 'a', true],
    ['^.$', clef, true],
    ['^.$', `${clef}a`, false],
    ['^[^a]$', clef, true],
    [`^[${clef}]$`, clef, true],
    [`^[${clef}]$`, 'a', false],
    ['^\\p{Lu}$', 'A', true],
    ['^\\p{Lu}$', 'a', false],
    ['(?i)^a$', 'A', true],
    ['(?s)^.$', '\n', true],
    ['^[[:alpha:]]+$', 'abc', true],
    ['^a\\-b$', 'a-b', true],
    ['^\\x41$', 'A', true],
    ['\\Aab\\z', 'ab', true],
    ['(?P<n>a)b', 'ab', true],
  ];
  for (const [pattern, text, matches] of cases) {
    t.equal(goRegExp(pattern, text)?.test(text), matches, `${pattern} ${text}`);
    t.equal(goMatches(pattern, text), matches, `${pattern} ${text}`);
  }
});

t.test('goRegExp refuses what RE2 does not have', async (t) => {
  for (const pattern of ['(?=a)', '(?<!a)b', '(a)\\1', '(', '[b-a]']) {
    t.equal(goRegExp(pattern), null, pattern);
    t.equal(goMatches(pattern, 'a'), false, pattern);
  }
});

t.test(
  'goMatches gives up on a pattern that the engine cannot bound, and tries again later',
  async (t) => {
    const bad = `${'a'.repeat(60)}!`;
    for (const pattern of ['(?i)^(a+)+$', '^(\\p{L}+)+$']) {
      t.equal(goMatches(pattern, 'aA'), true, pattern);
      t.equal(goMatches(pattern, bad), false, 'without trying all ways');
      for (let at = 0; at < 1000; at++) goMatches(pattern, bad);
      t.equal(goMatches(pattern, 'aA'), true, 'it is tried again');
    }
  },
);

t.test('boundRegExpTime keeps a pattern from taking for ever', async (t) => {
  boundRegExpTime();
  // By trying all ways this would take longer than anybody lives.
  const text = 'a'.repeat(2000);
  for (const pattern of ['^(a+)+$', '^(a|a)*$', '^([a-z]+)*$'])
    for (const end of ['!', clef]) t.equal(goMatches(pattern, text + end), false, pattern);
});
