import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import t from 'tap';
import { hostClock } from '../../../src/host/clock.js';
import { createHttp2Channel } from '../../../src/rpc/http2/channel.js';
import { type ChannelTls, parseEndpoint } from '../../../src/rpc/http2/endpoint.js';
import { Status } from '../../../src/rpc/service.js';
import { ca, serverCert, serverKey } from '../certificates.js';
import { Echo, message, textOf } from '../echo-service.js';
import { serveEcho } from './serve-echo.js';

const endpoints: readonly (readonly [string, string | null])[] = [
  ['http://127.0.0.1:2379', 'http 127.0.0.1:2379'],
  ['http://127.0.0.1:2379/', 'http 127.0.0.1:2379'],
  ['https://etcd.example:2379', 'https etcd.example:2379'],
  ['http://[::1]:2379', 'http [::1]:2379'],
  ['localhost:2379', 'http localhost:2379'],
  ['http://host', 'http host'],
  ['unix:///run/x.sock', 'http localhost'],
  ['localhost', null],
  ['ftp://host:1', null],
  ['http://host:1/path', null],
  ['http://a b:1', null],
  ['', null],
];

t.test('parseEndpoint understands what etcd clients write', async (t) => {
  for (const [text, wanted] of endpoints) {
    if (wanted === null) {
      t.throws(() => parseEndpoint(text, {}), { code: Status.invalidArgument }, text);
    } else {
      const { scheme, authority } = parseEndpoint(text, {});
      t.equal(`${scheme} ${authority}`, wanted, text);
    }
  }
});

/** Calls through a channel of its own. */
async function echo(endpoint: string, options: ChannelTls = {}): Promise<string> {
  const channel = createHttp2Channel(endpoint, { clock: hostClock, tls: options });
  try {
    return textOf(await channel.unary(Echo.methods.Unary, message('x'), { timeoutMs: 60_000 }));
  } finally {
    await channel.close();
  }
}

t.test('a channel reaches IPv6 addresses and names', async (t) => {
  const { port } = await serveEcho(t, { Unary: (request) => request }, { host: '[::1]' });
  t.equal(await echo(`http://[::1]:${port}`), 'x');
  t.equal(await echo(`[::1]:${port}`), 'x');
  const named = await serveEcho(t, { Unary: (request) => request });
  t.equal(await echo(`localhost:${named.port}`), 'x', 'whatever address comes first');
});

t.test('a channel reaches Unix sockets', async (t) => {
  const { rpc } = await serveEcho(t, { Unary: (request) => request });
  const dir = mkdtempSync(join(tmpdir(), 'flotilla-unix-'));
  const server = net.createServer((socket) => rpc.attach(socket));
  t.teardown(() => {
    server.close();
    rmSync(dir, { recursive: true });
  });
  const path = join(dir, 's');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  for (const endpoint of [`unix:${path}`, `unix://${path}`]) t.equal(await echo(endpoint), 'x');
});

t.test('a channel names the server in TLS, and believes only that name', async (t) => {
  const { rpc } = await serveEcho(t, { Unary: (request) => request });
  const names: (string | undefined)[] = [];
  const server = tls.createServer(
    {
      cert: serverCert,
      key: serverKey,
      ALPNProtocols: ['h2'],
      SNICallback: (name, done) => {
        names.push(name);
        done(null);
      },
    },
    (socket) => rpc.attach(socket),
  );
  server.on('tlsClientError', () => {});
  t.teardown(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  t.equal(await echo(`https://localhost:${port}`, { ca }), 'x');
  t.strictSame(names.splice(0), ['localhost']);
  t.equal(await echo(`https://127.0.0.1:${port}`, { ca }), 'x');
  t.strictSame(names.splice(0), [], 'an address is no name');
  t.equal(await echo(`https://127.0.0.1:${port}`, { ca, serverName: 'localhost' }), 'x');
  t.strictSame(names.splice(0), ['localhost']);
  const other = { ca, serverName: 'elsewhere' };
  await t.rejects(echo(`https://127.0.0.1:${port}`, other), {
    code: Status.unavailable,
    sent: false,
  });
  t.equal(await echo(`https://127.0.0.1:${port}`, { ...other, isUnverified: true }), 'x');
});
