import t, { type Test } from 'tap';
import { clusterId, type MemberId, memberId } from '../../../src/base/ids.js';
import { silentLogger } from '../../../src/base/logger.js';
import { hostClock } from '../../../src/host/clock.js';
import { connectStream, listenStreams } from '../../../src/host/net.js';
import type { PeerMessage } from '../../../src/raft/node/contracts.js';
import { frame } from '../../../src/raft/transport/framing.js';
import { encodeHello, protocolVersion } from '../../../src/raft/transport/handshake.js';
import { describeCluster, peerDial, TcpTransport } from '../../../src/raft/transport/index.js';
import { until } from '../../client/until.js';
import { freePorts } from '../../e2e/ports.js';

const cluster = clusterId(9n);
const one = memberId(1n);
const two = memberId(2n);
const ping: PeerMessage = { kind: 'snapshot-fetch', index: 1, term: 2, offset: 3 };

/** A transport that listens on a port of its own and records what it is told. */
async function startPeer(
  t: Test,
  id: MemberId,
  options: { cluster?: bigint; removed?: MemberId; port?: number } = {},
) {
  const events: string[] = [];
  const transport = new TcpTransport({
    clusterId: clusterId(options.cluster ?? cluster),
    memberId: id,
    dial: peerDial(() => null),
    clock: hostClock,
    logger: silentLogger,
    queueBytesMax: 1 << 20,
    onRemoved: () => events.push('removed'),
    isRemoved: (candidate) => candidate === options.removed,
    describeCluster: () => new Uint8Array([1, 2, 3]),
  });
  transport.attach({
    onMessage: (from, message) => events.push(`${from} ${message.kind}`),
    onUnreachable: (peer) => events.push(`unreachable ${peer}`),
    onGone: (peer) => events.push(`gone ${peer}`),
  });
  const address = { host: '127.0.0.1', port: options.port ?? 0 };
  const listener = await listenStreams(address, null, (stream) => transport.accept(stream));
  let isClosed = false;
  const close = async () => {
    if (isClosed) return;
    isClosed = true;
    await listener.close();
    await transport.close();
  };
  t.teardown(close);
  return {
    transport,
    events,
    port: listener.port,
    url: `http://127.0.0.1:${listener.port}`,
    close,
  };
}

t.test('TcpTransport delivers messages in order to the peer that it dialed', async (t) => {
  const a = await startPeer(t, one);
  const b = await startPeer(t, two);
  a.transport.setPeers(new Map([[two, [b.url]]]));
  await until('they are connected', () => a.transport.connectedPeers().length === 1);
  a.transport.send(two, ping);
  a.transport.send(two, {
    kind: 'raft',
    message: { kind: 'timeout-now', from: one, to: two, term: 1 },
  });
  await until('both have come', () => b.events.length === 2);
  t.same(b.events, ['1 snapshot-fetch', '1 raft']);
});

t.test(
  'TcpTransport reports a peer whose process went away as gone, and reaches it again later',
  async (t) => {
    const a = await startPeer(t, one);
    // A port that nobody gets while b is away.
    const [port = 0] = await freePorts(1);
    const b = await startPeer(t, two, { port });
    a.transport.setPeers(new Map([[two, [b.url]]]));
    await until('they are connected', () => a.transport.connectedPeers().length === 1);
    await b.close();
    await until('it is known to be gone', () => a.events.includes('gone 2'));
    t.ok(a.events.includes('unreachable 2'));
    const again = await startPeer(t, two, { port });
    await until('they are connected again', () => a.transport.connectedPeers().length === 1);
    a.transport.send(two, ping);
    await until('it has come', () => again.events.length === 1);
  },
);

t.test(
  'TcpTransport answers one that it has not heard of yet, as long as it is connected',
  async (t) => {
    const a = await startPeer(t, one);
    const b = await startPeer(t, two);
    a.transport.setPeers(
      new Map([
        [one, [a.url]],
        [two, [b.url]],
      ]),
    );
    await until('they are connected', () => b.transport.connectedPeers().length === 1);
    b.transport.send(one, ping);
    await until('it has come', () => a.events.length === 1);
    t.same(a.events, ['2 snapshot-fetch']);
    b.transport.setPeers(new Map([[two, [b.url]]]));
    t.same(b.transport.connectedPeers(), [one], 'still answered: it is connected');
    await a.close();
    await until('it is known to be gone', () => b.transport.connectedPeers().length === 0);
  },
);

t.test('TcpTransport refuses other clusters, other members and removed ones', async (t) => {
  const strangers = [
    { from: await startPeer(t, one, { cluster: 8n }), as: two, removed: undefined },
    { from: await startPeer(t, one), as: memberId(3n), removed: undefined },
    { from: await startPeer(t, one), as: two, removed: one },
  ];
  for (const { from, as, removed } of strangers) {
    const b = await startPeer(t, two, removed === undefined ? {} : { removed });
    from.transport.setPeers(new Map([[as, [b.url]]]));
    await until('it was refused again and again', () => {
      from.transport.send(as, ping);
      return from.events.length > 3;
    });
    t.same(from.transport.connectedPeers(), []);
    t.same(b.events, []);
    t.equal(from.events.includes('removed'), removed !== undefined, 'a removed one is told');
  }
});

t.test('TcpTransport closes a connection that sends garbage and serves on', async (t) => {
  const b = await startPeer(t, two);
  for (const garbage of ['GET / HTTP/1.1\r\n\r\n', '\0\0\0\0\0\0\0\0', 'x'.repeat(100_000)]) {
    await new Promise<void>((resolve) => {
      const stream = connectStream({ host: '127.0.0.1', port: b.port }, null, {
        onConnect: () => stream.write([new TextEncoder().encode(garbage)]),
        onData: () => {},
        onClose: () => resolve(),
      });
    });
  }
  const a = await startPeer(t, one);
  a.transport.setPeers(new Map([[two, [b.url]]]));
  await until('they are connected', () => a.transport.connectedPeers().length === 1);
  t.same(b.events, []);
});

t.test('TcpTransport survives a stranger who names addresses that are none', async (t) => {
  const b = await startPeer(t, two);
  for (const urls of [
    ['x'],
    ['http://'],
    ['http://127.0.0.1:1', 'ftp://x'],
    Array(65).fill(b.url),
  ]) {
    const hello = { purpose: 'messages', version: protocolVersion, clusterId: cluster } as const;
    await new Promise<void>((resolve) => {
      const stream = connectStream({ host: '127.0.0.1', port: b.port }, null, {
        onConnect: () => stream.write(frame(encodeHello({ ...hello, from: one, to: two, urls }))),
        onData: () => t.fail('welcomed'),
        onClose: () => resolve(),
      });
    });
  }
  t.same(b.transport.connectedPeers(), []);
});

t.test('describeCluster tells who is there, and rejects where nobody is', async (t) => {
  const b = await startPeer(t, two);
  const options = { dial: peerDial(() => null), clock: hostClock, timeoutMs: 60_000 };
  const found = await describeCluster(b.url, options);
  t.equal(found.clusterId, cluster);
  t.same([...found.members], [1, 2, 3]);
  await b.close();
  await t.rejects(describeCluster(b.url, options), /did not answer/);
});

t.test('listenStreams names the address and the remedy when the port is taken', async (t) => {
  const b = await startPeer(t, two);
  await t.rejects(
    listenStreams({ host: '127.0.0.1', port: b.port }, null, () => ({ onData() {}, onClose() {} })),
    { name: 'ListenError', code: 'address-in-use', message: /127\.0\.0\.1:\d+.*in use/ },
  );
});
