import { Duplex } from 'node:stream';
import { deflateSync } from 'node:zlib';
import t from 'tap';
import type { Prng } from '../../src/base/prng.js';
import { headerDictionary } from '../../src/control/kubelet/streaming/spdy/dictionary.js';
import { SpdyConnection } from '../../src/control/kubelet/streaming/spdy/spdy-connection.js';
import { Channels } from '../../src/control/kubelet/streaming/websocket/channels.js';
import { WebSocket } from '../../src/rpc/websocket/web-socket.js';
import { control, words } from '../control/kubelet/streaming/spdy-client.js';
import { frame } from '../control/kubelet/streaming/web-socket-frames.js';
import { realClock } from '../rpc/support.js';
import { campaign } from './campaign.js';

/** A socket that reads what it is told to, and takes whatever is written to it. */
function deafSocket(): Duplex {
  return new Duplex({
    read() {},
    write(_chunk, _encoding, done) {
      done();
    },
  });
}

/** Bytes that are changed, left out or doubled here and there. */
function damaged(bytes: Buffer, prng: Prng): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (let changes = prng.int(0, 4); changes > 0 && at < bytes.length; changes--) {
    const end = prng.int(at, bytes.length) + 1;
    const part = Buffer.from(bytes.subarray(at, end));
    const kind = prng.int(0, 3);
    if (kind === 0) part[prng.int(0, part.length)] = prng.int(0, 256);
    if (kind !== 1) parts.push(part);
    if (kind === 2) parts.push(part);
    at = end;
  }
  return Buffer.concat([...parts, bytes.subarray(at)]);
}

/** In pieces of any size. */
function pieces(bytes: Buffer, prng: Prng): Buffer[] {
  const cut: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + prng.int(1, 200));
    cut.push(bytes.subarray(at, end));
    at = end;
  }
  return cut;
}

function spdyBytes(prng: Prng): Buffer {
  const frames: Buffer[] = [];
  let id = 1;
  for (let count = prng.int(1, 12); count > 0; count--) {
    const kind = prng.int(0, 8);
    if (kind === 0) {
      const text = Buffer.concat([words(1, 4), Buffer.from('port'), words(2), Buffer.from('80')]);
      const block = deflateSync(text, { dictionary: headerDictionary });
      frames.push(control(1, Buffer.concat([words(id, 0), Buffer.alloc(2), block])));
      id += 2;
    } else if (kind === 1) {
      const data = Buffer.from(prng.bytes(prng.int(0, 300)));
      frames.push(Buffer.concat([words(prng.int(0, 12), data.length), data]));
    } else {
      const type = prng.int(0, 12);
      frames.push(control(type, Buffer.from(prng.bytes(prng.int(0, 40))), prng.int(0, 4)));
    }
  }
  return damaged(Buffer.concat(frames), prng);
}

function webSocketBytes(prng: Prng): Buffer {
  const frames: Buffer[] = [];
  for (let count = prng.int(1, 12); count > 0; count--) {
    const opcode = prng.pick([0, 1, 2, 2, 2, 8, 9, 10, 3]);
    const payload = Buffer.from(prng.bytes(prng.int(0, prng.chance(0.2) ? 70_000 : 100)));
    frames.push(frame((prng.chance(0.8) ? 0x80 : 0) | opcode, payload, prng.chance(0.95)));
  }
  return damaged(Buffer.concat(frames), prng);
}

t.test('SPDY: whatever comes, the connection ends by itself or with its client', async (t) => {
  await campaign(t, 'kubelet-streams.test', async (prng) => {
    const duplex = deafSocket();
    const connection = new SpdyConnection({
      ...{ socket: duplex, head: new Uint8Array(0), clock: realClock, idleMs: 0 },
      onStream(stream) {
        stream.input.resume();
        stream.output.end('hello');
        return true;
      },
    });
    const running = connection.run();
    for (const piece of pieces(spdyBytes(prng), prng)) duplex.push(piece);
    duplex.push(null);
    await running;
    duplex.destroy();
    return null;
  });
});

t.test('WebSocket: whatever comes, the connection ends by itself or with its client', async (t) => {
  await campaign(t, 'kubelet-streams.test', async (prng) => {
    const duplex = deafSocket();
    const socket = new WebSocket({
      ...{ socket: duplex, head: new Uint8Array(0), clock: realClock, idleMs: 0 },
    });
    const isBase64 = prng.chance(0.3);
    const channels = new Channels(socket, { isBase64, hasCloseSignal: prng.chance(0.5) });
    const input = channels.readable(0);
    input.resume();
    const running = channels.run();
    for (const piece of pieces(webSocketBytes(prng), prng)) duplex.push(piece);
    duplex.push(null);
    await running;
    duplex.destroy();
    return null;
  });
});
