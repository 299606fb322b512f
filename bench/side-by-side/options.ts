import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';

/** How the benchmark is called. */
export const usage = `npm run bench -- [--against etcd] [options]

Starts a cluster on this machine, and with --against etcd one of etcd beside it, both with fresh data and default durability. Each load runs on both in turn, several rounds; the other cluster idles meanwhile.

  --against etcd        compare with etcd
  --etcd PATH           that etcd (default: FLOTILLA_ETCD, or etcd on the PATH)
  --flotilla PATH       that bin/flotilla (default: this project's)
  --etcd-benchmark PATH etcd's benchmark tool (default: FLOTILLA_ETCD_BENCHMARK); without it its rows are left out
  --no-h2load           leave out the rows that h2load loads; without h2load on the PATH they are left out
  --members N           members of each cluster (default 3)
  --seconds N           length of each measurement (default 3)
  --rounds N            measurements of each row and cluster; medians are shown (default 3)
  --only TEXT           rows whose name or tool contains this; may be given several times
  --all                 the rows with a million keys too
  --keys N              so many keys in those rows (default 1000000)
  --data-dir DIR        where the members keep their data (default: the temporary folder)
  --json FILE           write all rounds there
  --html FILE           write a page with charts there
  --list                name the rows`;

/** A checked command line. */
export interface BenchOptions {
  readonly isAgainstEtcd: boolean;
  readonly etcd: string | null;
  readonly flotilla: string | null;
  readonly etcdBenchmark: string | null;
  readonly hasH2load: boolean;
  readonly members: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly only: readonly string[];
  readonly hasGrowth: boolean;
  readonly keys: number;
  readonly dataDir: string | null;
  readonly json: string | null;
  readonly html: string | null;
  readonly isList: boolean;
}

/** Reads a command line; a text is what is wrong with it, or the usage when that was asked for. */
export function parseOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): BenchOptions | { readonly text: string; readonly isError: boolean } {
  let values: ReturnType<typeof readFlags>;
  try {
    values = readFlags(argv);
  } catch (error) {
    return { text: (error as Error).message, isError: true };
  }
  if (values.help) return { text: usage, isError: false };
  const problem = problemOf(values);
  if (problem !== null) return { text: problem, isError: true };
  return {
    isAgainstEtcd: values.against === 'etcd',
    etcd: values.etcd ?? env.FLOTILLA_ETCD ?? null,
    flotilla: values.flotilla ?? null,
    etcdBenchmark: values['etcd-benchmark'] ?? env.FLOTILLA_ETCD_BENCHMARK ?? null,
    hasH2load: !values['no-h2load'] && isOnPath('h2load', env.PATH ?? ''),
    members: Number(values.members),
    seconds: Number(values.seconds),
    rounds: Number(values.rounds),
    only: values.only,
    hasGrowth: values.all,
    keys: Number(values.keys),
    dataDir: values['data-dir'] ?? null,
    json: values.json ?? null,
    html: values.html ?? null,
    isList: values.list,
  };
}

function readFlags(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    options: {
      against: { type: 'string' },
      etcd: { type: 'string' },
      flotilla: { type: 'string' },
      'etcd-benchmark': { type: 'string' },
      'no-h2load': { type: 'boolean', default: false },
      members: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string', multiple: true, default: [] },
      all: { type: 'boolean', default: false },
      keys: { type: 'string', default: '1000000' },
      'data-dir': { type: 'string' },
      json: { type: 'string' },
      html: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  }).values;
}

function problemOf(values: ReturnType<typeof readFlags>): string | null {
  if (values.against !== undefined && values.against !== 'etcd') {
    return `--against ${JSON.stringify(values.against)}: only etcd is known`;
  }
  if (!(Number(values.seconds) > 0)) return '--seconds: give a number above 0';
  for (const flag of ['members', 'rounds', 'keys'] as const) {
    if (!/^[1-9]\d*$/.test(values[flag])) return `--${flag}: give a whole number from 1 on`;
  }
  for (const flag of ['etcd', 'flotilla', 'etcd-benchmark', 'data-dir'] as const) {
    const path = values[flag];
    if (path !== undefined && !existsSync(path)) return `--${flag}: there is no ${path}`;
  }
  return null;
}

function isOnPath(program: string, path: string): boolean {
  return path.split(delimiter).some((folder) => existsSync(join(folder, program)));
}
