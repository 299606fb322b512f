import { createSocket } from 'node:dgram';
import dnsPacket, { type DecodedPacket, type Packet } from 'dns-packet';
import t, { type Test } from 'tap';
import { silentLogger } from '../../../src/base/logger.js';
import { Prng } from '../../../src/base/prng.js';
import {
  askOverNetwork,
  CachingForwarder,
  type ClusterView,
  NameServer,
  zoneAnswerer,
} from '../../../src/control/dns/index.js';
import { parseQuery } from '../../../src/control/dns/server/query.js';
import { StoredAnswer } from '../../../src/control/dns/upstream/stored-answer.js';
import { hostClock } from '../../../src/host/clock.js';

const host = '127.0.0.1';
const count = 60;

/** `many` has so many endpoints that they do not fit into a datagram. */
const view: ClusterView = {
  hasNamespace: (name) => name === 'default',
  service: (_, name) =>
    name === 'many'
      ? { metadata: { name }, spec: { clusterIP: 'None' } }
      : name === 'alias'
        ? { metadata: { name }, spec: { type: 'ExternalName', externalName: 'www.example.com' } }
        : undefined,
  slicesOf: () => [
    {
      metadata: { name: 'many-1' },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 80 }],
      endpoints: Array.from({ length: count }, (_, i) => ({ addresses: [`10.1.0.${i}`] })),
    },
  ],
  serviceByIp: () => undefined,
  slicesByIp: () => [],
  hasPod: () => false,
};

/** Another name server: says that every name is at 192.0.2.1 for a minute, but for what begins with `no`. Counts. */
async function startUpstream(t: Test) {
  const asked: string[] = [];
  const server = await NameServer.listen({
    ...{ address: { host, port: 0 }, clock: hostClock, logger: silentLogger },
    answer: async ({ id, question }) => {
      asked.push(question.name);
      const isThere = !question.name.startsWith('no');
      return dnsPacket.encode({
        ...{ id, type: 'response', questions: [question] },
        flags: isThere ? 0 : 3,
        answers: isThere ? [{ type: 'A', name: question.name, ttl: 60, data: '192.0.2.1' }] : [],
      });
    },
  });
  t.teardown(() => server.close());
  return { port: server.port, asked };
}

async function start(t: Test, options: { upstream?: number; isReady?: boolean } = {}) {
  const { upstream, isReady = true } = options;
  const servers = upstream === undefined ? [] : [{ host, port: upstream }];
  const prng = new Prng(1);
  const askServer = askOverNetwork(hostClock, 60_000);
  const server = await NameServer.listen({
    ...{ address: { host, port: 0 }, clock: hostClock, logger: silentLogger },
    answer: zoneAnswerer({
      ...{ view, prng, isReady: () => isReady, onAnswer: () => {} },
      forwarder:
        upstream === undefined
          ? null
          : new CachingForwarder({ clock: hostClock, prng, servers, askServer }),
      zone: { zone: 'cluster.local', podNames: 'insecure', serverIps: ['10.96.0.10'] },
      facts: { zone: 'cluster.local', ttlSeconds: 5, serial: () => 7 },
    }),
  });
  t.teardown(() => server.close());
  return server;
}

/** The library's types leave the code out. */
type Answered = DecodedPacket & { readonly rcode: string };

/** Sends bytes and gives what comes back. */
function exchange(port: number, bytes: Uint8Array): Promise<Answered> {
  const socket = createSocket('udp4');
  return new Promise<Answered>((resolve, reject) => {
    socket.once('message', (answer: Buffer) => resolve(dnsPacket.decode(answer) as Answered));
    socket.once('error', reject);
    socket.send(bytes, port, host);
  }).finally(() => socket.close());
}

function query(name: string, more: Partial<Packet> = {}, type = 'A'): Uint8Array {
  return dnsPacket.encode({
    ...{ type: 'query', id: 4711, flags: dnsPacket.RECURSION_DESIRED },
    questions: [{ type: type as 'A', name }],
    ...more,
  });
}

const options = (udpPayloadSize: number, ednsVersion = 0): Partial<Packet> => ({
  additionals: [
    {
      ...{ type: 'OPT', name: '.', udpPayloadSize, extendedRcode: 0, ednsVersion },
      ...{ flags: 0, flag_do: false, options: [] },
    },
  ],
});

t.test('NameServer: a name that is asked for in other letters is answered in these', async (t) => {
  const { port } = await start(t);
  const answer = await exchange(port, query('10-0-0-1.Default.POD.cluster.local'));
  t.equal(answer.id, 4711);
  t.equal(answer.flag_aa, true);
  t.same(
    answer.answers?.map((one) => [one.name, (one as { data: unknown }).data]),
    [['10-0-0-1.Default.POD.cluster.local', '10.0.0.1']],
  );
});

t.test('NameServer: what is denied says for how long', async (t) => {
  const { port } = await start(t);
  const gone = await exchange(port, query('missing.default.svc.cluster.local'));
  t.equal(gone.rcode, 'NXDOMAIN');
  t.match(gone.authorities, [{ type: 'SOA', ttl: 5, data: { serial: 7, minimum: 5 } }]);
  const empty = await exchange(port, query('svc.cluster.local'));
  t.equal(empty.rcode, 'NOERROR');
  t.equal(empty.answers?.length, 0);
  t.match(empty.authorities, [{ type: 'SOA' }]);
});

t.test('NameServer: nothing is denied before the cluster is known', async (t) => {
  const { port } = await start(t, { isReady: false });
  const answer = await exchange(port, query('missing.default.svc.cluster.local'));
  t.equal(answer.rcode, 'SERVFAIL');
});

