import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import type { Clock } from '../../../src/base/clock.js';
import { silentLogger } from '../../../src/base/logger.js';
import type { Service } from '../../../src/control/api/gen/core-v1.js';
import { viewService } from '../../../src/control/proxy/model/view-service.js';
import { UserspaceBackend } from '../../../src/control/proxy/userspace/userspace-backend.js';
import { hostClock } from '../../../src/host/clock.js';
import { until } from '../../client/until.js';
import { ManualClock } from '../../store/manual-clock.js';
import { nodeFacts, service, slice } from './objects.js';

const deadlineMs = 60_000;
const dnsPort = { name: 'dns', protocol: 'UDP' };

/** A proxy of one service, whose endpoints are ports of this machine. */
async function proxyOf(
  t: Test,
  object: Service,
  { clock = hostClock as Clock, udpIdleMs = 60_000 } = {},
) {
  const problems: string[] = [];
  const logger = { ...silentLogger, error: (message: string) => problems.push(message) };
  const backend = new UserspaceBackend({
    ...{ family: 4, clock, udpIdleMs, run: null },
    logger: logger as typeof silentLogger,
  });
  t.teardown(() => backend.cleanUp());
  const to = async (
    endpoints: readonly number[],
    port: { name?: string; protocol?: string } = {},
  ) => {
    const slices = endpoints.map((number) =>
      slice('web', [{ addresses: ['127.0.0.1'], nodeName: 'n1' }], { ...port, port: number }),
    );
    await backend.sync({
      facts: nodeFacts(),
      ports: viewService(object, slices, { name: 'n1', zone: '' }),
    });
    const [entry] = backend.entries();
    return Number(entry?.listens.split(':')[1]);
  };
  return { to, backend, problems };
}

async function serveTcp(t: Test, onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    t.teardown(() => socket.destroy());
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as { port: number }).port;
}

const says = (t: Test, text: string) => serveTcp(t, (socket) => socket.end(text));

/** What comes back until the end, or how the connection broke. */
function ask(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    let text = '';
    socket.on('data', (chunk) => (text += chunk)).on('end', () => resolve(text));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
  });
}

t.test(
  'UserspaceBackend: connections take turns, and pass over an endpoint that is dead',
  async (t) => {
    const proxy = await proxyOf(t, service('web', { clusterIP: '10.96.0.10' }));
    const [a, b] = [await says(t, 'a'), await says(t, 'b')];
    const port = await proxy.to([a, b]);
    const answers = [await ask(port), await ask(port), await ask(port), await ask(port)];
    t.same(answers.toSorted(), ['a', 'a', 'b', 'b']);
    t.equal(await proxy.to([a, 1]), port, 'changes move nobody');
    t.same([await ask(port), await ask(port), await ask(port)], ['a', 'a', 'a']);
    await proxy.to([]);
    t.equal(await ask(port), 'ECONNRESET', 'without endpoints it is refused');
  },
);

t.test('UserspaceBackend: each direction ends by itself', async (t) => {
  const proxy = await proxyOf(t, service('web', { clusterIP: '10.96.0.10' }));
  const echo = await serveTcp(t, (socket) => {
    let text = '';
    socket.on('data', (chunk) => (text += chunk));
    // It answers only once it knows that all was said.
    socket.on('end', () => socket.end(`all: ${text}`));
  });
  const socket = connect({ host: '127.0.0.1', port: await proxy.to([echo]), allowHalfOpen: true });
  socket.end('hello');
  let text = '';
  for await (const chunk of socket) text += chunk;
  t.equal(text, 'all: hello');
});

t.test('UserspaceBackend: who breaks off breaks off the other side', async (t) => {
  const proxy = await proxyOf(t, service('web', { clusterIP: '10.96.0.10' }));
  let broken = '';
  const endpoint = await serveTcp(t, (socket) => {
    socket.write('x');
    socket.on('error', (error: NodeJS.ErrnoException) => (broken = error.code ?? ''));
  });
  const socket = connect({ host: '127.0.0.1', port: await proxy.to([endpoint]) });
  await once(socket, 'data');
  socket.resetAndDestroy();
  await until('the endpoint is told', () => broken === 'ECONNRESET', deadlineMs);
  t.pass();
});

