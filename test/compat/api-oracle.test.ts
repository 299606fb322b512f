import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type RawResult, rawCall } from '../rpc/raw-client.js';
import { closedPort, eventually } from '../rpc/support.js';
import { normalised, type OddRequest, oddRequests } from '../store/api/odd-requests.js';
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

function answer(request: OddRequest, result: RawResult): unknown {
  const { code, details, messages } = result;
  return { code, details, messages: messages.map((m) => normalised(request.response.decode(m))) };
}

/** Starts a fresh etcd on free ports, until the test ends. */
async function startEtcd(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'etcd-oracle-'));
  const client = `http://127.0.0.1:${await closedPort()}`;
  const peer = `http://127.0.0.1:${await closedPort()}`;
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
  await eventually(() => isHealthy(client), 'etcd serves', 20_000);
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
