import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { Cluster } from '../test/e2e/cluster.js';
import { type Load, loads } from './store/loads.js';
import { fill, type Measurement, measure } from './store/measure.js';
import { type Comparison, formatTable } from './store/report.js';

const usage = `npm run bench -- [--against etcd] [--seconds N] [--rounds N] [--only TEXT] [--json FILE]

Measures a cluster of three members on this machine, with fresh data and default durability, and with --against another one
beside it, in alternating rounds with the same client.
  --against etcd  compare with the etcd that is installed here
  --seconds N     length of each measurement (default 2)
  --rounds N      measurements of each load and cluster; medians are shown (default 3)
  --only TEXT     loads whose name contains this
  --json FILE     write all rounds there`;

interface BenchOptions {
  readonly against: 'etcd' | null;
  readonly seconds: number;
  readonly rounds: number;
  readonly loads: readonly Load[];
  readonly json: string | null;
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options === null) return;
  const machine = describeMachine(options);
  for (const line of Object.entries(machine)) process.stdout.write(`${line.join(': ')}\n`);
  const ours = await Cluster.start({ kind: 'flotilla' });
  const theirs = options.against === null ? null : await Cluster.start({ kind: options.against });
  try {
    for (const cluster of [ours, theirs]) if (cluster !== null) await fill(cluster);
    const comparisons: Comparison[] = [];
    for (const load of options.loads) {
      comparisons.push(await compare(load, { ours, theirs, options }));
    }
    process.stdout.write(`\n${formatTable(comparisons, options.against)}\n`);
    if (options.json !== null) {
      writeFileSync(options.json, `${JSON.stringify({ machine, comparisons }, null, 2)}\n`);
    }
  } finally {
    await ours.stop();
    await theirs?.stop();
  }
}

/** Alternates between the clusters, so that what else the machine does falls on both. */
async function compare(
  load: Load,
  run: { readonly ours: Cluster; readonly theirs: Cluster | null; readonly options: BenchOptions },
): Promise<Comparison> {
  const measureMs = run.options.seconds * 1000;
  const ours: Measurement[] = [];
  const theirs: Measurement[] = [];
  for (let round = 0; round < run.options.rounds; round++) {
    if (run.theirs !== null) theirs.push(await measure(run.theirs, load, measureMs));
    ours.push(await measure(run.ours, load, measureMs));
  }
  process.stdout.write(`measured: ${load.name}\n`);
  return { load: load.name, ours, theirs: run.theirs === null ? null : theirs };
}

function readOptions(): BenchOptions | null {
  const { values } = parseArgs({
    options: {
      against: { type: 'string' },
      seconds: { type: 'string', default: '2' },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string', default: '' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const seconds = Number(values.seconds);
  const rounds = Number(values.rounds);
  const selected = loads.filter(({ name }) => name.includes(values.only));
  const isAgainstKnown = values.against === undefined || values.against === 'etcd';
  const isValid = seconds > 0 && Number.isInteger(rounds) && rounds > 0 && selected.length > 0;
  if (values.help || !isAgainstKnown || !isValid) {
    process.stdout.write(`${usage}\nloads: ${loads.map(({ name }) => name).join('; ')}\n`);
    if (!values.help) process.exitCode = 2;
    return null;
  }
  return {
    against: values.against === 'etcd' ? 'etcd' : null,
    seconds,
    rounds,
    loads: selected,
    json: values.json ?? null,
  };
}

function describeMachine({ against, seconds, rounds }: BenchOptions): Record<string, string> {
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return {
    machine: `${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}, ${memory}, Linux ${release()}`,
    node: process.version,
    ...(against !== null && { [against]: firstLine(against, ['--version']) }),
    rounds: `${rounds} of ${seconds} s, alternating`,
  };
}

function firstLine(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8' }).split('\n')[0] ?? '';
}

await main();
