/**
 * The transport alone: `node dist/bench/rpc.js [ROUNDS]`. A unary method that does nothing, put-sized requests, 8 connections
 * with 100 calls under way on each; our own HTTP/2 layer, @grpc/grpc-js, and node:http2 with the least that such a call needs.
 * Servers are loaded by h2load (Debian: nghttp2-client), clients load our own server. The engines take turns, so that all see the
 * same machine; rows are the medians. The processor time is that of the engine's process alone.
 */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PutRequest } from '../src/wire/index.js';
import { numberArgument } from './arguments.js';
import { printRows, type ResultRow } from './print-rows.js';
import { type ClientEngine, clientEngines, openClient } from './rpc/clients.js';
import { framed, nullPath, nullRequest } from './rpc/null-service.js';
import { type ServerEngine, serverEngines } from './rpc/server-process.js';
import { median } from './side-by-side/measurement.js';

const connections = 8;
const callsPerConnection = 100;
/** Calls of a round: some seconds each, and enough for the compiler to have settled. */
const callsOf = { http2: 300_000, 'node:http2': 50_000, 'grpc-js': 30_000 } as const;

/** One round of one engine. */
interface Round {
  readonly perSecond: number;
  readonly cpuUs: number;
}

async function main(rounds: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'flotilla-bench-rpc-'));
  try {
    const body = join(dir, 'body');
    writeFileSync(body, framed(PutRequest.encode(nullRequest)));
    const servers = await inTurns(serverEngines, rounds, (engine) => serverRound(engine, body));
    const clients = await inTurns(clientEngines, rounds, clientRound);
    printRows([...rowsOf('server', servers), ...rowsOf('client', clients)]);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

async function inTurns<E extends string>(
  engines: readonly E[],
  rounds: number,
  measure: (engine: E) => Promise<Round>,
): Promise<ReadonlyMap<E, readonly Round[]>> {
  const found = new Map<E, Round[]>(engines.map((engine) => [engine, []]));
  for (let round = 0; round < rounds; round++) {
    for (const engine of engines) found.get(engine)?.push(await measure(engine));
  }
  return found;
}

function rowsOf(role: string, found: ReadonlyMap<string, readonly Round[]>): ResultRow[] {
  return [...found].map(([engine, rounds]) => ({
    name: `${role}, ${engine}`,
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
    cpuUs: median(rounds.map(({ cpuUs }) => cpuUs)),
  }));
}

/** A fresh server under h2load, after a run that warms it up. */
function serverRound(engine: ServerEngine, body: string): Promise<Round> {
  return withServer(engine, async (server, port) => {
    const calls = callsOf[engine];
    h2load(port, body, calls);
    const before = await cpuUsOf(server);
    const perSecond = h2load(port, body, calls);
    return { perSecond, cpuUs: ((await cpuUsOf(server)) - before) / calls };
  });
}

/** Fresh connections to our own server, from this process. */
function clientRound(engine: ClientEngine): Promise<Round> {
  return withServer('http2', async (_, port) => {
    const clients = Array.from({ length: connections }, () => openClient(engine, port));
    const run = async (total: number) => {
      let left = total;
      const loop = async (call: () => Promise<unknown>) => {
        while (left-- > 0) await call();
      };
      const loops = clients.flatMap(({ call }) =>
        Array.from({ length: callsPerConnection }, () => loop(call)),
      );
      await Promise.all(loops);
    };
    const calls = callsOf[engine];
    await run(calls / 2);
    const cpu = process.cpuUsage();
    const start = performance.now();
    await run(calls);
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    await Promise.all(clients.map((client) => client.close()));
    return { perSecond: calls / seconds, cpuUs: (user + system) / calls };
  });
}

async function withServer<T>(
  engine: ServerEngine,
  body: (server: ChildProcess, port: number) => Promise<T>,
): Promise<T> {
  const script = fileURLToPath(new URL('./rpc/server-process.js', import.meta.url));
  const server = fork(script, [engine]);
  try {
    const [{ port }] = (await once(server, 'message')) as [{ readonly port: number }];
    return await body(server, port);
  } finally {
    server.kill();
  }
}

async function cpuUsOf(server: ChildProcess): Promise<number> {
  server.send('cpu');
  const [{ cpuUs }] = (await once(server, 'message')) as [{ readonly cpuUs: number }];
  return cpuUs;
}

/** Calls a second; fails when any did not succeed. */
function h2load(port: number, body: string, calls: number): number {
  const text = execFileSync(
    'h2load',
    [
      ...['-c', String(connections), '-m', String(callsPerConnection), '-t', '1'],
      ...['-n', String(calls), '-d', body],
      ...['-H', 'content-type: application/grpc', '-H', 'te: trailers'],
      `http://127.0.0.1:${port}${nullPath}`,
    ],
    { encoding: 'utf8' },
  );
  const rate = /finished in [\d.]+m?s, ([\d.]+) req\/s/.exec(text)?.[1];
  if (rate === undefined || !text.includes(`${calls} succeeded`)) {
    throw new Error(`h2load failed:\n${text}`);
  }
  return Number(rate);
}

await main(numberArgument(3));
