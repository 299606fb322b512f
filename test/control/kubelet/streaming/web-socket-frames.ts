import { Duplex } from 'node:stream';

/** What asks for a WebSocket; the key is that of RFC 6455 section 1.3. */
export const webSocketHeaders = {
  upgrade: 'websocket',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
};

/** A frame as a client sends it; `first` is its first byte. */
export function frame(first: number, payload: Buffer, isMasked = true): Buffer {
  const mask = isMasked ? Buffer.from([1, 2, 3, 4]) : Buffer.alloc(0);
  const length =
    payload.length < 126
      ? Buffer.from([payload.length])
      : payload.length < 65_536
        ? Buffer.from([126, payload.length >> 8, payload.length & 255])
        : Buffer.concat([Buffer.from([127, 0, 0, 0, 0]), wordOf(payload.length)]);
  if (isMasked) length[0] = (length[0] as number) | 0x80;
  const bytes = isMasked ? payload.map((byte, at) => byte ^ (mask[at % 4] as number)) : payload;
  return Buffer.concat([Buffer.from([first]), length, mask, bytes]);
}

function wordOf(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** The client's end of a connection whose bytes travel in the messages of a WebSocket. */
export function clientTunnel(socket: Duplex, rest: Buffer): Duplex {
  let heard = rest;
  const tunnel = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      socket.write(frame(0x82, chunk), () => done());
    },
  });
  const take = () => {
    while (heard.length >= 2) {
      const short = heard[1] as number;
      const head = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (heard.length < head) return;
      const length =
        short === 127
          ? Number(heard.readBigUInt64BE(2))
          : short === 126
            ? heard.readUInt16BE(2)
            : short;
      if (heard.length < head + length) return;
      if (heard[0] === 0x82) tunnel.push(heard.subarray(head, head + length));
      heard = heard.subarray(head + length);
    }
  };
  socket.on('data', (chunk: Buffer) => {
    heard = Buffer.concat([heard, chunk]);
    take();
  });
  socket.on('end', () => tunnel.push(null));
  take();
  return tunnel;
}
