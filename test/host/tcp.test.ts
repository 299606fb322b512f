import net from 'node:net';
import t from 'tap';
import { openTcp } from '../../src/host/tcp.js';
import { freePorts } from '../e2e/ports.js';

t.test('openTcp: an answer that came while the process stood still is no silence', async (t) => {
  const server = net.createServer((socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as net.AddressInfo;
  const opening = openTcp({ host: '127.0.0.1', port }, 20);
  await new Promise((resolve) => process.nextTick(resolve));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  (await opening).reset();
});

t.test('openTcp: a port that nobody listens on is refused', async (t) => {
  const [port = 0] = await freePorts(1);
  await t.rejects(openTcp({ host: '127.0.0.1', port }, 60_000), { code: 'ECONNREFUSED' });
});
