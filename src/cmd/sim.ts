import { Command, InvalidArgumentError } from 'commander';

/** What `flotilla sim` was asked for; the simulator itself is part of the tests (test/sim/main.ts). */
export interface SimCommandOptions {
  readonly seed: number;
  /** Seeds to run from `seed` on; null: until `minutes` are over. */
  readonly count: number | null;
  readonly minutes: number | null;
  readonly trace: boolean;
  readonly profile: string | null;
  readonly defect: string | null;
  readonly jobs: number;
  /** Every so many seeds are this process's; set by a parent that splits them among processes. */
  readonly stride: number;
  /** One line of JSON per seed in place of text. */
  readonly json: boolean;
}

const exitCodeUsage = 2;
const jobsMax = 64;

/** `flotilla sim`: runs the deterministic simulator. Works in a source tree only. */
export function simCommand(): Command {
  return new Command('sim')
    .description('Run whole clusters in the deterministic simulator, one history per seed.')
    .option('--seed <n>', 'the seed, or the first of several (default: of the time)', parseInteger)
    .option('--count <n>', 'how many seeds to run', parseInteger)
    .option('--minutes <t>', 'run seeds until so many minutes are over', parsePositive)
    .option('--trace', 'print the history of a single seed', false)
    .option('--profile <name>', 'what all seeds concentrate on (default: each draws its own)')
    .option('--defect <name>', 'switch on a seeded defect, which is then to be found')
    .option('--jobs <n>', 'processes to split the seeds among', parseJobs, 1)
    .option('--stride <n>', 'run every n-th seed', parseInteger, 1)
    .option('--json', 'print one line of JSON per seed', false)
    .allowExcessArguments(false)
    .action(runSim);
}

async function runSim(options: Partial<SimCommandOptions>): Promise<void> {
  const {
    seed = Date.now(),
    count = null,
    minutes = null,
    profile = null,
    defect = null,
  } = options;
  const isSingle = count === null && minutes === null;
  const simMain = await loadSimulator();
  const isFine = await simMain({
    seed,
    count: isSingle ? 1 : count,
    minutes,
    profile,
    defect,
    trace: options.trace ?? false,
    jobs: options.jobs ?? 1,
    stride: options.stride ?? 1,
    json: options.json ?? false,
  });
  process.exit(isFine ? 0 : 1);
}

/** Resolves with whether all seeds passed. */
type SimMain = (options: SimCommandOptions) => Promise<boolean>;

async function loadSimulator(): Promise<SimMain> {
  const url = new URL('../../test/sim/main.js', import.meta.url);
  try {
    const module = (await import(url.href)) as { readonly simMain: SimMain };
    return module.simMain;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    process.stderr.write(
      'flotilla sim: the simulator is not part of the installed package; run it in a source tree after `npm run build`\n',
    );
    return process.exit(exitCodeUsage);
  }
}

function parseInteger(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('Give a whole number.');
  }
  return value;
}

function parsePositive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('Give a number above 0.');
  return value;
}

function parseJobs(text: string): number {
  const jobs = parseInteger(text);
  if (jobs < 1 || jobs > jobsMax) throw new InvalidArgumentError(`Give 1 to ${jobsMax}.`);
  return jobs;
}
