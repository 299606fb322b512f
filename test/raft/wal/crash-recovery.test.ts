import t from 'tap';
import { type Defect, noDefects } from '../../../src/base/defect.js';
import { Prng } from '../../../src/base/prng.js';
import { SimDisk, type SimDiskKnobs } from '../../sim/disk.js';
import { instantClock } from '../../sim/instant-clock.js';
import { openLog, type TestLog } from './harness.js';
import { LogModel } from './log-model.js';

const tick = () => new Promise((resolve) => setImmediate(resolve));

async function ticks(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await tick();
}

/** Opens the log; crashes a few times half-way. */
async function openThroughCrashes(
  disk: SimDisk,
  prng: Prng,
  defects: ReadonlySet<Defect>,
): Promise<TestLog> {
  for (let crashes = prng.int(0, 3); crashes > 0; crashes--) {
    let opened: TestLog | null = null;
    let isRefused = false;
    openLog(disk, { defects }).then(
      (log) => {
        opened = log;
      },
      () => {
        isRefused = true;
      },
    );
    await ticks(prng.int(0, 12));
    if (opened !== null && !isRefused) return opened;
    disk.crash(prng.pick(['power', 'process']));
  }
  disk.setKnobs({ syncFailChance: 0 });
  return openLog(disk, { defects });
}

/** Uses the log for a while. Returns how many appends were durable when the process went away. */
async function live(log: TestLog, model: LogModel, disk: SimDisk, prng: Prng): Promise<number> {
  for (let steps = prng.int(1, 40); steps > 0 && log.failures.length === 0; steps--) {
    if (prng.chance(0.1)) {
      const index = prng.int(0, model.releasable(log.durable.at(-1) ?? 0) + 1);
      model.release(index);
      log.wal.release(index).catch(() => undefined);
    } else log.append({ ...model.randomAppend(prng), mayBlock: prng.chance(0.5) });
    if (prng.chance(0.5)) await ticks(prng.int(1, 5));
  }
  if (prng.chance(0.15)) {
    const closed = log.wal.close().then(() => log.failures.length === 0);
    if (await Promise.race([closed, ticks(prng.int(1, 400)).then(() => false)])) {
      disk.crash('process');
      return log.durable.at(-1) ?? 0;
    }
  }
  disk.crash(prng.pick(['power', 'process']));
  return log.durable.at(-1) ?? 0;
}

/** Milliseconds of a sync: some disks are waited for, others are not. */
const quick = [0.5, 0.5] as const;
const slow = [1, 1] as const;

const diskKinds: readonly Partial<SimDiskKnobs>[] = [
  {},
  { tornWriteChance: 0.3 },
  { tornWriteChance: 0.1, stallChance: 0.2 },
  { tornWriteChance: 0.1, syncFailChance: 0.03 },
  { capacityBytes: 100_000 },
];

async function runSeed(seed: number, defects = noDefects): Promise<string | null> {
  const prng = new Prng(seed);
  const knobs = prng.pick(diskKinds);
  const disk = new SimDisk(prng.fork(), instantClock, knobs);
  const model = new LogModel();
  let durable = 0;
  for (let life = 0; life < 6; life++) {
    disk.setKnobs({ syncLatencyMs: prng.pick([quick, slow]), ...knobs });
    const log = await openThroughCrashes(disk, prng, defects).catch(
      (error: unknown) => error as Error,
    );
    if (log instanceof Error) {
      const isFull = 'code' in log && log.code === 'no-space' && knobs.capacityBytes !== undefined;
      return isFull ? null : `life ${life}: ${log.stack}`;
    }
    const problem = model.recover(log.recovery, durable);
    if (problem !== null) return `life ${life}: ${problem}`;
    durable = await live(log, model, disk, prng);
  }
  return null;
}

t.test(
  'WriteAheadLogFile keeps what was durable, and only what was written, over crashes',
  async (t) => {
    const seeds = Number(process.env.WAL_SEEDS ?? 400);
    const start = Number(process.env.WAL_SEED ?? 1);
    for (let seed = start; seed < start + seeds; seed++) {
      const problem = await runSeed(seed);
      if (problem === null) continue;
      t.fail(`seed ${seed}: ${problem} (again: WAL_SEED=${seed} WAL_SEEDS=1 npx tap on this file)`);
      return;
    }
    t.pass(`${seeds} seeds`);
  },
);

t.test(
  'the crashes reach recycled segments: trusting what they held before is found',
  async (t) => {
    for (let seed = 1; seed <= 400; seed++) {
      const problem = await runSeed(seed, new Set(['wal-trusts-recycled']));
      if (problem === null) continue;
      t.pass(`seed ${seed}: ${problem}`);
      return;
    }
    t.fail('400 seeds with the defect wal-trusts-recycled pass');
  },
);