t.test('UserspaceBackend: what nobody reads is not taken from who sends it', async (t) => {
  const proxy = await proxyOf(t, service('web', { clusterIP: '10.96.0.10' }));
  const chunk = Buffer.alloc(1 << 16, 'x');
  const total = 64 << 20;
  let sent = 0;
  const endpoint = await serveTcp(t, (socket) => {
    const send = () => {
      while (sent < total && socket.write(chunk)) sent += chunk.length;
      if (sent >= total) socket.end();
    };
    socket.on('drain', () => {
      sent += chunk.length;
      send();
    });
    send();
  });
  const socket = connect({ host: '127.0.0.1', port: await proxy.to([endpoint]) });
  let received = 0;
  let aheadMax = 0;
  socket.on('data', (bytes: Buffer) => {
    received += bytes.length;
    aheadMax = Math.max(aheadMax, sent - received);
    // The sender and the proxy, which are in this process too, have more turns than the reader.
    socket.pause();
    setImmediate(() => setImmediate(() => socket.resume()));
  });
  await once(socket, 'end');
  t.equal(received, sent, 'all of it comes');
  t.ok(aheadMax < total / 3, `${aheadMax} of ${total} bytes were on the way at most`);
});

t.test('UserspaceBackend: node ports listen, and one that is taken is tried again', async (t) => {
  const taken = createServer();
  taken.listen(0, '0.0.0.0');
  await once(taken, 'listening');
  const nodePort = (taken.address() as { port: number }).port;
  const spec = { clusterIP: '10.96.0.10', type: 'NodePort', ports: [{ port: 80, nodePort }] };
  const proxy = await proxyOf(t, service('web', spec));
  const a = await says(t, 'a');
  t.equal(await ask(await proxy.to([a])), 'a', 'the other way in is served');
  t.same(proxy.problems, ['a port of a service is not served']);
  taken.close();
  await once(taken, 'close');
  await proxy.to([a]);
  t.equal(await ask(nodePort), 'a');
  t.same(
    proxy.backend.entries().map(({ listens, destination }) => [listens.split(':')[0], destination]),
    [
      ['127.0.0.1', '10.96.0.10:80'],
      ['0.0.0.0', ''],
    ],
  );
  await proxy.backend.cleanUp();
  t.equal(await ask(nodePort), 'ECONNREFUSED');
});

async function serveUdp(t: Test, name: string): Promise<number> {
  const socket = createSocket('udp4');
  socket.on('message', (bytes, from) => socket.send(`${name} ${bytes} ${from.port}`, from.port));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.teardown(() => socket.close());
  return socket.address().port;
}

async function udpClient(t: Test, port: number): Promise<(text: string) => Promise<string>> {
  const socket = createSocket('udp4');
  t.teardown(() => socket.close());
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return async (text) => {
    const answer = once(socket, 'message');
    socket.send(text);
    return String((await answer)[0]);
  };
}

t.test(
  'UserspaceBackend: datagrams of a client go one way until it is silent for the time',
  async (t) => {
    const clock = new ManualClock();
    const dns = service('web', { clusterIP: '10.96.0.10', ports: [{ ...dnsPort, port: 53 }] });
    const proxy = await proxyOf(t, dns, { clock, udpIdleMs: 1000 });
    const [a, b] = [await serveUdp(t, 'a'), await serveUdp(t, 'b')];
    const port = await proxy.to([a, b], dnsPort);
    const one = await udpClient(t, port);
    const two = await udpClient(t, port);
    const first = await one('1');
    t.equal(await one('1'), first, 'the same endpoint, which sees the same client');
    t.not((await two('1'))[0], first[0], 'the next client has the other one');
    await clock.advance(900);
    t.equal(await one('1'), first);
    await clock.advance(900);
    t.equal(await one('1'), first, 'it is not silent');
    await clock.advance(2000);
    t.not(await one('1'), first, 'a conversation that is over begins anew');
    await proxy.to([b], dnsPort);
    t.match(await one('2'), /^b 2/);
    t.match(await two('2'), /^b 2/, 'who talked to one that is gone talks to another');
  },
);
