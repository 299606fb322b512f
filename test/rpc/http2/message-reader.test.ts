import t from 'tap';
import { toHex } from '../../../src/base/bytes.js';
import { Prng } from '../../../src/base/prng.js';
import { MessageReader, soleMessage } from '../../../src/rpc/http2/message-reader.js';
import { RpcError, Status } from '../../../src/rpc/service.js';
import { prefixed } from './frames.js';

t.test(
  'MessageReader finds the same messages however the payload is cut, and gives its memory back',
  async (t) => {
    const seed = 31;
    const prng = new Prng(seed);
    for (let round = 0; round < 300; round++) {
      const sizes = [0, 1, 50, 16_384, 16_385, 40_000, 100_000];
      const messages = Array.from({ length: prng.int(1, 6) }, () => prng.bytes(prng.pick(sizes)));
      const payload = new Uint8Array(Buffer.concat(messages.map(prefixed)));
      const got: string[] = [];
      let room = 0;
      let most = 0;
      const reader = new MessageReader({
        bytesMax: 100_000,
        encoding: 'identity',
        onMessage: (bytes) => void got.push(toHex(bytes)),
        onRoom: (change) => {
          room += change;
          most = Math.max(most, room);
        },
      });
      for (let pos = 0; pos < payload.length; ) {
        const end = Math.min(
          payload.length,
          pos + (prng.chance(0.3) ? prng.int(1, 8) : prng.int(1, 30_000)),
        );
        reader.push(payload, pos, end);
        pos = end;
      }
      const isRight = got.join() === messages.map(toHex).join() && reader.isBetweenMessages;
      if (!isRight || room !== 0 || most > 100_000)
        return void t.fail(`seed ${seed} round ${round}`);
    }
    t.pass('all rounds');
  },
);

t.test('MessageReader sets memory aside as a message comes, not as it is announced', async (t) => {
  let room = 0;
  const reader = new MessageReader({
    bytesMax: 10_000_000,
    encoding: 'identity',
    onMessage: () => t.fail('it is not complete'),
    onRoom: (change) => {
      room += change;
    },
  });
  const payload = prefixed(new Uint8Array(5_000_000));
  reader.push(payload, 0, 6);
  t.ok(room <= 16_384, `${room} bytes for one that came`);
  reader.push(payload, 6, 1_000_000);
  t.ok(room <= 2_000_000, `${room} bytes for 1,000,000 that came`);
  reader.discard();
  t.equal(room, 0);
});

t.test('MessageReader passes on that there is no memory', async (t) => {
  const reader = new MessageReader({
    bytesMax: 1000,
    encoding: 'identity',
    onMessage: () => {},
    onRoom: () => {
      throw new RpcError(Status.resourceExhausted, 'full');
    },
  });
  t.throws(() => reader.push(prefixed(new Uint8Array(9)), 0, 8), { message: 'full' });
});

t.test('soleMessage takes exactly one whole message', async (t) => {
  const one = prefixed(Buffer.from('abc'));
  t.equal(Buffer.from(soleMessage(one, 0, one.length, 3)!).toString(), 'abc');
  for (const bytes of [one.subarray(0, 4), one.subarray(0, 7), Buffer.concat([one, one])]) {
    t.equal(soleMessage(bytes, 0, bytes.length, 3), null);
  }
  t.throws(() => soleMessage(one, 0, one.length, 2), { code: Status.resourceExhausted });
});
