import { type BenchFlags, plans } from '../../src/cmd/bench/flags.js';
import { type BenchReport, seriesOf } from '../../src/cmd/bench/report.js';
import { runLoad } from '../../src/cmd/bench/run-load.js';
import { toSpec } from '../../src/cmd/bench/settings.js';
import type { LoadSpec } from '../../src/cmd/bench/spec.js';
import { type Measurement, measurement } from './measurement.js';
import type { Side } from './side.js';

/** A load of `flotilla bench`, by its command line. */
export interface OwnLoad {
  readonly command: string;
  readonly flags: Partial<BenchFlags>;
  /** What is measured, where the load has several: `delivery`. */
  readonly series: string;
}

/** Loads a cluster with `flotilla bench`, from this process. */
export async function runOwnLoad(side: Side, load: OwnLoad): Promise<Measurement> {
  // All of it counts: warm-up and what precedes it would need the time of the members' processors at its end.
  const spec = ownSpec(side, load);
  await runLoad({ ...spec, durationMs: 500, total: null, warmUpMs: 0 });
  const cpuMs = side.cpuMs();
  const report = await runLoad({ ...spec, warmUpMs: 0 });
  return toMeasurement(report, load.series, side.cpuMs() - cpuMs);
}

/** The load against all members of a cluster. */
export function ownSpec(
  side: Side,
  { command, flags }: Pick<OwnLoad, 'command' | 'flags'>,
): LoadSpec {
  const plan = plans.find(({ name }) => name === command);
  if (plan === undefined) throw new RangeError(`flotilla bench has no load ${command}`);
  return toSpec(plan, { endpoints: side.endpoints.join(','), ...flags });
}

function toMeasurement(report: BenchReport, name: string, serverCpuMs: number): Measurement {
  const { perSecond, completed, latencyMs } = seriesOf(report, name);
  const errors = Object.values(report.errors).reduce((sum, count) => sum + count, 0);
  return measurement({
    perSecond,
    p50Ms: latencyMs?.p50 ?? null,
    p99Ms: latencyMs?.p99 ?? null,
    maxMs: latencyMs?.max ?? null,
    serverCpuUs: completed === 0 ? null : (serverCpuMs * 1000) / completed,
    errors,
  });
}
