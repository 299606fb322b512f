import t from 'tap';
import { type LogFields, silentLogger } from '../../../src/base/logger.js';
import type { Node } from '../../../src/control/api/gen/core-v1.js';
import { NodeScraper, UsageBook } from '../../../src/control/metrics-api/index.js';
import {
  type WebClient,
  WebClientError,
  type WebClientRequest,
  type WebClientResponse,
} from '../../../src/rpc/index.js';
import { ManualClock } from '../../store/manual-clock.js';

function node(name: string, addresses: Record<string, string>, port?: number): Node {
  return {
    metadata: { name },
    status: {
      addresses: Object.entries(addresses).map(([type, address]) => ({ type, address })),
      ...(port === undefined ? {} : { daemonEndpoints: { kubeletEndpoint: { Port: port } } }),
    },
  };
}

/** A scraper whose nodes answer as `answer` says: with a text, a status, or not at all. */
function makeScraper(nodes: readonly Node[], answer: (url: string) => string | number | null) {
  const clock = new ManualClock();
  const book = new UsageBook(1000);
  const asked: WebClientRequest[] = [];
  const warnings: string[] = [];
  const reads: boolean[] = [];
  const web = {
    async request(request: WebClientRequest): Promise<WebClientResponse> {
      asked.push(request);
      const found = answer(request.url);
      if (found === null) throw new WebClientError('connect', `${request.url} is not there`);
      const status = typeof found === 'number' ? found : 200;
      const text = typeof found === 'number' ? 'no' : found;
      const body = (async function* () {
        yield Buffer.from(text);
      })();
      return { status, headers: new Map(), body, cancel() {} };
    },
  } as unknown as WebClient;
  const scraper = new NodeScraper({
    ...{ web, clock, book, nodes: () => nodes, resolutionMs: 1000, timeoutMs: 100 },
    logger: {
      ...silentLogger,
      warn: (_text: string, fields?: LogFields) => void warnings.push(String(fields?.node)),
    },
    ...{ addressTypes: ['InternalIP', 'Hostname'], port: null, tls: { ca: 'x' } },
    authorization: async () => 'Bearer me',
    onRead: (isGood) => void reads.push(isGood),
  });
  return { ...{ clock, book, asked, warnings, reads, scraper }, signal: new AbortController() };
}

const text = (cpu: number, atMs: number) =>
  `node_cpu_usage_seconds_total ${cpu} ${atMs}\nnode_memory_working_set_bytes 5 ${atMs}\n`;

t.test('NodeScraper asks each node where it says that it is', async (t) => {
  const nodes = [
    node('a', { Hostname: 'a.example', InternalIP: '10.0.0.1' }, 11_250),
    node('b', { Hostname: 'b.example' }),
    node('c', { InternalIP: 'fd00::1' }, 0),
    node('d', { ExternalIP: '1.2.3.4' }),
  ];
  const { scraper, asked, signal } = makeScraper(nodes, () => '');
  await scraper.readAll(signal.signal);
  t.same(
    asked.map(({ url }) => url),
    [
      'https://10.0.0.1:11250/metrics/resource',
      'https://b.example:10250/metrics/resource',
      'https://[fd00::1]:10250/metrics/resource',
    ],
  );
  t.match(asked[0], { headers: { authorization: 'Bearer me' }, tls: { ca: 'x' }, timeoutMs: 100 });
});

t.test('NodeScraper: a node that cannot be read is no reason not to read the others', async (t) => {
  const nodes = ['good', 'gone', 'odd'].map((name) => node(name, { Hostname: name }));
  let round = 0;
  const { scraper, book, warnings, reads, signal } = makeScraper(nodes, (url) =>
    url.includes('gone') ? null : url.includes('odd') ? 403 : text(round, 1000 + round * 1000),
  );
  t.equal(scraper.problem(), 'no node was read yet');
  await scraper.readAll(signal.signal);
  round = 1;
  await scraper.readAll(signal.signal);
  t.equal(book.node('good')?.cpuNanoCores, 1e9);
  t.equal(book.node('gone'), null);
  t.same(warnings.sort(), ['gone', 'odd'], 'each is told of once');
  t.same(reads.sort(), [false, false, false, false, true, true]);
  t.equal(scraper.problem(), null);
});

t.test('NodeScraper reads again and again, until it is told to stop', async (t) => {
  const { scraper, clock, asked, signal } = makeScraper([node('a', { Hostname: 'a' })], () => '');
  const running = scraper.run(signal.signal);
  for (let i = 0; i < 5; i++) await clock.advance(500);
  t.equal(asked.length, 3, 'once a second');
  signal.abort();
  await running;
  t.equal(clock.timerCount, 0, 'nothing is left running');
  await clock.advance(10_000);
  t.match(scraper.problem(), /no node was read for 1\d+ ms/);
});

t.test(
  'NodeScraper: nodes that do not answer are asked ever more seldom, and after the others',
  async (t) => {
    const names = ['x1', 'x2', 'good', 'x3'];
    const nodes = names.map((name) => node(name, { Hostname: name }));
    const { scraper, clock, asked, signal } = makeScraper(nodes, (url) =>
      url.includes('good') ? text(1, clock.now()) : null,
    );
    const rounds: string[] = [];
    for (let round = 0; round < 8; round++) {
      asked.length = 0;
      await scraper.readAll(signal.signal);
      rounds.push(asked.map(({ url }) => /https:\/\/(\w+)/.exec(url)?.[1]).join(' '));
      await clock.advance(1000);
    }
    t.same(rounds, [
      'x1 x2 good x3',
      'good x1 x2 x3',
      'good x1 x2 x3',
      'good',
      'good x1 x2 x3',
      'good',
      'good',
      'good',
    ]);
  },
);
