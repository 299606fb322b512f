import type { ServerKind } from '../../test/e2e/member.js';
import type { ResultRow } from '../print-rows.js';
import type { Measurement } from '../side-by-side/measurement.js';
import { runOwnLoad } from '../side-by-side/own-load.js';
import { Side } from '../side-by-side/side.js';

/** What all points of all curves are measured with. */
export interface GrowthOptions {
  readonly kind: ServerKind;
  /** Another executable than the kind's own. */
  readonly program: string | null;
  /** Length of each measurement. */
  readonly seconds: number;
}

/** How the cost of something changes as one quantity grows. */
export interface Curve {
  readonly name: string;
  /** The quantity's values, ascending; the large ones take minutes. */
  readonly sizes: readonly number[];
  readonly largeSizes: readonly number[];
  /** Measures one point, on a cluster of its own. */
  measure(size: number, options: GrowthOptions): Promise<readonly ResultRow[]>;
}

/** Starts a cluster, and stops it after the body. */
export async function withSide<T>(
  { kind, program }: GrowthOptions,
  members: number,
  body: (side: Side) => Promise<T>,
): Promise<T> {
  const side = await Side.start({ kind, program, members, dataDir: null });
  try {
    return await body(side);
  } finally {
    await side.stop();
  }
}

/** A load of `flotilla bench` on a cluster, as a row. */
export async function loadRow(
  side: Side,
  {
    name,
    seconds,
    ...load
  }: { readonly name: string; readonly seconds: number } & Parameters<typeof runOwnLoad>[1],
): Promise<ResultRow> {
  const hasExtent = load.flags.total !== undefined;
  const extent = hasExtent ? {} : { duration: `${Math.round(seconds * 1000)}ms` };
  const found = await runOwnLoad(side, { ...load, flags: { ...load.flags, ...extent } });
  return { name, ...rowOf(found) };
}

function rowOf(found: Measurement): Omit<ResultRow, 'name'> {
  const { perSecond, p50Ms, p99Ms, maxMs, serverCpuUs, errors } = found;
  return {
    ...(perSecond !== null && { perSecond }),
    ...(p50Ms !== null && { p50Ms }),
    ...(p99Ms !== null && { p99Ms }),
    ...(maxMs !== null && { maxMs }),
    ...(serverCpuUs !== null && { cpuUs: serverCpuUs }),
    ...(errors > 0 && { note: `${errors} errors` }),
  };
}
