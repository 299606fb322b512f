import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createGrpcJsChannel } from '../../src/rpc/grpc-js/index.js';
import type { Channel, ClientStream } from '../../src/rpc/index.js';
import { KV, Watch, type WatchRequestInit, type WatchResponse } from '../../src/wire/index.js';
import { freePorts } from '../e2e/ports.js';
import { type RawResult, rawCall } from '../rpc/raw-client.js';
import { eventually, realClock } from '../rpc/support.js';
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
    this.#stream = channel.stream(Watch.methods.Watch, { timeoutMs: 20_000 });
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

/** Starts a fresh etcd on free ports, until the test ends. */
async function startEtcd(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'etcd-oracle-'));
  const [client = '', peer = ''] = (await freePorts(2)).map((port) => `http://127.0.0.1:${port}`);
  const flags = [
    ['--data-dir', dir],
    ['--listen-client-urls', client],
    ['--advertise-client-urls', client],
    ['--listen-peer-urls', peer],
    ['--initial-advertise-peer-urls', peer],
    ['--initial-cluster', `default=${peer}`],
  ].flat();
  const process = spawn('etcd', flags, { stdio: 'ignore' });
  t.teardown(async () => {
    await stop(process);
    await rm(dir, { recursive: true, force: true });
  });
  await eventually(() => isHealthy(client), 'etcd serves');
  return client;
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`)).ok;
  } catch {
    return false;
  }
}

function stop(process: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (process.exitCode !== null) {
      resolve();
      return;
    }
    process.once('exit', () => resolve());
    process.kill('SIGKILL');
  });
}
