import t from 'tap';
import {
  decodeStatusMessage,
  encodeStatusMessage,
  formatTimeout,
  parseTimeout,
} from '../../../src/rpc/http2/grpc-fields.js';

const timeouts: readonly (readonly [string, number | null])[] = [
  ['1H', 3_600_000],
  ['2M', 120_000],
  ['3S', 3000],
  ['4m', 4],
  ['5u', 0.005],
  ['6n', 0.000006],
  ['0n', 0],
  ['99999999H', 99_999_999 * 3_600_000],
  ['100000000S', null],
  ['S', null],
  ['1', null],
  ['1s', null],
  ['-1S', null],
  ['1.5S', null],
  [' 1S', null],
  ['', null],
];

t.test('parseTimeout takes up to eight digits and a unit', async (t) => {
  for (const [text, timeoutMs] of timeouts) t.equal(parseTimeout(text), timeoutMs, text);
});

t.test('formatTimeout gives eight digits at most and never less time', async (t) => {
  for (const timeoutMs of [0, 0.4, 1, 99.99, 5000, 86_400_000, 1e12, 2 ** 53]) {
    const text = formatTimeout(timeoutMs);
    const parsed = parseTimeout(text);
    t.ok(parsed !== null && (parsed >= timeoutMs || text === '99999999H'), `${timeoutMs}: ${text}`);
  }
});

const messages: readonly (readonly [string, string])[] = [
  ['etcdserver: no leader', 'etcdserver: no leader'],
  ['', ''],
  ['100%', '100%25'],
  [' a b ', '%20a b%20'],
  ['x\ny', 'x%0Ay'],
  ['ключ', '%D0%BA%D0%BB%D1%8E%D1%87'],
  ['~\x7f', '~%7F'],
];

t.test(
  'encodeStatusMessage percent-encodes UTF-8, and decodeStatusMessage inverts it',
  async (t) => {
    for (const [text, encoded] of messages) {
      t.equal(encodeStatusMessage(text), encoded);
      t.equal(decodeStatusMessage(encoded), text);
    }
    t.equal(encodeStatusMessage('x\ud800y'), 'x%EF%BF%BDy', 'a lone surrogate');
  },
);

t.test('decodeStatusMessage leaves alone what is not encoded', async (t) => {
  for (const text of ['%', '%4', '%zz', '50% off']) t.equal(decodeStatusMessage(text), text);
});
