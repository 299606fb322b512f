import { once } from 'node:events';
import t from 'tap';
import { duplexPair } from '../../src/rpc/duplex-pair.js';

t.test('duplexPair carries bytes both ways, in order', async (t) => {
  const [one, other] = duplexPair();
  const seen: Buffer[] = [];
  other.on('data', (chunk: Buffer) => seen.push(chunk));
  for (let i = 0; i < 1000; i++) one.write(Buffer.alloc(100, i));
  other.write('back');
  t.equal(String((await once(one, 'data'))[0]), 'back');
  one.end();
  await once(other, 'end');
  const expected = Buffer.concat(Array.from({ length: 1000 }, (_, i) => Buffer.alloc(100, i)));
  t.ok(Buffer.concat(seen).equals(expected));
});

t.test('duplexPair holds back whoever writes more than is read', async (t) => {
  const [one, other] = duplexPair();
  while (one.write(Buffer.alloc(16 * 1024)));
  const isDrained = once(one, 'drain');
  other.resume();
  await isDrained;
  t.ok(one.write('more'));
});

t.test('duplexPair ends both ends together', async (t) => {
  const [one, other] = duplexPair();
  const closed = once(other, 'close');
  one.destroy();
  await closed;
  t.ok(other.destroyed);
  const [third, fourth] = duplexPair();
  fourth.resume();
  third.end('last');
  await Promise.all([once(third, 'close'), once(fourth, 'close')]);
});
