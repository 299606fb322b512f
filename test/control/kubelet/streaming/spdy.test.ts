import net, { type AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { headerDictionary } from '../../../../src/control/kubelet/streaming/spdy/dictionary.js';
import { type KubeletRig, startKubeletRig } from '../server/kubelet-rig.js';
import { control, type HeardStream, SpdyClient, words } from './spdy-client.js';
import { clientTunnel, webSocketHeaders } from './web-socket-frames.js';

const exec = '/exec/default/web/app';

function query(command: readonly string[], streams = 'output=1&error=1'): string {
  return `?${streams}&${command.map((word) => `command=${encodeURIComponent(word)}`).join('&')}`;
}

/** Opens a connection in one of the protocols. */
async function connect(rig: KubeletRig, path: string, protocols: string, method = 'POST') {
  const headers = { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': protocols };
  const { socket, head, rest } = await rig.upgrade(path, headers, method);
  return { head, client: new SpdyClient(socket, rest), socket };
}

/** Opens the streams of a command. */
async function run(
  rig: KubeletRig,
  command: readonly string[],
  {
    streams = ['error', 'stdout', 'stderr'],
    protocol = 'v4.channel.k8s.io',
    choice = 'output=1&error=1',
  } = {},
) {
  const { client, head } = await connect(rig, `${exec}${query(command, choice)}`, protocol);
  const heard = new Map<string, HeardStream>();
  for (const type of streams) heard.set(type, await client.open({ streamtype: type }));
  return { client, head, of: (type: string) => heard.get(type) as HeardStream };
}

t.test('the dictionary of SPDY/3 is that of the specification', (t) => {
  let [a, b] = [1, 0];
  for (const byte of headerDictionary) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  t.equal(headerDictionary.length, 1423);
  t.equal(b * 65_536 + a, 0xe3c6a7c2, 'by its Adler-32');
  t.end();
});

t.test('a command over SPDY ends with its Status', async (t) => {
  const rig = await startKubeletRig(t);
  const failing = await run(rig, ['sh', '-c', 'echo out; echo err >&2; exit 3']);
  t.match(failing.head, /^HTTP\/1\.1 101 /);
  t.match(failing.head, /X-Stream-Protocol-Version: v4\.channel\.k8s\.io/);
  await failing.client.until('the end', () => failing.client.goAwayStatus !== null);
  t.equal(failing.of('stdout').data.toString(), 'out\n');
  t.equal(failing.of('stderr').data.toString(), 'err\n');
  t.ok(failing.of('stdout').isEnded && failing.of('stderr').isEnded);
  t.same(JSON.parse(failing.of('error').data.toString()), {
    metadata: {},
    status: 'Failure',
    message:
      'command terminated with non-zero exit code: error executing command [sh -c echo out; echo err >&2; exit 3], exit code 3',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: '3' }] },
  });
  const good = await run(rig, ['true']);
  await good.client.until('the end', () => good.client.goAwayStatus !== null);
  t.equal(good.of('error').data.toString(), '{"metadata":{},"status":"Success"}');
  const absent = await run(rig, ['absent']);
  await absent.client.until('the end', () => absent.client.goAwayStatus !== null);
  t.match(JSON.parse(absent.of('error').data.toString()), {
    message: 'Internal error occurred: error executing command in container: no such command',
    reason: 'InternalError',
    code: 500,
  });
});

t.test('older protocols say how a command ended in words, or nothing', async (t) => {
  const rig = await startKubeletRig(t);
  for (const protocol of ['v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io']) {
    const failing = await run(rig, ['false'], { protocol });
    await failing.client.until('the end', () => failing.client.goAwayStatus !== null);
    t.match(failing.of('error').data.toString(), /^command terminated with non-zero/, protocol);
    const good = await run(rig, ['true'], { protocol: `v9.channel.k8s.io, ${protocol}` });
    t.match(good.head, `X-Stream-Protocol-Version: ${protocol}`);
    await good.client.until('the end', () => good.client.goAwayStatus !== null);
    t.equal(good.of('error').data.length, 0, protocol);
  }
  const { head, client } = await connect(rig, `${exec}${query(['true'])}`, 'v9.channel.k8s.io');
  t.match(head, /^HTTP\/1\.1 403 /);
  await client.until('its end', () => client.isClosed);
});

t.test(
  'input over SPDY reaches the command, and its end too; sizes reach the terminal',
  async (t) => {
    const rig = await startKubeletRig(t);
    const cat = await run(rig, ['cat'], {
      streams: ['error', 'stdin', 'stdout', 'resize'],
      choice: 'input=1&output=1&tty=1&error=1',
    });
    const block = Buffer.alloc(100_000, 'x');
    cat.client.send(cat.of('resize').id, '{"Width":80,"Height":24}\n{"Width":1');
    cat.client.send(cat.of('resize').id, '20,"Height":40}\n{"Width":-1,"Height":1}');
    for (let i = 0; i < 20; i++) cat.client.send(cat.of('stdin').id, block);
    cat.client.send(cat.of('stdin').id, '', true);
    await cat.client.until('the end', () => cat.client.goAwayStatus !== null);
    t.equal(cat.of('stdout').data.length, 20 * block.length);
    t.same(rig.sizes, ['80x24', '120x40']);
    t.ok((cat.client.windows.get(cat.of('stdin').id) ?? 0) >= 20 * block.length, 'room was given');
    t.ok((cat.client.windows.get(0) ?? 0) >= 19 * block.length, 'on the connection too');
  },
);

