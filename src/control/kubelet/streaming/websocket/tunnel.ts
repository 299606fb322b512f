import { Duplex } from 'node:stream';
import type { WebSocket } from '../../../../rpc/websocket/web-socket.js';

/** The bytes of a connection of another protocol in the messages of a WebSocket. */
export function tunnelOf(socket: WebSocket): Duplex {
  let onRoom: (() => void) | null = null;
  const tunnel = new Duplex({
    read() {
      onRoom?.();
      onRoom = null;
    },
    write(chunk: Buffer, _encoding, done) {
      socket.send([chunk], { isText: false }, () => done());
    },
    writev(chunks, done) {
      const pieces = chunks.map(({ chunk }) => chunk as Buffer);
      socket.send([Buffer.concat(pieces)], { isText: false }, () => done());
    },
    final(done) {
      socket.close(1000, '');
      done();
    },
    destroy(error, done) {
      onRoom?.();
      socket.close(1000, '');
      done(error);
    },
  });
  socket.onGone(() => tunnel.destroy());
  void feed();
  return tunnel;

  async function feed(): Promise<void> {
    for await (const { bytes } of socket.messages()) {
      if (tunnel.destroyed) continue;
      if (tunnel.push(bytes)) continue;
      await new Promise<void>((resolve) => {
        onRoom = resolve;
      });
    }
    if (!tunnel.destroyed) tunnel.push(null);
  }
}
