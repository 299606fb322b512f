import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Cluster } from '../../test/e2e/cluster.js';
import { RawClient } from '../../test/e2e/raw-client.js';
import { Latencies } from './latencies.js';
import { keyCount, keyOf, type Load, valueBytes } from './loads.js';
import type { WorkerJob, WorkerResult } from './worker.js';

/** One load against one cluster, once. */
export interface Measurement {
  /** Requests, or events, per second. */
  readonly perSecond: number;
  /** Of the requests, in milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
}

const warmUpMs = 400;

/** Writes every key once, so that ranges find what they ask for. */
export async function fill(cluster: Cluster): Promise<void> {
  const client = new RawClient(cluster.member(0).endpoint);
  const value = 'v'.repeat(valueBytes);
  for (let n = 0; n < keyCount; n += 100) {
    const batch = Array.from({ length: 100 }, (_, i) => client.put(keyOf(n + i).toString(), value));
    await Promise.all(batch);
  }
  client.close();
}

/** Runs a load from processes of its own. */
export async function measure(
  cluster: Cluster,
  load: Load,
  measureMs: number,
): Promise<Measurement> {
  const job: WorkerJob = { endpoints: cluster.endpoints, load, warmUpMs, measureMs };
  const results = await Promise.all(Array.from({ length: load.workers }, () => runWorker(job)));
  const latencies = new Latencies();
  for (const { buckets } of results) latencies.merge(new Latencies(buckets));
  const sum = (of: (result: WorkerResult) => number) => results.reduce((s, r) => s + of(r), 0);
  return {
    perSecond: (sum(({ count }) => count) / measureMs) * 1000,
    p50Ms: latencies.percentile(0.5),
    p99Ms: latencies.percentile(0.99),
    errors: sum(({ errors }) => errors),
  };
}

function runWorker(job: WorkerJob): Promise<WorkerResult> {
  const child = fork(fileURLToPath(new URL('./worker.js', import.meta.url)));
  return new Promise((resolve, reject) => {
    child.once('message', (result: WorkerResult) => {
      child.disconnect();
      resolve(result);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`a worker ended with code ${code}`)));
    child.send(job);
  });
}