t.test('NameServer: what is too long for a datagram is marked so', async (t) => {
  const { port } = await start(t);
  const name = 'many.default.svc.cluster.local';
  for (const more of [{}, options(4096)]) {
    const short = await exchange(port, query(name, more));
    t.equal(short.flag_tc, true);
    t.equal(short.answers?.length, 0);
  }
});

const refusals: readonly (readonly [what: string, bytes: Uint8Array, code: string])[] = [
  [
    'two questions',
    query('', {
      questions: [
        { type: 'A', name: 'a' },
        { type: 'A', name: 'b' },
      ],
    }),
    'FORMERR',
  ],
  ['no question', query('', { questions: [] }), 'FORMERR'],
  ['another opcode', query('a', { flags: 4 << 11 }), 'NOTIMP'],
  ['a transfer', query('cluster.local', {}, 'AXFR'), 'REFUSED'],
  ['a cut question', query('web.default.svc.cluster.local').subarray(0, 20), 'FORMERR'],
  [
    'a name that leads to itself',
    Uint8Array.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1]),
    'FORMERR',
  ],
  ['another zone, and nobody to ask', query('example.com'), 'REFUSED'],
];
for (const [what, bytes, code] of refusals) {
  t.test(`NameServer: ${what} is answered ${code}`, async (t) => {
    const { port } = await start(t);
    t.equal((await exchange(port, bytes)).rcode, code);
  });
}

t.test('NameServer: extensions of a version to come are refused', async (t) => {
  const asked = parseQuery(query('a', options(1232, 1)));
  t.match(asked, { kind: 'refused', code: 16 });
});

t.test('CachingForwarder: asks once for what many ask, and keeps what it was told', async (t) => {
  const upstream = await startUpstream(t);
  const { port } = await start(t, { upstream: upstream.port });
  const names = ['www.example.com', 'WWW.example.com', 'www.EXAMPLE.com'];
  const answers = await Promise.all(names.map((name) => exchange(port, query(name))));
  for (const [at, answer] of answers.entries()) {
    t.equal(answer.questions?.[0]?.name, names[at]);
    t.match(answer.answers, [{ type: 'A', data: '192.0.2.1' }]);
  }
  await exchange(port, query('www.example.com'));
  t.same(upstream.asked, ['www.example.com']);
});

t.test('CachingForwarder: an alias to outside comes with its addresses', async (t) => {
  const upstream = await startUpstream(t);
  const { port } = await start(t, { upstream: upstream.port });
  const answer = await exchange(port, query('alias.default.svc.cluster.local'));
  t.match(answer.answers, [
    { type: 'CNAME', data: 'www.example.com' },
    { type: 'A', name: 'www.example.com', data: '192.0.2.1' },
  ]);
});

t.test('CachingForwarder: nobody who answers is a failure, not a denial', async (t) => {
  const silent = createSocket('udp4');
  await new Promise<void>((resolve) => silent.bind(0, host, resolve));
  t.teardown(() => silent.close());
  const prng = new Prng(1);
  const forwarder = new CachingForwarder({
    ...{ clock: hostClock, prng, servers: [{ host, port: silent.address().port }] },
    askServer: askOverNetwork(hostClock, 50),
  });
  const asked = parseQuery(query('www.example.com'));
  t.equal(asked.kind === 'asked' && (await forwarder.ask(asked)), null);
});

t.test('StoredAnswer: grows old, and is forgotten in time', async (t) => {
  const bytes = dnsPacket.encode({
    ...{ type: 'response', id: 1, questions: [{ type: 'A', name: 'a.example' }] },
    answers: [
      { type: 'A', name: 'a.example', ttl: 100, data: '192.0.2.1' },
      { type: 'A', name: 'a.example', ttl: 40, data: '192.0.2.2' },
    ],
  });
  const stored = StoredAnswer.of(bytes, 0);
  t.equal(stored?.isFresh(39_999), true);
  t.equal(stored?.isFresh(40_000), false);
  const later = dnsPacket.decode(Buffer.from(stored?.at(10_500, 77) ?? []));
  t.equal(later.id, 77);
  t.match(later.answers, [{ ttl: 90 }, { ttl: 30 }]);
});

t.test('StoredAnswer: failures, cut answers and broken packets are not kept', async (t) => {
  const answer = (flags: number) =>
    dnsPacket.encode({
      ...{ type: 'response', id: 1, flags, questions: [{ type: 'A', name: 'a.example' }] },
      answers: [{ type: 'A', name: 'a.example', ttl: 100, data: '192.0.2.1' }],
    });
  t.equal(StoredAnswer.of(answer(2), 0), null, 'SERVFAIL');
  t.equal(StoredAnswer.of(answer(dnsPacket.TRUNCATED_RESPONSE), 0), null, 'truncated');
  t.equal(StoredAnswer.of(answer(0).subarray(0, 40), 0), null, 'cut');
  t.not(StoredAnswer.of(answer(0), 0), null);
});

t.test('parseQuery and StoredAnswer take any bytes', async (t) => {
  const seed = Number(process.env.FLOTILLA_FUZZ_SEED ?? 20_261_121);
  const prng = new Prng(seed);
  const good = query('web.default.svc.cluster.local', options(1232));
  for (let round = 0; round < 20_000; round++) {
    const bytes = good.slice(0, prng.int(0, good.length + 1));
    for (let flips = prng.int(0, 6); flips > 0 && bytes.length > 0; flips--)
      bytes[prng.int(0, bytes.length)] = prng.int(0, 256);
    try {
      parseQuery(bytes);
      StoredAnswer.of(bytes, 0)?.at(1000, 1);
    } catch (error) {
      t.fail(`seed ${seed}, round ${round}: ${String(error)}`);
      return;
    }
  }
  t.pass('all of them');
});
