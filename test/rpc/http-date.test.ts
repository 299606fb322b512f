import t from 'tap';
import { Prng } from '../../src/base/prng.js';
import { formatHttpDate, HttpDate } from '../../src/rpc/http-date.js';
import { realClock } from './support.js';

t.test('formatHttpDate writes dates as JavaScript does', (t) => {
  t.equal(formatHttpDate(784_111_777_000), 'Sun, 06 Nov 1994 08:49:37 GMT');
  const prng = new Prng(1);
  const endMs = Date.UTC(9999, 11, 31);
  const days = ['1970-01-01', '1999-12-31', '2000-02-29', '2000-03-01', '2100-02-28', '2100-03-01'];
  const times = [
    ...days.map((day) => Date.parse(day)),
    ...Array.from({ length: 20_000 }, () => prng.int(0, 2 ** 31) * 1000 * prng.int(1, 4)),
    endMs,
  ];
  for (const ms of times) {
    if (formatHttpDate(ms) !== new Date(ms).toUTCString()) t.fail(`${ms}: ${formatHttpDate(ms)}`);
  }
  t.end();
});

t.test('HttpDate follows its clock', (t) => {
  let now = 999;
  const date = new HttpDate({ ...realClock, wallTime: () => now });
  t.equal(date.text, 'Thu, 01 Jan 1970 00:00:00 GMT');
  now = 1000;
  t.equal(date.text, 'Thu, 01 Jan 1970 00:00:01 GMT');
  t.end();
});
