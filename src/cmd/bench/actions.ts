import { writeFileSync } from 'node:fs';
import { UsageError } from '../usage-error.js';
import { formatComparison, namesOf } from './compare.js';
import type { BenchCommandPlan, BenchFlags } from './flags.js';
import { comparePage } from './html/compare-page.js';
import { reportPage } from './html/report-page.js';
import { Progress } from './progress.js';
import { readReport } from './read-report.js';
import { formatReport } from './report-text.js';
import { runLoad } from './run-load.js';
import { toSpec } from './settings.js';
import { BenchError } from './target.js';

/** Usage errors end with 2, failures with 1. */
const exitCodeUsage = 2;
const exitCodeFailure = 1;

/** Runs a load, reports, and ends the process. */
export function runBench(plan: BenchCommandPlan, flags: Partial<BenchFlags>): Promise<never> {
  return endingWell(async () => {
    const spec = toSpec(plan, flags);
    const progress = new Progress(process.stderr);
    const report = await runLoad(spec, {
      signal: stopSignal(),
      onStep: (text) => progress.step(text),
      onInterval: (interval) => progress.interval(interval),
    });
    progress.end();
    process.stdout.write(formatReport(report));
    if (flags.json !== undefined) writeReport(flags.json, `${JSON.stringify(report, null, 2)}\n`);
    if (flags.html !== undefined) writeReport(flags.html, reportPage(report));
  });
}

/** Puts reports beside each other, and ends the process. */
export function compareReports(paths: readonly string[], html: string | null): Promise<never> {
  return endingWell(async () => {
    const names = namesOf(paths);
    const reports = paths.map((path, i) => ({ name: names[i] ?? path, report: readReport(path) }));
    process.stdout.write(formatComparison(reports));
    if (html !== null) writeReport(html, comparePage(reports));
  });
}

function writeReport(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (cause) {
    throw new BenchError(`cannot write the report: ${String(cause)}`, { cause });
  }
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
