import t from 'tap';
import { toHex } from '../../../src/base/bytes.js';
import { Prng } from '../../../src/base/prng.js';
import { FrameReader } from '../../../src/rpc/http2/frame-reader.js';
import { ErrorCode } from '../../../src/rpc/http2/protocol.js';
import { frame } from './frames.js';

function collector(): { readonly frames: string[]; readonly reader: FrameReader } {
  const frames: string[] = [];
  const reader = new FrameReader({
    onFrame: (type, flags, streamId, bytes, start, end) => {
      frames.push(`${type} ${flags} ${streamId} ${toHex(bytes.subarray(start, end))}`);
    },
  });
  return { frames, reader };
}

t.test('FrameReader finds the same frames however the input is cut', async (t) => {
  const seed = 9113;
  const prng = new Prng(seed);
  for (let round = 0; round < 300; round++) {
    const wanted: string[] = [];
    const parts: Uint8Array[] = [];
    for (let i = 0; i < prng.int(1, 12); i++) {
      const payload = prng.bytes(prng.chance(0.1) ? prng.int(0, 16_385) : prng.int(0, 40));
      const [type, flags, id] = [prng.int(0, 256), prng.int(0, 256), prng.int(0, 2 ** 31)];
      wanted.push(`${type} ${flags} ${id} ${toHex(payload)}`);
      parts.push(frame(type, flags, id, payload));
    }
    const input = new Uint8Array(Buffer.concat(parts));
    const { frames, reader } = collector();
    for (let pos = 0; pos < input.length; ) {
      const end = Math.min(
        input.length,
        pos + (prng.chance(0.5) ? prng.int(1, 12) : prng.int(1, 9000)),
      );
      reader.push(input.slice(pos, end), 0);
      pos = end;
    }
    if (frames.join('\n') !== wanted.join('\n')) return void t.fail(`seed ${seed} round ${round}`);
  }
  t.pass('all rounds');
});

t.test('FrameReader hands over what lies whole in a chunk without copying it', async (t) => {
  const chunk = new Uint8Array(
    Buffer.concat([frame(0, 0, 1, Buffer.from('abc')), frame(0, 0, 3, Buffer.from('de'))]),
  );
  const seen: (readonly [boolean, number, number])[] = [];
  const reader = new FrameReader({
    onFrame: (_type, _flags, _id, bytes, start, end) =>
      void seen.push([bytes === chunk, start, end]),
  });
  reader.push(chunk, 0);
  t.strictSame(seen, [
    [true, 9, 12],
    [true, 21, 23],
  ]);
});

t.test('FrameReader refuses a frame above 2^14 bytes by its header alone', async (t) => {
  for (const cut of [1, 3, 8, 9]) {
    const { reader } = collector();
    const header = frame(0, 0, 1, new Uint8Array(16_385)).subarray(0, 9);
    t.throws(
      () => {
        reader.push(header.slice(0, cut), 0);
        reader.push(header.slice(cut), 0);
      },
      { name: 'ConnectionFault', code: ErrorCode.frameSizeError },
      `cut after ${cut}`,
    );
  }
});

t.test('FrameReader stops when it is told to, from within a frame too', async (t) => {
  let count = 0;
  const reader: FrameReader = new FrameReader({
    onFrame: () => {
      count++;
      reader.stop();
    },
  });
  const two = new Uint8Array(Buffer.concat([frame(0, 0, 1, none), frame(0, 0, 1, none)]));
  reader.push(two, 0);
  reader.push(two, 0);
  t.equal(count, 1);
});

const none = new Uint8Array(0);