t.test('a client that goes takes its command with it', async (t) => {
  const rig = await startKubeletRig(t);
  const { client, socket } = await connect(
    rig,
    `${exec}${query(['sleep', '1000'])}`,
    'v4.channel.k8s.io',
  );
  for (const type of ['error', 'stdout', 'stderr']) await client.open({ streamtype: type });
  await client.until('it runs', () => rig.sessions.size === 1);
  socket.destroy();
  await client.until('it has ended', () => rig.sessions.size === 0);
  t.pass('nothing is left running');
});

t.test('SPDY: what is against the protocol is refused', async (t) => {
  const rig = await startKubeletRig(t);
  const open = () => connect(rig, `${exec}${query(['sleep', '1000'])}`, 'v4.channel.k8s.io');
  const dying: readonly [string, (client: SpdyClient) => unknown][] = [
    ['another version', (client) => client.raw(Buffer.from([0x80, 2, 0, 1, 0, 0, 0, 0]))],
    ['an answer to nothing', (client) => client.raw(control(2, words(1)))],
    ['a stream of the server', (client) => client.open({ streamtype: 'stdout' }, { id: 2 })],
    [
      'headers that are no zlib',
      (client) =>
        client.raw(
          control(1, Buffer.concat([words(1, 0), Buffer.alloc(2), Buffer.from('junk junk')])),
        ),
    ],
    [
      'a frame that is too long',
      (client) => client.raw(Buffer.from([0x80, 3, 0, 1, 0, 255, 0, 0])),
    ],
    ['a short SYN_STREAM', (client) => client.raw(control(1, words(1)))],
    ['a short RST_STREAM', (client) => client.raw(control(3, Buffer.alloc(2)))],
  ];
  for (const [name, act] of dying) {
    const { client } = await open();
    await act(client);
    await client.until(name, () => client.goAwayStatus === 1 && client.isClosed);
    t.pass(name);
  }
  const { client } = await open();
  const wrong = await client.open({ streamtype: 'nothing' });
  await client.until('it is refused', () => wrong.resetCode !== null);
  const first = await client.open({ streamtype: 'stdout' });
  const twice = await client.open({ streamtype: 'stdout' });
  await client.until('the second is refused', () => twice.resetCode !== null && first.isReplied);
  client.ping(7);
  client.raw(control(4, words(0)));
  client.raw(control(77, Buffer.alloc(3)));
  client.ping(9);
  await client.until('pings are answered, and what is not known is passed over', () =>
    [7, 9].every((id) => client.pings.includes(id)),
  );
  client.send(99, 'x');
  const never = { ...wrong, id: 99, resetCode: null };
  client.streams.set(99, never);
  await client.until('data of no stream is refused', () => never.resetCode === 2);
});

/** A TCP server that says how many bytes it got when the client has sent all. */
async function startCounter(t: Test): Promise<number> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    let bytes = 0;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      bytes += chunk.length;
    });
    socket.on('end', () => socket.end(`got ${bytes}`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** Opens the two streams of a forwarded connection. */
async function forward(client: SpdyClient, port: number | string, requestid: string) {
  const of = { port: String(port), requestid };
  const error = await client.open({ streamtype: 'error', ...of });
  client.send(error.id, '', true);
  const data = await client.open({ streamtype: 'data', ...of });
  return { error, data };
}

async function checkForwarding(t: Test, client: SpdyClient, port: number): Promise<void> {
  const connections = [];
  for (let i = 0; i < 30; i++) connections.push(await forward(client, port, String(i)));
  const block = Buffer.alloc(30_000);
  for (let round = 0; round < 10; round++) {
    for (const { data } of connections) client.send(data.id, block, round === 9);
  }
  for (const { data, error } of connections) {
    await client.until('its end', () => data.isEnded && error.isEnded);
    t.equal(data.data.toString(), 'got 300000', 'both halves were whole');
    t.equal(error.data.length, 0);
  }
  const closed = await forward(client, 1, 'closed');
  await client.until('the refusal', () => closed.error.isEnded && closed.data.isEnded);
  t.match(
    closed.error.data.toString(),
    /^error forwarding port 1 to pod web, uid u1: .*ECONNREFUSED/,
  );
  const wrong = await forward(client, '0', 'wrong');
  await client.until('no port', () => wrong.data.resetCode !== null);
  const again = await forward(client, port, 'again');
  const third = await client.open({ streamtype: 'data', port: String(port), requestid: 'third' });
  const twin = await client.open({ streamtype: 'data', port: String(port), requestid: 'third' });
  await client.until('a stream that is there already', () => twin.resetCode !== null);
  client.reset(third.id);
  client.reset(again.data.id);
  await client.until('a reset ends it', () => again.error.isEnded);
}

t.test('ports are forwarded over SPDY, each connection by itself', async (t) => {
  const rig = await startKubeletRig(t);
  const port = await startCounter(t);
  const { client, head } = await connect(rig, '/portForward/default/web', 'portforward.k8s.io');
  t.match(head, /X-Stream-Protocol-Version: portforward\.k8s\.io/);
  await checkForwarding(t, client, port);
});

t.test('ports are forwarded over SPDY within a WebSocket', async (t) => {
  const rig = await startKubeletRig(t);
  const port = await startCounter(t);
  const { socket, head, rest } = await rig.upgrade('/portForward/default/web', {
    ...webSocketHeaders,
    'sec-websocket-protocol': 'SPDY/3.1+portforward.k8s.io',
  });
  t.match(head, 'Sec-WebSocket-Protocol: SPDY/3.1+portforward.k8s.io');
  await checkForwarding(t, new SpdyClient(clientTunnel(socket, rest)), port);
});
