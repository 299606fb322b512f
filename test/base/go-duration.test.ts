import t from 'tap';
import { formatGoDuration, parseGoDuration } from '../../src/base/go-duration.js';

t.test('parseGoDuration reads what Go reads, and refuses what it refuses', async (t) => {
  const table: readonly (readonly [string, number | null])[] = [
    ['0', 0],
    ['-0', -0],
    ['5s', 5000],
    ['+5s', 5000],
    ['1.5s', 1500],
    ['1.s', 1000],
    ['.5s', 500],
    ['1h2m3s', 3_723_000],
    ['300ms', 300],
    ['-1.5ms', -1.5],
    ['2us', 0.002],
    ['2\u00b5s', 0.002],
    ['2\u03bcs', 0.002],
    ['4ns', 4e-6],
    ['', null],
    ['5', null],
    ['-', null],
    ['s', null],
    ['.s', null],
    ['1..5s', null],
    ['1.5.5s', null],
    ['1d', null],
    ['5 s', null],
    ['5S', null],
    ['00', null],
    ['--5s', null],
    ['5s-1s', null],
  ];
  for (const [text, ms] of table) t.equal(parseGoDuration(text), ms, text);
});

t.test('parseGoDuration refuses a very long number without a unit in one pass', async (t) => {
  // With a pattern that can divide the digits in two ways this takes hours.
  t.equal(parseGoDuration('1'.repeat(4 << 20)), null);
  t.equal(parseGoDuration(`${'1s'.repeat(1 << 18)}1`), null);
});

t.test('formatGoDuration writes as Go writes', async (t) => {
  const table: readonly (readonly [number, string])[] = [
    [0, '0s'],
    [0.0005, '500ns'],
    [0.0015, '1.5\u00b5s'],
    [1.156039, '1.156039ms'],
    [500.379138, '500.379138ms'],
    [2000, '2s'],
    [10_000, '10s'],
    [90_000, '1m30s'],
    [300_000, '5m0s'],
    [3_723_500, '1h2m3.5s'],
  ];
  for (const [ms, text] of table) {
    t.equal(formatGoDuration(ms), text);
    t.ok(Math.abs((parseGoDuration(text) ?? Number.NaN) - ms) < 1e-6, `${text} reads back`);
  }
});
