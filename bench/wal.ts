/**
 * The log alone: `node dist/bench/wal.js [SECONDS]`. Entries of 256 bytes, with 1 to 4096 appends waiting to be durable; a new
 * log in the temporary folder each time.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterId, memberId, noMember } from '../src/base/ids.js';
import { Latencies } from '../src/cmd/bench/latency.js';
import { openHostDisk } from '../src/host/disk.js';
import { WriteAheadLogFile } from '../src/raft/wal/index.js';
import { numberArgument } from './arguments.js';
import { printRows, type ResultRow } from './print-rows.js';

async function main(seconds: number): Promise<void> {
  const rows: ResultRow[] = [];
  for (const inFlight of [1, 16, 256, 4096]) {
    const root = await mkdtemp(join(tmpdir(), 'flotilla-bench-wal-'));
    try {
      rows.push(await appendTo(root, seconds, inFlight));
    } finally {
      await rm(root, { recursive: true });
    }
  }
  printRows(rows);
}

/** Appends to a new log, keeping so many appends waiting to be durable. */
async function appendTo(root: string, seconds: number, inFlight: number): Promise<ResultRow> {
  const data = new Uint8Array(256).fill(0x61);
  const startedAt: number[] = [0];
  const latencies = new Latencies();
  let syncs = 0;
  let durable = 0;
  let isOver = false;
  const append = () => {
    const index = startedAt.length;
    startedAt.push(performance.now());
    const entry = { index, term: 1, kind: 'normal', data } as const;
    wal.append({ sequence: index, hardState: null, entries: [entry], snapshot: null });
  };
  let onOver: () => void = () => undefined;
  const over = new Promise<void>((resolve) => {
    onOver = resolve;
  });
  const { wal } = await WriteAheadLogFile.open({
    disk: openHostDisk(root),
    dir: 'wal',
    clusterId: clusterId(1n),
    memberId: memberId(1n),
    onDurable: (sequence) => {
      const now = performance.now();
      syncs++;
      for (; durable < sequence; durable++) {
        latencies.add(now - (startedAt[durable + 1] ?? now));
        if (!isOver) append();
      }
      if (isOver && durable === startedAt.length - 1) onOver();
    },
    onFailure: (error) => {
      throw error;
    },
  });
  const noVote = { term: 1, vote: noMember, commit: 0 };
  wal.append({ sequence: 0, hardState: noVote, entries: [], snapshot: null });
  const start = performance.now();
  const cpu = process.cpuUsage();
  for (let i = 0; i < inFlight; i++) append();
  setTimeout(() => {
    isOver = true;
  }, seconds * 1000);
  await over;
  const elapsed = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await wal.close();
  return {
    name: `append 256 B, ${inFlight} waiting`,
    perSecond: durable / elapsed,
    p50Ms: latencies.percentileMs(50),
    p99Ms: latencies.percentileMs(99),
    maxMs: latencies.percentileMs(100),
    cpuUs: (user + system) / durable,
    note: `${(durable / syncs).toFixed(1)} appends a sync, ${Math.round(syncs / elapsed)} syncs/s`,
  };
}

await main(numberArgument(2));
