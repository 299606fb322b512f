/**
 * The transport alone, both engines: `node dist/bench/rpc.js [ROUNDS]`. Each engine serves a unary method that does
 * nothing, in a process of its own; h2load (Debian: nghttp2-client) asks from 8 connections with 100 calls in progress on
 * each, for a put-sized request. The engines take turns, so that both see the same machine.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '../src/base/logger.js';
import { hostClock } from '../src/host/clock.js';
import { createGrpcJsServer } from '../src/rpc/grpc-js/index.js';
import { createHttp2Server } from '../src/rpc/http2/index.js';
import { implementService, listen } from '../src/rpc/index.js';
import { PutRequest, PutResponse } from '../src/wire/gen/etcdserverpb.js';

const engines = { 'grpc-js': createGrpcJsServer, http2: createHttp2Server } as const;
type EngineName = keyof typeof engines;

const connections = 8;
const streams = 100;
const calls = 100_000;
const path = '/bench.Null/Unary';
const valueBytes = 256;

/** Serves a method that answers with an empty PutResponse, until the parent goes. Prints the port. */
async function serve(engine: EngineName): Promise<void> {
  const unary = {
    name: 'Unary',
    path,
    requestStream: false,
    responseStream: false,
    request: PutRequest,
    response: PutResponse,
  } as const;
  const response = PutResponse.create();
  const service = implementService(
    { name: 'bench.Null', methods: { Unary: unary } },
    { Unary: async () => response },
  );
  const rpc = engines[engine]({
    services: [service],
    clock: hostClock,
    logger: silentLogger,
    limits: { receiveBytesMax: 2 << 20, concurrentStreamsMax: 1000 },
    keepalive: { intervalMs: 7_200_000, timeoutMs: 20_000 },
  });
  const listener = await listen({
    url: 'http://127.0.0.1:0',
    tls: null,
    rpc,
    http: new Map(),
    clock: hostClock,
    logger: silentLogger,
    silenceMsMax: 10_000,
  });
  console.log(listener.port);
  process.on('message', () => process.send?.(process.cpuUsage()));
  process.on('disconnect', () => process.exit(0));
}

async function cpuUsOf(server: ChildProcess): Promise<number> {
  server.send('cpu');
  const [usage] = (await once(server, 'message')) as [NodeJS.CpuUsage];
  return usage.user + usage.system;
}

/** Calls a second and in all, as h2load counts them; fails when any did not succeed. */
function load(port: number, body: string): { rate: number; count: number } {
  const text = execFileSync(
    'h2load',
    [
      ...['-c', String(connections), '-m', String(streams), '-t', '1', '-n', String(calls)],
      ...['-d', body],
      ...['-H', 'content-type: application/grpc', '-H', 'te: trailers'],
      `http://127.0.0.1:${port}${path}`,
    ],
    { encoding: 'utf8' },
  );
  const rate = /finished in [\d.]+m?s, ([\d.]+) req\/s/.exec(text)?.[1];
  const count = Number(/(\d+) succeeded/.exec(text)?.[1]);
  if (rate === undefined || count !== calls) throw new Error(`h2load failed:\n${text}`);
  return { rate: Number(rate), count };
}

interface Result {
  /** Calls a second. */
  readonly rate: number;
  /** Microseconds of the server's CPU a call: what stays comparable on a busy machine. */
  readonly cpuUs: number;
}

/** One round: a fresh server, loaded. */
async function round(engine: EngineName, body: string): Promise<Result> {
  const server = spawn(process.execPath, [fileURLToPath(import.meta.url), '--serve', engine], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  try {
    const [line] = (await once(server.stdout as NonNullable<ChildProcess['stdout']>, 'data')) as [
      Buffer,
    ];
    const port = Number(line.toString().trim());
    load(port, body);
    const before = await cpuUsOf(server);
    const { rate, count } = load(port, body);
    return { rate, cpuUs: ((await cpuUsOf(server)) - before) / count };
  } finally {
    server.kill();
  }
}

async function main(rounds: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-rpc-'));
  try {
    const message = PutRequest.encode({
      key: Buffer.from('key'),
      value: new Uint8Array(valueBytes),
    });
    const body = Buffer.alloc(5 + message.length);
    body.writeUInt32BE(message.length, 1);
    body.set(message, 5);
    const file = join(dir, 'body');
    writeFileSync(file, body);
    const rates: Record<EngineName, number[]> = { 'grpc-js': [], http2: [] };
    const cpu: Record<EngineName, number[]> = { 'grpc-js': [], http2: [] };
    for (let i = 0; i < rounds; i++) {
      for (const engine of Object.keys(engines) as EngineName[]) {
        const { rate, cpuUs } = await round(engine, file);
        rates[engine].push(rate);
        cpu[engine].push(cpuUs);
        console.log(
          `round ${i + 1}  ${engine.padEnd(8)} ${Math.round(rate)} calls/s, ${cpuUs.toFixed(1)} us of CPU each`,
        );
      }
    }
    report('calls/s', median(rates['grpc-js']), median(rates.http2));
    report('us of CPU a call', median(cpu['grpc-js']), median(cpu.http2));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function report(what: string, reference: number, own: number): void {
  const ratio = (own / reference).toFixed(2);
  console.log(
    `median ${what}: grpc-js ${reference.toFixed(1)}, http2 ${own.toFixed(1)}, ratio ${ratio}`,
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

if (process.argv[2] === '--serve') await serve(process.argv[3] as EngineName);
else await main(Number(process.argv[2] ?? 3));
