import t from 'tap';
import type { Prng } from '../../src/base/prng.js';
import { ClientConnection } from '../../src/rpc/http2/client-connection.js';
import { FlushQueue } from '../../src/rpc/http2/flush-queue.js';
import { CallError } from '../../src/rpc/service.js';
import {
  data,
  type Fields,
  frame,
  headers,
  message,
  ping,
  rstStream,
  settings,
  windowUpdate,
} from '../rpc/http2/frames.js';
import { realClock } from '../rpc/support.js';
import { campaign, turn } from './campaign.js';
import { corrupt, cut, Wire } from './wire.js';

const okHead: Fields = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
];

/** One or more frames of a server, most of them allowed somewhere. */
function answer(prng: Prng, callCount: number): Buffer {
  const id = prng.int(0, callCount + 1) * 2 + 1;
  switch (prng.int(0, 12)) {
    case 0:
    case 1:
      return headers(id, okHead);
    case 2:
      return headers(id, [['grpc-status', String(prng.int(0, 20))]], true);
    case 3:
    case 4:
      return Buffer.concat([
        headers(id, okHead),
        message(id, prng.bytes(prng.int(0, 50)), false),
        headers(id, [['grpc-status', '0']], true),
      ]);
    case 5:
      return message(id, prng.bytes(prng.int(0, 50)), prng.chance(0.2));
    case 6:
      return data(id, prng.bytes(prng.int(0, 50)), prng.chance(0.2));
    case 7:
      return rstStream(id, prng.int(0, 14));
    case 8:
      return windowUpdate(prng.chance(0.3) ? 0 : id, prng.pick([1, 1000, 2 ** 20]));
    case 9:
      return settings([prng.pick([1, 3, 4, 6, 9]), prng.pick([0, 1, 100, 16_384, 65_535])]);
    case 10:
      return ping();
    default:
      if (prng.chance(0.7))
        return frame(7, 0, 0, Buffer.from([0, 0, 0, prng.int(0, 20), 0, 0, 0, 0]));
      return frame(prng.int(0, 12), prng.int(0, 256), prng.int(0, 20), prng.bytes(prng.int(0, 30)));
  }
}

t.test('a client survives random answers, and each of its calls ends once', async (t) => {
  let goodCalls = 0;
  const rounds = await campaign(t, 'http2-client.test', async (prng, seed) => {
    const wire = new Wire();
    const ends: number[] = [];
    const wrong: string[] = [];
    let gone = 0;
    const connection = new ClientConnection({
      duplex: wire,
      clock: realClock,
      flushQueue: new FlushQueue(realClock),
      scheme: 'http',
      authority: 'test',
      receiveBytesMax: 1000,
      keepalive: null,
      onReady: () => {},
      onRoom: () => {},
      onPingingTooOften: () => {},
      onGone: () => {
        gone++;
      },
    });
    const start = (i: number) => {
      ends[i] = 0;
      const call = connection.call(
        '/a/b',
        {},
        {
          isHoldingBack: prng.chance(0.3),
          onMessage: () => {
            if (ends[i] !== 0) wrong.push('a message after the end');
          },
          onWritable: () => {},
          onOver: (error) => {
            ends[i] = (ends[i] ?? 0) + 1;
            if (error === null) goodCalls++;
            else if (!(error instanceof CallError)) wrong.push(String(error));
          },
        },
      );
      call.sendMessage(prng.bytes(prng.pick([0, 10, 70_000])), prng.chance(0.5));
    };
    wire.push(settings());
    await turn();
    const callCount = prng.int(1, 6);
    for (let i = 0; i < callCount; i++) start(i);
    const input = Buffer.concat(
      Array.from({ length: prng.int(1, 30) }, () => answer(prng, callCount)),
    );
    corrupt(input, 0, 0.3, prng);
    await wire.feed(cut(input, prng), seed % 3 === 0);
    connection.destroy();
    if (ends.some((count) => count !== 1)) wrong.push(`calls ended ${ends} times`);
    if (gone !== 1) wrong.push(`the connection ended ${gone} times`);
    return wrong.length === 0 ? null : wrong.join('; ');
  });
  if (rounds >= 100) t.ok(goodCalls > rounds / 4, `${goodCalls} calls went well`);
});
