import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { humanDuration } from '../../../src/control/machinery/duration.js';
import { formatMicroTime, formatTime, parseTime } from '../../../src/control/machinery/time.js';

t.test('formatTime and parseTime agree with Date over 9000 years, seed 1', async (t) => {
  const prng = new Prng(1);
  const [from, to] = [Date.UTC(1000, 0, 1), Date.UTC(9999, 11, 31)];
  for (let i = 0; i < 5000; i++) {
    const ms = from + Math.floor(prng.float() * (to - from));
    const iso = new Date(ms).toISOString();
    const text = `${iso.slice(0, 19)}Z`;
    if (formatTime(ms) !== text) t.equal(formatTime(ms), text);
    if (parseTime(iso) !== ms) t.equal(parseTime(iso), ms, iso);
    if (parseTime(text) !== Math.floor(ms / 1000) * 1000) t.fail(text);
  }
});

t.test('parseTime knows each day of leap and common years', async (t) => {
  for (const year of [1900, 2000, 2023, 2024, 2100]) {
    for (let at = Date.UTC(year, 0, 1); at < Date.UTC(year + 1, 0, 1); at += 86_400_000) {
      const text = `${new Date(at).toISOString().slice(0, 19)}Z`;
      if (parseTime(text) !== at || formatTime(at) !== text) t.fail(text);
    }
  }
});

t.test('formatMicroTime keeps six digits, which parseTime reads back', async (t) => {
  t.equal(formatMicroTime(0), '1970-01-01T00:00:00.000000Z');
  t.equal(formatMicroTime(1_767_323_045_006.007), '2026-01-02T03:04:05.006007Z');
  const prng = new Prng(2);
  for (let i = 0; i < 3000; i++) {
    const micros = String(prng.int(0, 1e6)).padStart(6, '0');
    const text = `2026-0${prng.int(1, 10)}-1${prng.int(0, 10)}T03:04:05.${micros}Z`;
    const ms = parseTime(text);
    if (ms === null || formatMicroTime(ms) !== text) t.equal(formatMicroTime(ms ?? 0), text);
  }
});

const parsed: [text: string, ms: number | null][] = [
  ['2026-01-02T03:04:05Z', 1_767_323_045_000],
  ['2026-01-02T03:04:05+00:00', 1_767_323_045_000],
  ['2026-01-02T04:04:05+01:00', 1_767_323_045_000],
  ['2026-01-01T21:34:05-05:30', 1_767_323_045_000],
  ['2026-01-02T03:04:05.5Z', 1_767_323_045_500],
  ['0001-01-01T00:00:00Z', -62_135_596_800_000],
  ['2024-02-29T00:00:00Z', 1_709_164_800_000],
  ['2023-02-29T00:00:00Z', null],
  ['2026-04-31T00:00:00Z', null],
  ['2026-13-01T00:00:00Z', null],
  ['2026-00-01T00:00:00Z', null],
  ['2026-01-00T00:00:00Z', null],
  ['2026-01-02T24:00:00Z', null],
  ['2026-01-02T03:60:00Z', null],
  ['2026-01-02T03:04:60Z', null],
  ['2026-01-02T03:04:05', null],
  ['2026-01-02t03:04:05z', null],
  ['2026-01-02 03:04:05Z', null],
  ['2026-1-2T03:04:05Z', null],
  ['2026-01-02T03:04:05+0100', null],
  ['2026-01-02T03:04:05+25:00', null],
  ['2026-01-02T03:04:05.Z', null],
  ['12026-01-02T03:04:05Z', null],
  ['2026-01-02T03:04:05Z ', null],
  ['', null],
];
for (const [text, ms] of parsed) {
  t.test(`parseTime of '${text}' is ${ms}`, async (t) => {
    t.equal(parseTime(text), ms);
  });
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const ages: [ms: number, human: string][] = [
  [-2 * second, '<invalid>'],
  [-1.5 * second, '0s'],
  [-1, '0s'],
  [0, '0s'],
  [59.9 * second, '59s'],
  [119 * second, '119s'],
  [2 * minute, '2m'],
  [2 * minute + 5 * second, '2m5s'],
  [9 * minute + 59 * second, '9m59s'],
  [10 * minute + 30 * second, '10m'],
  [hour, '60m'],
  [179 * minute, '179m'],
  [3 * hour, '3h'],
  [3 * hour + 10 * minute, '3h10m'],
  [7 * hour + 59 * minute, '7h59m'],
  [8 * hour + 59 * minute, '8h'],
  [47 * hour, '47h'],
  [2 * day, '2d'],
  [3 * day + 2 * hour, '3d2h'],
  [7 * day + 23 * hour, '7d23h'],
  [8 * day + 23 * hour, '8d'],
  [729 * day, '729d'],
  [730 * day, '2y'],
  [731 * day, '2y1d'],
  [(8 * 365 - 1) * day, '7y364d'],
  [9 * 365 * day + 5 * day, '9y'],
];
for (const [ms, human] of ages) {
  t.test(`humanDuration of ${ms} ms is ${human}`, async (t) => {
    t.equal(humanDuration(ms), human);
  });
}
