import net from 'node:net';
import t, { type Test } from 'tap';
import { silentLogger } from '../../../src/base/logger.js';
import { inOrder } from '../../../src/cmd/front/server-pool.js';
import { type Health, TcpFront } from '../../../src/cmd/front/tcp-front.js';
import { hostClock } from '../../../src/host/clock.js';
import { until } from '../../client/until.js';
import { freePorts } from '../../e2e/ports.js';

const deadlineMs = 60_000;

/** A server that says its name on each connection, and then what it hears. */
class Greeter {
  readonly name: string;
  readonly sockets = new Set<net.Socket>();
  readonly #server: net.Server;
  health: Health = 'ready';
  port = 0;

  constructor(name: string) {
    this.name = name;
    this.#server = net.createServer((socket) => {
      this.sockets.add(socket);
      socket.on('error', () => {}).on('close', () => this.sockets.delete(socket));
      socket.write(`${name}\n`);
      socket.pipe(socket);
    });
  }

  /** On a port that nobody gets meanwhile when it dies and another takes its place. */
  async listen(port?: number): Promise<void> {
    const [free = 0] = port === undefined ? await freePorts(1) : [port];
    this.port = free;
    await new Promise<void>((resolve) => this.#server.listen(free, '127.0.0.1', () => resolve()));
  }

  /** As `kill -9` does. */
  die(): void {
    this.health = 'gone';
    this.#server.close();
    for (const socket of this.sockets) socket.resetAndDestroy();
  }
}

async function start(t: Test, names: readonly string[]) {
  const greeters = names.map((name) => new Greeter(name));
  for (const each of greeters) await each.listen();
  const front = new TcpFront({
    servers: greeters.map(({ port }) => ({ host: '127.0.0.1', port })),
    healthOf: async ({ port }) => greeters.find((each) => each.port === port)?.health ?? 'gone',
    ...{ clock: hostClock, logger: silentLogger },
  });
  const [free = 0] = await freePorts(1);
  const port = await front.listen({ host: '127.0.0.1', port: free });
  const stop = new AbortController();
  const running = front.run(stop.signal);
  const clients: net.Socket[] = [];
  t.teardown(async () => {
    for (const client of clients) client.destroy();
    for (const each of greeters) each.die();
    stop.abort();
    await running;
  });
  await until('all are ready', () => front.ready.length === names.length || undefined, deadlineMs);
  /** Connects, and resolves with who answered; '' when nobody did. */
  const connect = async () => {
    const socket = net.connect(port, '127.0.0.1');
    clients.push(socket);
    const name = await new Promise<string>((resolve) => {
      socket.setEncoding('utf8').once('data', (text) => resolve(String(text).trim()));
      socket.on('error', () => {}).once('close', () => resolve(''));
    });
    return { socket, name };
  };
  return { greeters, front, connect, port, stop, running };
}

t.test('inOrder puts those that are ready first, and the one with the fewest connections', (t) => {
  const server = (name: string, isReady: boolean, connections: number) => ({
    ...{ name, isReady, connections },
  });
  const servers = [server('a', false, 0), server('b', true, 5), server('c', true, 2)];
  t.same(
    inOrder(servers).map(({ name }) => name),
    ['c', 'b', 'a'],
  );
  t.end();
});

t.test('TcpFront shares connections out, and passes on both directions', async (t) => {
  const { connect } = await start(t, ['a', 'b']);
  const connections = await Promise.all(Array.from({ length: 10 }, connect));
  const names = connections.map(({ name }) => name).sort();
  t.same(names, [...Array(5).fill('a'), ...Array(5).fill('b')]);
  const { socket } = connections[0] as { socket: net.Socket };
  let heard = '';
  socket.on('data', (text) => {
    heard += String(text);
  });
  const sent = 'x'.repeat(300_000);
  socket.end(sent);
  await new Promise((resolve) => socket.once('end', resolve));
  t.equal(heard.length, sent.length, 'one direction may end before the other');
});

t.test(
  'TcpFront: a server that dies takes its own connections with it, and new ones go elsewhere',
  async (t) => {
    const { greeters, front, connect } = await start(t, ['a', 'b']);
    const connections = await Promise.all(Array.from({ length: 4 }, connect));
    const ended = connections
      .filter(({ name }) => name === 'a')
      .map(({ socket }) => new Promise((resolve) => socket.once('close', resolve)));
    greeters[0]?.die();
    await Promise.all(ended);
    // Before a check has said so.
    for (let i = 0; i < 5; i++) t.equal((await connect()).name, 'b');
    t.ok(connections.filter(({ name }) => name === 'b').every(({ socket }) => !socket.destroyed));
    await until('it is left out', () => front.ready.length === 1 || undefined, deadlineMs);
    const again = greeters[0] as Greeter;
    const replacement = new Greeter('a2');
    await replacement.listen(again.port);
    t.teardown(() => replacement.die());
    again.health = 'ready';
    await until('it is back', () => front.ready.length === 2 || undefined, deadlineMs);
    t.equal((await connect()).name, 'a2', 'it has the fewest');
  },
);

t.test('TcpFront: a server that is not ready is the last resort', async (t) => {
  const { greeters, front, connect } = await start(t, ['a', 'b']);
  const [a, b] = greeters as [Greeter, Greeter];
  a.health = 'unready';
  await until('it is left out', () => front.ready.length === 1 || undefined, deadlineMs);
  for (let i = 0; i < 3; i++) t.equal((await connect()).name, 'b');
  b.die();
  t.equal((await connect()).name, 'a');
  a.die();
  t.equal((await connect()).name, '', 'nobody is left: the connection is reset');
});

t.test('TcpFront: a server that stays silent loses its connections', async (t) => {
  const { greeters, connect } = await start(t, ['a']);
  const { socket } = await connect();
  const closed = new Promise((resolve) => socket.once('close', resolve));
  (greeters[0] as Greeter).health = 'silent';
  await closed;
  t.pass();
});

t.test('TcpFront: connections end with it, and it listens no more', async (t) => {
  const { connect, port, stop, running } = await start(t, ['a']);
  const { socket } = await connect();
  const closed = new Promise((resolve) => socket.once('close', resolve));
  stop.abort();
  await Promise.all([closed, running]);
  const refused = new Promise<string>((resolve) =>
    net.connect(port, '127.0.0.1').once('error', (error) => resolve(String(error))),
  );
  t.match(await refused, /ECONNREFUSED/);
});
