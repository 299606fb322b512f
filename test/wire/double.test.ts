import t from 'tap';
import { Reader, WireError, Writer } from '../../src/wire/index.js';

t.test('double: every kind of number survives, little end first', async (t) => {
  const writer = new Writer();
  for (const value of [0, -0, 1, -1.5, 1e300, 5e-324, Number.NaN, -Infinity, 2 ** 53]) {
    writer.double(value);
    const bytes = writer.finish();
    t.equal(bytes.length, 8);
    const reader = new Reader(bytes);
    t.ok(Object.is(reader.double(), value), `${value}`);
    t.equal(reader.pos, 8);
  }
  writer.double(1);
  t.equal(Buffer.from(writer.finish()).toString('hex'), '000000000000f03f');
});

t.test(
  'double: in the middle of a larger message, and of a Buffer that starts elsewhere',
  async (t) => {
    const writer = new Writer();
    writer.string('after');
    writer.double(2.5);
    writer.string('before');
    const whole = Buffer.concat([Buffer.from('xyz'), writer.finish()]).subarray(3);
    const reader = new Reader(whole);
    t.equal(reader.string(), 'before');
    t.equal(reader.double(), 2.5);
    t.equal(reader.string(), 'after');
  },
);

t.test('double: bytes that end early are refused', async (t) => {
  t.throws(() => new Reader(new Uint8Array(7)).double(), WireError);
});
