import { spawnSync } from 'node:child_process';
import t, { type Test } from 'tap';
import { createGrpcJsChannel } from '../../src/rpc/grpc-js/index.js';
import type { Channel, ClientStream } from '../../src/rpc/index.js';
import { KV, Watch, type WatchRequestInit, type WatchResponse } from '../../src/wire/index.js';
import { Cluster } from '../e2e/cluster.js';
import { type RawResult, rawCall } from '../rpc/raw-client.js';
import { realClock } from '../rpc/support.js';
import { normalised, type OddRequest, oddRequests } from '../store/api/odd-requests.js';
import { oddWatches, type WatchStep } from '../store/api/odd-watches.js';
import { serveApi } from '../store/api/rig.js';

/** The same conversation with etcd (Debian's 3.4) and with our services: every answer is the same. */
const hasEtcd = spawnSync('etcd', ['--version']).status === 0;

t.test(
  'the API answers odd requests as etcd does',
  { skip: hasEtcd ? false : 'etcd is not installed' },
  async (t) => {
    const oracle = await startEtcd(t);
    const { endpoint, errors } = await serveApi(t);
    for (const request of oddRequests) {
      const theirs = answer(request, await rawCall(oracle, request.path, [request.bytes]));
      const ours = answer(request, await rawCall(endpoint, request.path, [request.bytes]));
      t.strictSame(ours, theirs, request.title);
    }
    t.strictSame(errors, []);
  },
);

t.test(
  'a watch stream answers odd requests as etcd does',
  { skip: hasEtcd ? false : 'etcd is not installed' },
  async (t) => {
    const oracle = createGrpcJsChannel(await startEtcd(t), { clock: realClock });
    t.teardown(() => oracle.close());
    const { channel } = await serveApi(t);
    const [theirs, ours] = [new Conversation(oracle), new Conversation(channel)];
    for (const step of oddWatches) {
      t.strictSame(await ours.take(step), await theirs.take(step), step.title);
    }
    ours.end();
    theirs.end();
  },
);

/** A watch stream beside the writes that it sees. */
class Conversation {
  readonly #channel: Channel;
  readonly #stream: ClientStream<WatchRequestInit, WatchResponse>;
  readonly #responses: AsyncIterator<WatchResponse>;

  constructor(channel: Channel) {
    this.#channel = channel;
    this.#stream = channel.stream(Watch.methods.Watch, { timeoutMs: 120_000 });
    this.#responses = this.#stream.responses[Symbol.asyncIterator]();
  }

  /** Takes a step and returns the responses that come of it. */
  async take(step: WatchStep): Promise<unknown[]> {
    const { Put, Txn, Compact } = KV.methods;
    if (step.watch) this.#stream.send(step.watch);
    if (step.put) await this.#channel.unary(Put, step.put);
    if (step.txn) await this.#channel.unary(Txn, step.txn);
    if (step.compact) await this.#channel.unary(Compact, { revision: step.compact });
    const responses: unknown[] = [];
    for (let i = 0; i < step.responses; i++) {
      responses.push(normalised((await this.#responses.next()).value));
    }
    return responses;
  }

  end(): void {
    this.#stream.cancel();
  }
}

function answer(request: OddRequest, result: RawResult): unknown {
  const { code, details, messages } = result;
  return { code, details, messages: messages.map((m) => normalised(request.response.decode(m))) };
}

/** Starts a fresh etcd until the test ends. */
async function startEtcd(t: Test): Promise<string> {
  const cluster = await Cluster.forTest(t, { kind: 'etcd', size: 1 });
  return cluster.member(0).spec.clientUrl;
}
