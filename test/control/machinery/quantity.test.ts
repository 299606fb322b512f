import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { Quantity } from '../../../src/control/machinery/quantity.js';
import { QuantityError } from '../../../src/control/machinery/quantity-parse.js';

/** A rational number as a dumb model: numerator over a power of ten times nothing else. */
interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const powers: Record<string, Rational> = {
  n: { numerator: 1n, denominator: 10n ** 9n },
  u: { numerator: 1n, denominator: 10n ** 6n },
  m: { numerator: 1n, denominator: 1000n },
  '': { numerator: 1n, denominator: 1n },
};
['k', 'M', 'G', 'T', 'P', 'E'].forEach((suffix, at) => {
  powers[suffix] = { numerator: 1000n ** BigInt(at + 1), denominator: 1n };
  powers[`${suffix === 'k' ? 'K' : suffix}i`] = {
    numerator: 1024n ** BigInt(at + 1),
    denominator: 1n,
  };
});

/** Reads a quantity by multiplying out, then rounds away from zero to a billionth. */
function dumbNanos(text: string): bigint {
  const [, sign, whole = '', fraction = '', suffix = ''] =
    /^([+-]?)(\d*)\.?(\d*)([a-zA-Z]*[-+]?\d*)$/.exec(text) ?? [];
  const exponent = /^[eE]([-+]?\d+)$/.exec(suffix)?.[1];
  const power =
    exponent === undefined
      ? powers[suffix]!
      : Number(exponent) < 0
        ? { numerator: 1n, denominator: 10n ** BigInt(-Number(exponent)) }
        : { numerator: 10n ** BigInt(exponent), denominator: 1n };
  const numerator = BigInt(whole + fraction) * power.numerator * 10n ** 9n;
  const denominator = 10n ** BigInt(fraction.length) * power.denominator;
  let nanos = numerator / denominator;
  if (nanos * denominator !== numerator) nanos++;
  const cap = (2n ** 63n - 1n) * 10n ** 9n;
  if (suffix.endsWith('i') && nanos > cap) nanos = cap;
  return sign === '-' ? -nanos : nanos;
}

function nanosOf(quantity: Quantity): bigint {
  const scaled = quantity.mul(10n ** 9n);
  return scaled.value();
}

function randomText(prng: Prng): string {
  const digits = (max: number) =>
    Array.from({ length: prng.int(0, max) }, () => prng.int(0, 10)).join('');
  const whole = `${prng.int(0, 10)}${digits(prng.pick([1, 3, 20]))}`;
  const fraction = prng.chance(0.4) ? `.${digits(prng.pick([2, 4, 15]))}` : '';
  const suffix = prng.chance(0.3)
    ? `${prng.pick(['e', 'E'])}${prng.pick(['', '-', '+'])}${prng.int(0, 25)}`
    : prng.pick(Object.keys(powers));
  return `${prng.pick(['', '', '-', '+'])}${whole}${fraction}${suffix}`;
}

for (const seed of [1, 2]) {
  t.test(`Quantity agrees with rational arithmetic on random texts, seed ${seed}`, async (t) => {
    const prng = new Prng(seed);
    for (let i = 0; i < 4000; i++) {
      const [a, b] = [randomText(prng), randomText(prng)];
      const [x, y] = [Quantity.parse(a), Quantity.parse(b)];
      const [dx, dy] = [dumbNanos(a), dumbNanos(b)];
      const context = `${a} and ${b}`;
      const same = (actual: unknown, expected: unknown, what: string) => {
        if (actual !== expected) t.equal(actual, expected, `${what} of ${context}`);
      };
      same(nanosOf(x), dx, 'nanos');
      same(x.compare(y), dx < dy ? -1 : dx > dy ? 1 : 0, 'compare');
      same(x.sign, dx < 0n ? -1 : dx > 0n ? 1 : 0, 'sign');
      same(nanosOf(x.add(y)), dx + dy, 'add');
      same(nanosOf(x.sub(y)), dx - dy, 'sub');
      same(nanosOf(x.neg()), -dx, 'neg');
      const away = (by: bigint) => {
        const quotient = dx / by;
        return quotient * by === dx ? quotient : quotient + (dx < 0n ? -1n : 1n);
      };
      same(x.value(), away(10n ** 9n), 'value');
      same(x.milliValue(), away(10n ** 6n), 'milliValue');
      same(dumbNanos(x.toCanonical()), dx, 'what the canonical form says');
      same(dumbNanos(x.toString()), dx, 'what the text says');
      same(x.add(y).sub(y).compare(x), 0, 'add and sub');
      const canonical = x.toCanonical();
      same(
        Quantity.parse(canonical).toCanonical(),
        canonical,
        'the canonical form of the canonical form',
      );
      if (!/^-?\d+(|[numkMGTPE]|[KMGTPE]i|e-?\d+)$/.test(canonical)) t.fail(`${a} as ${canonical}`);
    }
  });
}

