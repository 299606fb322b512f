/**
 * Consensus alone: the driver, the core and the log on disk, without store and gRPC. `node dist/bench/raft.js [SECONDS]`:
 * members in one process, then in processes of their own over TCP; puts of 256 bytes, with 1, 64 and 800 proposals under
 * way.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { numberArgument } from './arguments.js';
import { printRows, type ResultRow } from './print-rows.js';
import { benchAcrossProcesses } from './raft/across-processes.js';
import { benchInProcess, type RaftResult } from './raft/in-process.js';

const warmUpMs = 500;
const setups = [
  { name: '1 member', members: 1, run: benchInProcess },
  { name: '3 members in one process', members: 3, run: benchInProcess },
  { name: '3 members over TCP', members: 3, run: benchAcrossProcesses },
  { name: '5 members over TCP', members: 5, run: benchAcrossProcesses },
] as const;

async function main(seconds: number): Promise<void> {
  const rows: ResultRow[] = [];
  for (const { name, members, run } of setups) {
    for (const inFlight of [1, 64, 800]) {
      const options = { inFlight, warmUpMs, measureMs: seconds * 1000 };
      const result = await inTempDir((dir) => run({ ...options, members, dir }));
      rows.push(toRow(`${name}, ${inFlight} under way`, result));
    }
  }
  printRows(rows);
}

function toRow(name: string, result: RaftResult): ResultRow {
  return {
    name,
    perSecond: (result.entries / result.elapsedMs) * 1000,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    maxMs: result.maxMs,
    cpuUs: (result.cpuMs * 1000) / result.entries,
  };
}

async function inTempDir<T>(body: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-bench-raft-'));
  try {
    return await body(dir);
  } finally {
    await rm(dir, { recursive: true });
  }
}

await main(numberArgument(2));
