import { readFileSync } from 'node:fs';
import { UsageError } from '../usage-error.js';
import { type BenchReport, reportFormat } from './report.js';

/** Reads what `--json` has written. Throws UsageError for anything else. */
export function readReport(path: string): BenchReport {
  let report: unknown;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new UsageError(`cannot read ${path} as JSON: ${String(cause)}`, { cause });
  }
  const format = (report as Partial<BenchReport> | null)?.format;
  if (format !== reportFormat) {
    const found = format === undefined ? 'no report of flotilla bench' : JSON.stringify(format);
    throw new UsageError(`${path}: ${found}; give files that --json has written (${reportFormat})`);
  }
  return report as BenchReport;
}
