import t from 'tap';
import { UnreachableError } from '../../../src/control/client/index.js';
import { ProbingTransport } from '../../../src/control/client/probing-transport.js';
import type { Transport, WatchEvent } from '../../../src/control/client/transport.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const version = (gitVersion: string) => bytes(JSON.stringify({ gitVersion }));
const call = {
  verb: 'get',
  resource: { group: '', version: 'v1', resource: 'pods', kind: 'Pod', isNamespaced: true },
  place: { namespace: 'a', name: 'b', subresource: '' },
  parameters: {},
  body: null,
  contentType: '',
} as const;

/** Answers documents as told, and everything else with its name. */
class NamedTransport implements Transport {
  readonly #name: string;
  readonly #document: () => Promise<Uint8Array>;
  documents = 0;
  isClosed = false;

  constructor(name: string, document: () => Promise<Uint8Array>) {
    this.#name = name;
    this.#document = document;
  }

  call(): Promise<Uint8Array> {
    return Promise.resolve(bytes(this.#name));
  }

  async *watch(): AsyncGenerator<WatchEvent> {
    yield { type: 'ADDED', object: { metadata: { name: this.#name } } };
  }

  document(): Promise<Uint8Array> {
    this.documents++;
    return this.#document();
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

function probing(rest: () => Promise<Uint8Array>, grpc: () => Promise<Uint8Array>) {
  const transports = {
    rest: new NamedTransport('rest', rest),
    grpc: new NamedTransport('grpc', grpc),
  };
  const told: string[] = [];
  const onChosen = (protocol: string, why: string) => told.push(`${protocol}: ${why}`);
  return { ...transports, told, transport: new ProbingTransport({ ...transports, onChosen }) };
}

const ours = () => Promise.resolve(version('v1.36.0+flotilla.0.1.0'));
const broken = () => Promise.reject(new UnreachableError('no HTTP/2'));

const cases: readonly {
  readonly server: string;
  readonly rest: () => Promise<Uint8Array>;
  readonly grpc: () => Promise<Uint8Array>;
  readonly told: string;
}[] = [
  {
    ...{ server: "Flotilla's", rest: ours, grpc: ours },
    told: 'grpc: the API server is v1.36.0+flotilla.0.1.0',
  },
  {
    ...{ server: "Flotilla's behind what carries no gRPC", rest: ours, grpc: broken },
    told: 'rest: gRPC does not get through: no HTTP/2',
  },
  {
    ...{ server: "Kubernetes'", rest: () => Promise.resolve(version('v1.36.1')), grpc: ours },
    told: "rest: the API server is v1.36.1, not Flotilla's",
  },
  {
    server: 'one whose version is no JSON',
    ...{ rest: () => Promise.resolve(bytes('<html>')), grpc: ours },
    told: "rest: the API server is of no version, not Flotilla's",
  },
];

for (const { server, rest, grpc, told } of cases) {
  t.test(`ProbingTransport asks a server once: ${server}`, async (t) => {
    const given = probing(rest, grpc);
    const protocol = told.slice(0, 4);
    const answers = await Promise.all([given.transport.call(call), given.transport.call(call)]);
    for (const answer of answers) t.equal(new TextDecoder().decode(answer), protocol);
    for await (const { object } of given.transport.watch(call)) {
      t.equal(object.metadata.name, protocol);
    }
    t.same(given.told, [told]);
    t.equal(given.rest.documents, 1);
    await given.transport.close();
    t.ok(given.rest.isClosed);
    t.ok(given.grpc.isClosed);
  });
}

t.test(
  'ProbingTransport fails a request when the server is not there, and asks again',
  async (t) => {
    let isUp = false;
    const { transport, told } = probing(() => (isUp ? ours() : broken()), ours);
    await t.rejects(transport.call(call), UnreachableError);
    await t.rejects(transport.watch(call).next(), UnreachableError);
    t.same(told, []);
    isUp = true;
    t.equal(new TextDecoder().decode(await transport.call(call)), 'grpc');
  },
);

t.test('ProbingTransport does not hold a request that is cancelled', async (t) => {
  const { transport } = probing(() => new Promise(() => {}), ours);
  const stop = new AbortController();
  const asked = transport.call(call, { signal: stop.signal });
  stop.abort();
  await t.rejects(asked, UnreachableError);
  await t.rejects(transport.call(call, { signal: stop.signal }), UnreachableError);
});
