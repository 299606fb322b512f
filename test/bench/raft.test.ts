import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { formatRows } from '../../bench/print-rows.js';
import { benchAcrossProcesses } from '../../bench/raft/across-processes.js';
import { benchInProcess } from '../../bench/raft/in-process.js';

const setups = [
  ['benchInProcess: one member', benchInProcess, 1],
  ['benchInProcess: three members agree', benchInProcess, 3],
  ['benchAcrossProcesses: three members agree', benchAcrossProcesses, 3],
] as const;

for (const [name, run, members] of setups) {
  t.test(name, async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'flotilla-bench-test-'));
    t.teardown(() => rm(dir, { recursive: true }));
    const measured = (measureMs: number) =>
      run({ members, dir, inFlight: 4, warmUpMs: 20, measureMs });
    let measureMs = 500;
    let result = await measured(measureMs);
    // A disk that others use may stand still for that long.
    while (result.entries === 0) {
      measureMs *= 2;
      result = await measured(measureMs);
    }
    t.ok(result.elapsedMs >= measureMs, JSON.stringify(result));
    t.ok(result.p50Ms > 0 && result.p50Ms <= result.p99Ms && result.p99Ms <= result.maxMs);
    t.ok(result.cpuMs >= 0 && result.cpuMs < 60_000, `${result.cpuMs}`);
  });
}

t.test('formatRows: the columns that any row has', async (t) => {
  const rows = [
    { name: 'first', perSecond: 12_345.6, cpuUs: 1.5 },
    { name: 'the second', perSecond: 7, note: 'remarkable' },
  ];
  t.same(formatRows(rows).split('\n'), [
    '            per second  CPU us/op',
    'first           12,346        1.5',
    'the second           7             remarkable',
  ]);
});
