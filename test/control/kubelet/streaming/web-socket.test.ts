import { existsSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { type KubeletRig, startKubeletRig } from '../server/kubelet-rig.js';
import { frame, webSocketHeaders } from './web-socket-frames.js';

const exec = '/exec/default/web/app';

/** A client that keeps what it hears by channel. */
class ChannelClient {
  readonly socket: WebSocket;
  readonly #heard = new Map<number, Buffer[]>();
  closeCode: number | null = null;
  readonly #isBase64: boolean;
  #waiting: (() => void)[] = [];

  constructor(t: Test, rig: KubeletRig, path: string, protocols: readonly string[]) {
    this.#isBase64 = protocols.some((name) => name.includes('base64'));
    const url = `wss://127.0.0.1:${rig.port}${path}`;
    this.socket = new WebSocket(url, [...protocols], rig.tls as object);
    t.teardown(() => this.socket.terminate());
    this.socket.on('message', (data: Buffer, isBinary) => this.#take(data, isBinary));
    this.socket.on('close', (code) => {
      this.closeCode = code;
      this.#wake();
    });
  }

  async opened(): Promise<void> {
    await new Promise((resolve, reject) => {
      this.socket.once('open', resolve);
      this.socket.once('error', reject);
    });
  }

  /** All that came on a channel; null: nothing, not even an empty message. */
  bytes(channel: number): Buffer | null {
    const chunks = this.#heard.get(channel);
    return chunks === undefined ? null : Buffer.concat(chunks);
  }

  text(channel: number): string {
    return (this.bytes(channel) ?? '').toString();
  }

  send(channel: number, data: string | Buffer): void {
    const bytes = Buffer.from(data);
    if (this.#isBase64) this.socket.send(`${channel}${bytes.toString('base64')}`);
    else this.socket.send(Buffer.concat([Buffer.from([channel]), bytes]));
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    const endMs = Date.now() + 60_000;
    while (!holds()) {
      if (Date.now() > endMs) throw new Error(`it did not come to this: ${what}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  #take(data: Buffer, isBinary: boolean): void {
    if (isBinary === this.#isBase64) throw new Error('a message of the wrong kind');
    const channel = this.#isBase64 ? Number(String.fromCharCode(data[0] as number)) : data[0];
    const bytes = this.#isBase64
      ? Buffer.from(data.toString('latin1', 1), 'base64')
      : data.subarray(1);
    const chunks = this.#heard.get(channel as number) ?? [];
    this.#heard.set(channel as number, chunks);
    chunks.push(bytes);
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

function query(command: readonly string[], streams: string): string {
  return `?${streams}&${command.map((word) => `command=${encodeURIComponent(word)}`).join('&')}`;
}

t.test('a command over WebSocket, in every protocol', async (t) => {
  const rig = await startKubeletRig(t);
  const success = '{"metadata":{},"status":"Success"}';
  const cases: readonly [string, string][] = [
    ['v5.channel.k8s.io', success],
    ['v4.channel.k8s.io', success],
    ['v4.base64.channel.k8s.io', success],
    ['channel.k8s.io', ''],
    ['base64.channel.k8s.io', ''],
  ];
  for (const [protocol, end] of cases) {
    const command = ['sh', '-c', 'read line; echo "$line" >&2; echo out'];
    const path = `${exec}${query(command, 'input=1&output=1&error=1')}`;
    const client = new ChannelClient(t, rig, path, ['v9.channel.k8s.io', protocol]);
    await client.opened();
    t.equal(client.socket.protocol, protocol);
    await client.until('the first sign', () => client.bytes(1) !== null);
    client.send(0, 'in\n');
    await client.until('its end', () => client.closeCode !== null);
    t.equal(client.closeCode, 1000, protocol);
    t.equal(client.text(1), 'out\n', protocol);
    t.equal(client.text(2), 'in\n', protocol);
    t.equal(client.text(3), end, protocol);
  }
});

t.test('version 5 tells the end of the input', async (t) => {
  const rig = await startKubeletRig(t);
  const path = `${exec}${query(['wc', '-c'], 'input=1&output=1')}`;
  const client = new ChannelClient(t, rig, path, ['v5.channel.k8s.io']);
  await client.opened();
  const block = Buffer.alloc(32 * 1024);
  for (let i = 0; i < 100; i++) client.send(0, block);
  client.socket.send(Buffer.from([255, 0]));
  await client.until('its end', () => client.closeCode !== null);
  t.equal(client.text(1).trim(), String(100 * block.length));
});

t.test('attach and terminals over WebSocket', async (t) => {
  const rig = await startKubeletRig(t);
  const path = '/attach/default/web/u1/app?input=1&output=1&tty=1';
  const client = new ChannelClient(t, rig, path, ['v5.channel.k8s.io']);
  await client.opened();
  client.send(4, '{"Width":100,"Height":30}');
  client.send(0, 'hello');
  await client.until('the echo', () => client.text(1) === 'hello');
  await client.until('the size', () => rig.sizes.length > 0);
  t.same(rig.sizes, ['100x30']);
  client.socket.send(Buffer.from([255, 0]));
  await client.until('its end', () => client.closeCode !== null);
  t.equal(client.text(3), '{"metadata":{},"status":"Success"}');
});

t.test('a client that reads slowly holds the command back, and gets everything', async (t) => {
  const rig = await startKubeletRig(t);
  const bytes = 16_000_000;
  const done = join(rig.dir, 'done');
  const command = ['sh', '-c', `head -c ${bytes} /dev/zero; touch ${done}`];
  const client = new ChannelClient(t, rig, `${exec}${query(command, 'output=1')}`, [
    'v5.channel.k8s.io',
  ]);
  await client.opened();
  client.socket.pause();
  // While others get much more than what the pipes and sockets between take, it waits.
  for (let i = 0; i < 3; i++) {
    const path = `${exec}${query(['head', '-c', String(bytes), '/dev/zero'], 'output=1')}`;
    const other = new ChannelClient(t, rig, path, ['v5.channel.k8s.io']);
    await other.until('its end', () => other.closeCode !== null);
    t.equal(other.bytes(1)?.length, bytes);
  }
  t.notOk(existsSync(done), 'it has not written all of it');
  client.socket.resume();
  await client.until('its end', () => client.closeCode !== null);
  t.equal(client.bytes(1)?.length, bytes);
});

t.test('WebSocket: handshakes that are refused', async (t) => {
  const rig = await startKubeletRig(t);
  const path = `${exec}?output=1&command=true`;
  const good = webSocketHeaders;
  const cases: readonly [string, Readonly<Record<string, string>>, string, RegExp][] = [
    ['a key that is none', { ...good, 'sec-websocket-key': 'x' }, 'GET', / 400 /],
    ['another version', { ...good, 'sec-websocket-version': '8' }, 'GET', / 426 /],
    ['another method', good, 'POST', / 405 /],
    ['no protocol that is spoken', { ...good, 'sec-websocket-protocol': 'x, y' }, 'GET', / 400 /],
    ['another upgrade', { upgrade: 'gopher' }, 'GET', / 400 /],
  ];
  for (const [name, headers, method, status] of cases) {
    t.match((await rig.upgrade(path, headers, method)).head, status, name);
  }
  const { head } = await rig.upgrade(path, good);
  t.match(head, /^HTTP\/1\.1 101 /);
  t.match(head, /Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/, 'RFC 6455 section 1.3');
  t.notMatch(head, /Sec-WebSocket-Protocol/);
});

/** What the server sends until it ends; of frames, the code of a close. */
async function closeCodeAfter(rig: KubeletRig, bytes: Buffer): Promise<number | null> {
  const headers = { ...webSocketHeaders, 'sec-websocket-protocol': 'v5.channel.k8s.io' };
  const path = `${exec}${query(['cat'], 'input=1&output=1')}`;
  const { socket, rest } = await rig.upgrade(path, headers);
  let heard = rest;
  socket.on('data', (chunk: Buffer) => {
    heard = Buffer.concat([heard, chunk]);
  });
  const ended = new Promise((resolve) => {
    for (const event of ['end', 'close']) socket.once(event, resolve);
  });
  socket.write(bytes);
  await ended;
  socket.destroy();
  for (let at = 0; at + 1 < heard.length; ) {
    const length = heard[at + 1] as number;
    if (heard[at] === 0x88) return heard.readUInt16BE(at + 2);
    at += 2 + length;
  }
  return null;
}

t.test('WebSocket: frames that are against the protocol end it, and say why', async (t) => {
  const rig = await startKubeletRig(t);
  const text = Buffer.from('\0x');
  const cases: readonly [string, Buffer, number][] = [
    ['a close is answered', frame(0x88, Buffer.from([3, 232])), 1000],
    ['a close without a code', frame(0x88, Buffer.alloc(0)), 1000],
    ['a close with half a code', frame(0x88, Buffer.from([3])), 1002],
    ['a close with a code that is none', frame(0x88, Buffer.from([0, 5])), 1002],
    ['no mask', frame(0x82, text, false), 1002],
    ['a reserved bit', frame(0xc2, text), 1002],
    ['an unknown kind', frame(0x83, text), 1002],
    ['a ping in parts', frame(0x09, text), 1002],
    ['a ping that is too long', frame(0x89, Buffer.alloc(126)), 1002],
    ['a piece of nothing', frame(0x80, text), 1002],
    ['a message within another', Buffer.concat([frame(0x02, text), frame(0x82, text)]), 1002],
    [
      'a message that is too large',
      Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0x10, 0, 0, 0, 1, 2, 3, 4]),
      1009,
    ],
    [
      'more pieces than anybody sends',
      Buffer.concat([
        frame(0x02, text),
        ...Array.from({ length: 5000 }, () => frame(0x00, Buffer.alloc(0))),
      ]),
      1009,
    ],
  ];
  for (const [name, bytes, code] of cases) t.equal(await closeCodeAfter(rig, bytes), code, name);
});

t.test(
  'WebSocket: messages in pieces are put together, and pings between them answered',
  async (t) => {
    const rig = await startKubeletRig(t);
    const path = `${exec}${query(['cat'], 'input=1&output=1')}`;
    const client = new ChannelClient(t, rig, path, ['v5.channel.k8s.io']);
    await client.opened();
    let pongs = 0;
    client.socket.on('pong', (data) => {
      pongs += data.toString() === 'are you there' ? 1 : 0;
    });
    client.socket.send(Buffer.from([0]), { fin: false });
    client.socket.ping('are you there');
    client.socket.send(Buffer.from('ab'), { fin: false });
    client.socket.send(Buffer.from('cd'), { fin: true });
    await client.until('the echo', () => client.text(1) === 'abcd');
    t.equal(pongs, 1);
  },
);

t.test('ports are forwarded over channels', async (t) => {
  const rig = await startKubeletRig(t);
  const server = net.createServer((socket) => socket.pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const number = (value: number) => Buffer.from([value & 255, value >> 8]);
  for (const protocol of ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io']) {
    const path = `/portForward/default/web?port=${port}&port=1`;
    const client = new ChannelClient(t, rig, path, [protocol]);
    await client.opened();
    client.send(0, 'hello');
    await client.until('the echo', () => client.bytes(0)?.length === 7);
    t.same(client.bytes(0), Buffer.concat([number(port), Buffer.from('hello')]), protocol);
    t.same(client.bytes(1), number(port));
    await client.until('the refusal', () => client.text(3).length > 2);
    t.match(client.text(3), /error forwarding port 1 to pod web, uid u1: .*ECONNREFUSED/);
    client.socket.close();
    await client.until('its end', () => client.closeCode !== null);
  }
  const none = await rig.upgrade('/portForward/default/web', {
    ...webSocketHeaders,
    'sec-websocket-protocol': 'v4.channel.k8s.io',
  });
  t.match(none.head, / 400 /, 'without a port there is nothing to forward');
});
