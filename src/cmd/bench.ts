import { writeFileSync } from 'node:fs';
import { Command, type CommanderError } from 'commander';
import { formatComparison, namesOf } from './bench/compare.js';
import { addFlags, type BenchCommandPlan, type BenchFlags, plans } from './bench/flags.js';
import { comparePage } from './bench/html/compare-page.js';
import { reportPage } from './bench/html/report-page.js';
import { Progress } from './bench/progress.js';
import { readReport } from './bench/read-report.js';
import { formatReport } from './bench/report-text.js';
import { runLoad } from './bench/run-load.js';
import { toSpec } from './bench/settings.js';
import { BenchError } from './bench/target.js';
import { UsageError } from './usage-error.js';

/** Usage errors end with 2, failures with 1. */
const exitCodeUsage = 2;
const exitCodeFailure = 1;

/** `flotilla bench`: loads for any server with etcd's v3 API. */
export function benchCommand(): Command {
  const bench = new Command('bench')
    .description("Measure a store, or any server with etcd's v3 API.")
    .exitOverride(exitAfter);
  for (const plan of plans) {
    const command = new Command(plan.name)
      .description(plan.description)
      .allowExcessArguments(false)
      .exitOverride(exitAfter)
      .action((flags: Partial<BenchFlags>) => run(plan, flags));
    bench.addCommand(addFlags(command, plan));
  }
  bench.addCommand(compareCommand());
  return bench;
}

function compareCommand(): Command {
  return new Command('compare')
    .description('Compare reports that --json has written; ratios are to the first.')
    .argument('<files...>', 'reports')
    .option('--html <file>', 'write the comparison there as a page with charts')
    .exitOverride(exitAfter)
    .action((paths: string[], { html }: { readonly html?: string }) => {
      return endingWell(async () => {
        const names = namesOf(paths);
        const reports = paths.map((path, i) => ({
          name: names[i] ?? path,
          report: readReport(path),
        }));
        process.stdout.write(formatComparison(reports));
        if (html !== undefined) writeFileSync(html, comparePage(reports));
      });
    });
}

/** Commander has said what is wrong, or helped. */
function exitAfter({ exitCode }: CommanderError): never {
  process.exit(exitCode === 0 ? 0 : exitCodeUsage);
}

async function run(plan: BenchCommandPlan, flags: Partial<BenchFlags>): Promise<void> {
  await endingWell(async () => {
    const spec = toSpec(plan, flags);
    const progress = new Progress(process.stderr);
    const report = await runLoad(spec, {
      signal: stopSignal(),
      onStep: (text) => progress.step(text),
      onInterval: (interval) => progress.interval(interval),
    });
    progress.end();
    process.stdout.write(formatReport(report));
    if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(report, null, 2)}\n`);
    if (flags.html !== undefined) writeFileSync(flags.html, reportPage(report));
  });
}

/** Ends the process, with the exit code and the complaint that fit. */
async function endingWell(body: () => Promise<void>): Promise<never> {
  try {
    await body();
    process.exit(0);
  } catch (error) {
    const isExpected = error instanceof BenchError || error instanceof UsageError;
    const text = isExpected ? error.message : error instanceof Error ? error.stack : String(error);
    process.stderr.write(`flotilla bench: ${text}\n`);
    process.exit(error instanceof UsageError ? exitCodeUsage : exitCodeFailure);
  }
}

/** The first Ctrl-C ends the load and reports, the second ends everything. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(exitCodeFailure);
      stop.abort();
    });
  }
  return stop.signal;
}
