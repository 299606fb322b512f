import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { decodeImage, encodeImage } from '../../../src/store/schema/image.js';

type Records = [Uint8Array, Uint8Array][];

async function* inBatches(records: Records, size: number) {
  for (let i = 0; i < records.length; i += size) yield records.slice(i, i + size);
}

async function* chunksOf(...chunks: Uint8Array[]) {
  yield* chunks;
}

async function encode(records: Records): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of encodeImage(inBatches(records, 10))) chunks.push(chunk);
  return chunks;
}

async function decode(chunks: AsyncIterable<Uint8Array>): Promise<Records> {
  const records: Records = [];
  for await (const batch of decodeImage(chunks)) for (const [k, v] of batch) records.push([k, v]);
  return records;
}

function randomRecords(prng: Prng): Records {
  return Array.from({ length: prng.int(0, 60) }, () => [
    prng.bytes(prng.int(1, 20)),
    prng.bytes(prng.int(0, prng.pick([5, 1000]))),
  ]);
}

t.test('decodeImage reads what encodeImage wrote, cut anywhere', async (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const prng = new Prng(seed);
    const records = randomRecords(prng);
    const whole = Buffer.concat(await encode(records));
    const cut: Uint8Array[] = [];
    for (let at = 0; at < whole.length; ) {
      const end = Math.min(whole.length, at + prng.int(1, prng.pick([3, 100, 10_000])));
      cut.push(new Uint8Array(whole.subarray(at, end)));
      at = end;
    }
    t.same(await decode(chunksOf(...cut)), records, `seed ${seed}`);
  }
});

t.test('encodeImage yields chunks of about 256 KiB', async (t) => {
  const records: Records = Array.from({ length: 100 }, (_, i) => [
    new Uint8Array([i]),
    new Uint8Array(50_000),
  ]);
  const sizes = (await encode(records)).map((chunk) => chunk.length);
  t.ok(sizes.length > 15);
  for (const size of sizes.slice(0, -1)) t.ok(size >= 256 * 1024 && size < 320 * 1024, `${size}`);
});

t.test('decodeImage refuses what is not a whole image', async (t) => {
  const records = randomRecords(new Prng(5));
  const whole = new Uint8Array(Buffer.concat(await encode(records)));
  const changed = (at: number, byte: number) => {
    const copy = whole.slice();
    copy[at] = byte;
    return copy;
  };
  const table: [string, Uint8Array][] = [
    ['nothing', new Uint8Array(0)],
    ['another header', changed(0, 0x58)],
    ['a missing end', whole.subarray(0, whole.length - 12)],
    ['half an end', whole.subarray(0, whole.length - 1)],
    ['a wrong count', changed(whole.length - 1, whole[whole.length - 1]! ^ 1)],
    ['bytes after the end', new Uint8Array([...whole, 0])],
    ['an absurd length', changed(8, 0xf0)],
  ];
  for (const [what, bytes] of table) {
    await t.rejects(decode(chunksOf(bytes)), { code: 'image' }, what);
  }
});
