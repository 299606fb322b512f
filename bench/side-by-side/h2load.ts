import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Latencies } from '../../src/cmd/bench/latency.js';
import { RawClient } from '../../test/e2e/raw-client.js';
import { type Measurement, measurement } from './measurement.js';
import type { Side } from './side.js';
import { runTool } from './tool.js';

/** One gRPC request, sent again and again. */
export interface H2Load {
  /** The method's path. */
  readonly path: string;
  readonly request: Uint8Array;
  readonly connections: number;
  readonly streams: number;
  /** Whether each call adds a revision to the store: then what the store says is checked. */
  readonly isWrite: boolean;
}

/** Calls of the first, short run, which says how many the measured one makes. */
const probeCalls = 20_000;

/** Loads a cluster's leader with h2load (nghttp2) for about so many seconds. */
export async function runH2load(side: Side, load: H2Load, seconds: number): Promise<Measurement> {
  const dir = mkdtempSync(join(tmpdir(), 'flotilla-bench-'));
  try {
    const { endpoint } = await side.leader();
    const body = join(dir, 'body');
    writeFileSync(body, framed(load.request));
    const probe = await run({ endpoint, load, body, dir, calls: probeCalls });
    const calls = Math.max(probeCalls, Math.round(probe.perSecond * seconds));
    const before = await revisionOf(endpoint);
    const cpuMs = side.cpuMs();
    const { perSecond, latencies } = await run({ endpoint, load, body, dir, calls });
    const serverCpuUs = ((side.cpuMs() - cpuMs) * 1000) / calls;
    const written = (await revisionOf(endpoint)) - before;
    return measurement({
      perSecond,
      p50Ms: latencies.percentileMs(50),
      p99Ms: latencies.percentileMs(99),
      maxMs: latencies.percentileMs(100),
      serverCpuUs,
      // h2load looks at the HTTP status alone: a put that failed by its gRPC status has no revision.
      errors: load.isWrite ? Math.max(0, calls - written) : 0,
    });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

async function run(options: {
  readonly endpoint: string;
  readonly load: H2Load;
  readonly body: string;
  readonly dir: string;
  readonly calls: number;
}): Promise<{ readonly perSecond: number; readonly latencies: Latencies }> {
  const { endpoint, load, body, dir, calls } = options;
  const log = join(dir, 'log');
  rmSync(log, { force: true });
  const text = await runTool('h2load', [
    ...['-c', String(load.connections), '-m', String(load.streams), '-t', '1', '-n', String(calls)],
    ...['-d', body, '-H', 'content-type: application/grpc', '-H', 'te: trailers'],
    `--log-file=${log}`,
    `http://${endpoint}${load.path}`,
  ]);
  const perSecond = /finished in [\d.]+m?s, ([\d.]+) req\/s/.exec(text)?.[1];
  const succeeded = Number(/(\d+) succeeded/.exec(text)?.[1]);
  if (perSecond === undefined || succeeded !== calls) throw new Error(`h2load failed:\n${text}`);
  return { perSecond: Number(perSecond), latencies: readLog(readFileSync(log, 'latin1')) };
}

/** The log has a line for each call: when it started, its HTTP status, and its microseconds. */
export function readLog(text: string): Latencies {
  const latencies = new Latencies();
  for (const line of text.split('\n')) {
    const us = line.split('\t')[2];
    if (us !== undefined) latencies.add(Number(us) / 1000);
  }
  return latencies;
}

/** A message as gRPC sends it: not compressed, and its length. */
function framed(message: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(5 + message.length);
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, 5);
  return bytes;
}

async function revisionOf(endpoint: string): Promise<number> {
  const client = new RawClient(endpoint);
  try {
    return (await client.range('bench')).header?.revision ?? 0;
  } finally {
    client.close();
  }
}