const texts: [text: string, shown: string, canonical?: string][] = [
  ['0', '0'],
  ['000', '0'],
  ['0Gi', '0'],
  ['-0', '0'],
  ['1', '1'],
  ['1.5', '1500m'],
  ['0.5', '500m'],
  ['.5', '500m'],
  ['5.', '5.', '5'],
  ['0.001', '1m'],
  ['100m', '100m'],
  ['1000m', '1'],
  ['1500m', '1500m'],
  ['2000k', '2M'],
  ['1000', '1k'],
  ['12000000', '12M'],
  ['1Ki', '1Ki'],
  ['1024', '1024'],
  ['1024Ki', '1Mi'],
  ['1.5Gi', '1536Mi'],
  ['0.5Ki', '512'],
  ['0.5Mi', '512Ki'],
  ['1023Ki', '1023Ki'],
  ['1.1Ki', '1126400m'],
  ['9Ei', '9223372036854775807'],
  ['100Ei', '9223372036854775807'],
  ['-100Ei', '-9223372036854775807'],
  ['1e3', '1e3'],
  ['1E3', '1E3', '1e3'],
  ['12e6', '12e6'],
  ['1000e3', '1e6'],
  ['1e4', '10e3'],
  ['1e-3', '1e-3'],
  ['1e1', '10'],
  ['1E', '1E'],
  ['1000E', '1000E'],
  ['0.1n', '1n'],
  ['-0.1n', '-1n'],
  ['1.0000000001', '1000000001n'],
  ['1e-400', '1e-9'],
  ['+5', '+5', '5'],
  ['1.234', '1.234', '1234m'],
  ['1.500', '1.500', '1500m'],
  ['1.123456789', '1.123456789', '1123456789n'],
  ['1.000000000001', '1000000001n'],
  ['1234567890123456.123', '1234567890123456123m'],
  ['+12345678901Ki', '+12345678901Ki', '12345678901Ki'],
  ['+123456789013Ki', '123456789013Ki'],
  ['123456789012345678', '123456789012345678'],
  ['1234567890123456789', '1234567890123456789'],
];
for (const [text, shown, canonical = shown] of texts) {
  t.test(`Quantity.parse of '${text}' is shown as '${shown}'`, async (t) => {
    t.equal(Quantity.parse(text).toString(), shown);
    t.equal(Quantity.parse(text).toCanonical(), canonical);
    t.equal(JSON.stringify(Quantity.parse(text)), JSON.stringify(shown));
  });
}

const wrongFormat =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const refused: [text: string, message: string][] = [
  ['', wrongFormat],
  [' 1', wrongFormat],
  ['1 ', wrongFormat],
  ['1.2.3', wrongFormat],
  ['1x', wrongFormat],
  ['one', wrongFormat],
  ['1Gi1Gi', wrongFormat],
  ['--1', "unable to parse quantity's suffix"],
  ['1'.repeat(20_000), wrongFormat],
  ['1e', "unable to parse quantity's suffix"],
  ['1ki', "unable to parse quantity's suffix"],
  ['1KiB', wrongFormat],
  ['1K', "unable to parse quantity's suffix"],
  ['1mm', "unable to parse quantity's suffix"],
  ['1M5', "unable to parse quantity's suffix"],
  ['1e101', 'unable to parse numeric part of quantity'],
  ['1e1000000000', 'unable to parse numeric part of quantity'],
];
for (const [text, message] of refused) {
  t.test(`Quantity.parse refuses '${text.slice(0, 20)}'`, async (t) => {
    t.throws(() => Quantity.parse(text), { message });
    t.throws(() => Quantity.parse(text), QuantityError);
  });
}

t.test('Quantity.parse rounds what is ever so small up, however it is written', async (t) => {
  for (const text of ['1e-1000000000', `${'9'.repeat(900)}e-910`, `0.${'0'.repeat(900)}1`]) {
    t.equal(Quantity.parse(text).toCanonical(), text.includes('e') ? '1e-9' : '1n');
  }
  t.equal(Quantity.parse(`-${'9'.repeat(900)}e-900`).value(), -1n);
});

t.test('Quantity.parse takes texts of up to a thousand characters', async (t) => {
  t.equal(Quantity.parse('1'.repeat(1000)).toString(), '1'.repeat(1000));
  t.throws(() => Quantity.parse('1'.repeat(1001)), { message: wrongFormat });
});

t.test('Quantity.fromJson takes numbers, and text with spaces around it', async (t) => {
  t.equal(Quantity.fromJson(2).toString(), '2');
  t.equal(Quantity.fromJson(0.25).toString(), '250m');
  t.equal(Quantity.fromJson(' 1Gi\n').toString(), '1Gi');
});

t.test('a sum has the format of its first term, unless that is zero', async (t) => {
  const [mebi, mega, zero] = [Quantity.parse('1Mi'), Quantity.parse('1M'), Quantity.zero];
  t.equal(mebi.add(mebi).toString(), '2Mi');
  t.equal(zero.add(mebi).toString(), '1Mi');
  t.equal(mega.add(mebi).format, 'decimal-si');
  t.equal(zero.sub(mebi).toString(), '-1Mi');
  t.equal(mebi.sub(mebi).toString(), '0');
});

t.test('a binary amount of less than one has decimal format from then on', async (t) => {
  const formats = ['0.0005Ki', '0.0009765625Ki', '0Ki'].map((text) => Quantity.parse(text).format);
  t.strictSame(formats, ['decimal-si', 'binary-si', 'binary-si']);
});

t.test('Quantity.of and ofMilli are whole units and thousandths', async (t) => {
  t.equal(Quantity.of(2048, 'binary-si').toString(), '2Ki');
  t.equal(Quantity.ofMilli(1500).toString(), '1500m');
  t.equal(Quantity.ofMilli(1500).toNumber(), 1.5);
  t.equal(Quantity.parse('-1.5').value(), -2n);
});
