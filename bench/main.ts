import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { Progress } from '../src/cmd/bench/progress.js';
import { machineText } from '../src/cmd/bench/run-load.js';
import { flotillaVersion } from '../src/cmd/version.js';
import { type Comparison, resultsOf } from './side-by-side/comparison.js';
import { comparisonPage } from './side-by-side/comparison-page.js';
import { type BenchOptions, parseOptions } from './side-by-side/options.js';
import { growthRows, rows } from './side-by-side/rows.js';
import { compareAll, selectRows } from './side-by-side/run.js';
import { formatTable } from './side-by-side/table.js';

const exitCodeUsage = 2;
/** A row could not be measured. */
const exitCodeFailure = 1;

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2), process.env);
  if ('text' in options) {
    (options.isError ? process.stderr : process.stdout).write(`${options.text}\n`);
    if (options.isError) process.exitCode = exitCodeUsage;
    return;
  }
  if (options.isList) return listRows(options);
  const conditions = describe(options);
  for (const line of Object.entries(conditions)) print(line.join(': '));
  for (const { name, tool } of selectRows(options).skipped) print(`left out, no ${tool}: ${name}`);
  const against = options.isAgainstEtcd ? 'etcd' : null;
  // Steps are for whoever watches; a log gets the results.
  const progress = process.stderr.isTTY ? new Progress(process.stderr) : null;
  const comparisons = await compareAll(options, {
    onStep: (text) => progress?.step(text),
    onDone: (comparison) => {
      progress?.end();
      print(progressLine(comparison));
    },
  });
  progress?.end();
  print(`\n${formatTable(comparisons, against)}`);
  if (options.json !== null) {
    const report = comparisons.map((each) => ({ ...each, results: resultsOf(each) }));
    const text = JSON.stringify({ conditions, comparisons: report }, null, 2);
    writeFileSync(options.json, `${text}\n`);
  }
  if (options.html !== null) writeFileSync(options.html, comparisonPage(comparisons, conditions));
  if (comparisons.some(({ failure }) => failure !== null)) process.exitCode = exitCodeFailure;
}

function listRows({ keys }: BenchOptions): void {
  for (const { name, tool } of rows) print(`${name} (${tool})`);
  for (const { name } of growthRows(keys)) print(`${name} (flotilla bench, with --all)`);
}

/** What a number is worth depends on these. */
function describe(options: BenchOptions): Record<string, string> {
  const { isAgainstEtcd, etcd, members, seconds, rounds } = options;
  return {
    machine: `${machineText()}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    flotilla: `${flotillaVersion}, Node ${process.version}`,
    ...(isAgainstEtcd && { etcd: firstLine(etcd ?? 'etcd', ['--version']) }),
    clusters: `members: ${members}${isAgainstEtcd ? ' each; the cluster that is not loaded idles' : ''}`,
    rounds: `${rounds} of about ${seconds} s each, in turn; medians; ± is half the range`,
  };
}

function firstLine(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8' }).split('\n')[0] ?? '';
}

function progressLine(comparison: Comparison): string {
  const [first] = resultsOf(comparison);
  const ratio = first?.ratio ?? null;
  return `measured: ${comparison.name} (${comparison.tool})${ratio === null ? '' : `, ratio ${ratio.toFixed(2)}`}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main();
