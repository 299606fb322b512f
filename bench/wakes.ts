/**
 * What a put of one client waits for, each alone: `node dist/bench/wakes.js [SECONDS]`. A sync of 400 B in a file that has its
 * room, waited for and on a thread of libuv's pool; a call that goes to that pool and does nothing there; a message of 300 B to
 * another process and back. Each after its predecessor, and (the last but one) after 3 ms of rest, as threads of an idle member are.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fstat, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Latencies } from '../src/cmd/bench/latency.js';
import { openHostDisk } from '../src/host/disk.js';
import { numberArgument } from './arguments.js';
import { printRows, type ResultRow } from './print-rows.js';

const echoes = 'echo';
const fileBytes = 16 << 20;
const messageBytes = 300;

async function main(seconds: number): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'flotilla-bench-wakes-'));
  try {
    printRows([
      ...(await timeSyncs(root, seconds)),
      ...(await timePool(seconds)),
      await timeRoundTrip(seconds),
    ]);
  } finally {
    await rm(root, { recursive: true });
  }
}

async function timeSyncs(root: string, seconds: number): Promise<ResultRow[]> {
  const file = await openHostDisk(root).open('log', { create: true });
  await file.allocate(fileBytes);
  const record = new Uint8Array(400).fill(0x61);
  let position = 0;
  const write = () => {
    file.write(position, [record]);
    position = (position + record.length) % (fileBytes - record.length);
  };
  const waited = await time('sync, waited for', seconds, async () => {
    write();
    file.syncBlocking();
  });
  const pooled = await time('sync, on a thread', seconds, async () => {
    write();
    await file.sync();
  });
  await file.close();
  return [waited, pooled];
}

async function timePool(seconds: number): Promise<ResultRow[]> {
  const fd = openSync(process.execPath, 'r');
  const hop = () => new Promise<void>((resolve) => fstat(fd, () => resolve()));
  return [
    await time('a thread and back', seconds, hop),
    await time('a thread and back, rested', seconds, hop, 3),
  ];
}

async function timeRoundTrip(seconds: number): Promise<ResultRow> {
  const child = fork(import.meta.filename, [echoes]);
  const [port] = (await once(child, 'message')) as [number];
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const message = new Uint8Array(messageBytes);
  const row = await time('a process and back', seconds, async () => {
    socket.write(message);
    await once(socket, 'data');
  });
  socket.destroy();
  child.kill();
  return row;
}

/** Runs an operation again and again, for so many seconds, with so much rest before each. */
async function time(
  name: string,
  seconds: number,
  operation: () => Promise<void>,
  restMs = 0,
): Promise<ResultRow> {
  const latencies = new Latencies();
  const endMs = performance.now() + seconds * 1000;
  while (performance.now() < endMs) {
    if (restMs > 0) await sleep(restMs);
    const startedAt = performance.now();
    await operation();
    latencies.add(performance.now() - startedAt);
  }
  return {
    name,
    p50Ms: latencies.percentileMs(50),
    p99Ms: latencies.percentileMs(99),
    maxMs: latencies.percentileMs(100),
  };
}

/** The other process: sends back what it is sent. */
function echo(): void {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('data', (chunk) => socket.write(chunk));
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
  process.on('disconnect', () => process.exit());
}

if (process.argv[2] === echoes) echo();
else await main(numberArgument(2));
