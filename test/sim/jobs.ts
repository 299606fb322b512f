import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { CampaignOptions } from './main.js';
import { Report, type SeedReport } from './report.js';

/** Splits the seeds among child processes. The first failure ends all, a child that ends by itself included. Resolves with whether all passed. */
export async function runJobs(options: CampaignOptions): Promise<boolean> {
  const report = new Report(options);
  const children: ChildProcess[] = [];
  let hasFailed = false;
  const ends = Array.from({ length: options.jobs }, (_, job) => {
    const child = spawn(process.execPath, childArguments(options, job), {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (hasFailed) return;
      const result = JSON.parse(line) as SeedReport;
      report.onResult(result);
      if (result.failure === null) return;
      hasFailed = true;
      for (const other of children) other.kill();
    });
    return new Promise<boolean>((resolve) => {
      child.on('close', (code, signal) => {
        if (code !== 0 && !hasFailed) {
          hasFailed = true;
          process.stderr.write(
            `the process with the seeds from ${options.seed + job} on ended by ${signal ?? `exit code ${code}`}\n`,
          );
          for (const other of children) other.kill();
        }
        resolve(code === 0);
      });
    });
  });
  const isFine = (await Promise.all(ends)).every(Boolean);
  if (isFine) report.end();
  return isFine;
}

function childArguments(options: CampaignOptions, job: number): string[] {
  const { seed, count, minutes, profile, defect, jobs } = options;
  return [
    ...process.execArgv,
    process.argv[1] ?? 'bin/flotilla',
    'sim',
    '--json',
    ...['--seed', String(seed + job), '--stride', String(jobs)],
    ...(count === null ? [] : ['--count', String(Math.max(0, count - job))]),
    ...(minutes === null ? [] : ['--minutes', String(minutes)]),
    ...(profile === null ? [] : ['--profile', profile]),
    ...(defect === null ? [] : ['--defect', defect]),
  ];
}
