import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterId, memberId, noMember } from '../src/base/ids.js';
import { openHostDisk } from '../src/host/disk.js';
import { WriteAheadLogFile } from '../src/raft/wal/index.js';

/** What one run of the log found. */
export interface WalBenchResult {
  /** Appends of one 256-byte entry each that are kept in flight. */
  readonly inFlight: number;
  readonly appendsPerSecond: number;
  readonly syncsPerSecond: number;
  readonly appendsPerSync: number;
  readonly latencyMsP50: number;
  readonly latencyMsP99: number;
}

/** Appends to a new log in `parentDir` for `seconds`, keeping `inFlight` appends waiting to be durable. */
export async function benchWal({
  parentDir = tmpdir(),
  seconds = 2,
  inFlight,
}: {
  readonly parentDir?: string;
  readonly seconds?: number;
  readonly inFlight: number;
}): Promise<WalBenchResult> {
  const root = await mkdtemp(join(parentDir, 'flotilla-bench-wal-'));
  try {
    return await run(root, seconds, inFlight);
  } finally {
    await rm(root, { recursive: true });
  }
}

async function run(root: string, seconds: number, inFlight: number): Promise<WalBenchResult> {
  const data = new Uint8Array(256).fill(0x61);
  const startedAt: number[] = [0];
  const latencies: number[] = [];
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
        latencies.push(now - (startedAt[durable + 1] ?? now));
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
  for (let i = 0; i < inFlight; i++) append();
  setTimeout(() => {
    isOver = true;
  }, seconds * 1000);
  await over;
  const elapsed = (performance.now() - start) / 1000;
  await wal.close();
  latencies.sort((a, b) => a - b);
  const quantile = (q: number) => latencies[Math.floor(q * (latencies.length - 1))] ?? 0;
  return {
    inFlight,
    appendsPerSecond: Math.round(durable / elapsed),
    syncsPerSecond: Math.round(syncs / elapsed),
    appendsPerSync: Math.round((10 * durable) / syncs) / 10,
    latencyMsP50: Math.round(quantile(0.5) * 100) / 100,
    latencyMsP99: Math.round(quantile(0.99) * 100) / 100,
  };
}

/** Runs with 1, 16, 256 and 4096 appends in flight and prints a table. */
export async function main(): Promise<void> {
  const results: WalBenchResult[] = [];
  for (const inFlight of [1, 16, 256, 4096]) results.push(await benchWal({ inFlight }));
  console.table(results);
}

if (process.argv[1] === import.meta.filename) await main();
