import { availableParallelism, cpus, release } from 'node:os';
import { flotillaVersion } from '../version.js';
import { Collector } from './collector.js';
import { fillCalls } from './loads/fill.js';
import { type LocalResult, LocalRun } from './local-run.js';
import type { MeterSnapshot } from './meter.js';
import { type BenchReport, type IntervalReport, reportFormat } from './report.js';
import { formatErrors } from './report-text.js';
import { type LoadSpec, shareOf } from './spec.js';
import { BenchError, findTarget, missingKeys, type Target } from './target.js';
import { WorkerProcess } from './worker-process.js';

/** What a run tells while it goes on. */
export interface RunObserver {
  /** A step before or after the measurement: `filling 1000 keys`. */
  onStep?(text: string): void;
  /** All is set up: the load begins. */
  onStart?(): void;
  onInterval?(interval: IntervalReport): void;
}

/** Options of a run. */
export interface RunOptions extends RunObserver {
  /** Ends the run early, with what was measured until then. */
  readonly signal?: AbortSignal;
}

/** Either way of making a part of a load. */
interface Part {
  run(options: {
    readonly onSnapshot: (snapshot: MeterSnapshot) => void;
    readonly signal: AbortSignal;
  }): Promise<LocalResult>;
  close(): Promise<void>;
}

/** Runs a load and reports. Throws BenchError when the cluster cannot be reached or a part of the load fails. */
export async function runLoad(spec: LoadSpec, options: RunOptions = {}): Promise<BenchReport> {
  const signal = options.signal ?? new AbortController().signal;
  const target = await findTarget(spec);
  const targeted = { ...spec, endpoints: target.endpoints };
  await ensureKeys(targeted, options);
  if (signal.aborted) throw new BenchError('ended before the measurement began');
  const startedAt = new Date().toISOString();
  const parts = await setUpParts(targeted);
  try {
    options.onStart?.();
    const collector = new Collector(parts.length, (interval) => options.onInterval?.(interval));
    const results = await Promise.all(
      parts.map((part) => part.run({ onSnapshot: collector.ofProcess(), signal })),
    );
    const isInterrupted = signal.aborted;
    return toReport({ spec: targeted, target, startedAt, collector, results, isInterrupted });
  } catch (error) {
    throw new BenchError(error instanceof Error ? error.message : String(error), { cause: error });
  } finally {
    await Promise.all(parts.map((part) => part.close()));
  }
}

/** Reads find what they ask for: writes the keys that are not there. */
async function ensureKeys(spec: LoadSpec, options: RunOptions): Promise<void> {
  if (spec.kind !== 'range' && spec.kind !== 'mixed') return;
  if (!(await missingKeys(spec))) return;
  options.onStep?.(`writing ${spec.keySpace} keys to read`);
  const fill: LoadSpec = {
    ...spec,
    ...{ kind: 'fill', processes: 1, clients: 8, connections: 1, ratePerSecond: null },
    ...{ durationMs: null, total: fillCalls(spec), warmUpMs: 0, isSequential: true },
  };
  const { errors } = await runLoad(
    fill,
    options.signal === undefined ? {} : { signal: options.signal },
  );
  if (Object.keys(errors).length > 0) {
    throw new BenchError(`cannot write the keys to read: ${formatErrors(errors)}`);
  }
}

async function setUpParts(spec: LoadSpec): Promise<readonly Part[]> {
  const shares = Array.from({ length: spec.processes }, (_, index) => shareOf(spec, index));
  const outcomes = await Promise.allSettled<Part>(
    shares.map((share) =>
      spec.processes === 1 ? LocalRun.setUp(share) : WorkerProcess.setUp(share),
    ),
  );
  const parts = outcomes.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failure = outcomes.find((each) => each.status === 'rejected');
  if (failure === undefined) return parts;
  await Promise.all(parts.map((part) => part.close()));
  const reason: unknown = failure.reason;
  const text = reason instanceof Error ? reason.message : String(reason);
  throw new BenchError(`cannot set up the load: ${text}`, { cause: reason });
}

function toReport(run: {
  readonly spec: LoadSpec;
  readonly target: Target;
  readonly startedAt: string;
  readonly collector: Collector;
  readonly results: readonly LocalResult[];
  readonly isInterrupted: boolean;
}): BenchReport {
  const { spec, target, collector, results } = run;
  const { tls, keyOffset: _offset, keyStride: _stride, ...load } = spec;
  const elapsedMs = Math.max(...results.map((result) => result.elapsedMs));
  const series = collector.series(elapsedMs);
  const operations = series.reduce((sum, { completed }) => sum + completed, 0);
  const cpuMs = results.reduce((sum, result) => sum + result.cpuMs, 0);
  return {
    format: reportFormat,
    startedAt: run.startedAt,
    load: { ...load, isTls: tls !== null },
    client: { machine: machineText(), node: process.version, flotilla: flotillaVersion },
    server: { version: target.version, members: target.members },
    elapsedSeconds: elapsedMs / 1000,
    series,
    intervals: collector.intervals(),
    errors: collector.errors,
    longestGap: collector.longestGap,
    clientCpu: {
      usPerOperation: operations === 0 ? 0 : (cpuMs * 1000) / operations,
      processors: elapsedMs === 0 ? 0 : cpuMs / elapsedMs,
    },
    backlog: results.reduce((sum, { backlog }) => sum + backlog, 0),
    isInterrupted: run.isInterrupted,
  };
}

/** Processors and kernel, for reports. */
export function machineText(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `${availableParallelism()} x ${model}, Linux ${release()}`;
}
