import { connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { Prng } from '../../../../../src/base/prng.js';
import { SpdyClient } from '../../../../../src/control/kubelet/runtime/cri/streams/spdy-client.js';
import {
  HeaderReader,
  headerBlock,
} from '../../../../../src/control/kubelet/streaming/spdy/header-blocks.js';
import { SpdyConnection } from '../../../../../src/control/kubelet/streaming/spdy/spdy-connection.js';
import type { SpdyStream } from '../../../../../src/control/kubelet/streaming/spdy/spdy-stream.js';
import { hostClock } from '../../../../../src/host/clock.js';

t.test('headerBlock is what HeaderReader reads, block after block', async (t) => {
  const reader = new HeaderReader();
  const blocks = [
    { streamtype: 'stdin' },
    {},
    { port: '80', requestid: 'ä' },
    { 'X-Upper': 'Case' },
  ];
  for (const [index, headers] of blocks.entries()) {
    const read = await reader.read(headerBlock(headers, index === 0));
    const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    t.strictSame([...read], lower);
  }
  reader.close();
});

t.test('SpdyClient: streams carry bytes both ways, each to its own end', async (t) => {
  const seed = Date.now() % 1_000_000;
  const prng = new Prng(seed);
  const client = await connected(t, (stream) => {
    // Gives back what comes, and ends when that has.
    stream.input.pipe(stream.output);
    return true;
  });
  await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const stream = client.open({ streamtype: String(index) });
      const sent = Buffer.alloc(prng.int(0, 200_000), index);
      let at = 0;
      while (at < sent.length) {
        const size = prng.int(1, 50_000);
        if (!stream.output.write(sent.subarray(at, at + size))) {
          await new Promise((resolve) => stream.output.once('drain', resolve));
        }
        at += size;
      }
      stream.output.end();
      const got: Buffer[] = [];
      for await (const chunk of stream.input) got.push(chunk as Buffer);
      t.ok(Buffer.concat(got).equals(sent), `stream ${index}, seed ${seed}`);
    }),
  );
});

t.test('SpdyClient: what came before a reset or the end is still read', async (t) => {
  for (const how of ['reset', 'close'] as const) {
    let server: SpdyConnection | null = null;
    const client = await connected(
      t,
      (stream) => {
        stream.output.write('last words', () => {
          if (how === 'reset') stream.reset(5);
          else server?.close();
        });
        return true;
      },
      (connection) => {
        server = connection;
      },
    );
    const stream = client.open({ streamtype: 'error' });
    let text = '';
    for await (const chunk of stream.input) text += String(chunk);
    t.equal(text, 'last words', how);
    t.ok(stream.output.destroyed);
  }
});

t.test('SpdyClient: a refused stream and a closed connection take nothing more', async (t) => {
  const client = await connected(t, () => false);
  const refused = client.open({ streamtype: 'none' });
  await new Promise((resolve) => refused.output.once('close', resolve));
  client.close();
  await new Promise<void>((resolve) => client.onGone(resolve));
  t.ok(client.open({ streamtype: 'late' }).output.destroyed);
});

/** A client, and a server that is given what it opens. */
async function connected(
  t: Test,
  onStream: (stream: SpdyStream) => boolean,
  onConnection: (connection: SpdyConnection) => void = () => {},
): Promise<SpdyClient> {
  const server = createServer((socket) => {
    const options = { socket, head: Buffer.alloc(0), clock: hostClock, idleMs: 0, onStream };
    const connection = new SpdyConnection(options);
    onConnection(connection);
    void connection.run();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const socket = await new Promise<Socket>((resolve) => {
    const opened = connect({ port, host: '127.0.0.1' }, () => resolve(opened));
  });
  const client = new SpdyClient(socket, Buffer.alloc(0));
  t.teardown(() => {
    client.close();
    server.close();
  });
  return client;
}
