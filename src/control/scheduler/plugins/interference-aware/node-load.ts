import type { Node } from '../../../api/gen/core-v1.js';
import { amountOf } from '../../framework/amounts.js';
import type { NodeInfo } from '../../framework/node-info.js';

/** What a node uses, as it measures itself: `{"cpu":"1500m","memory":"3Gi","time":"2026-01-02T03:04:05Z"}`. */
export const loadAnnotation = 'scheduling.flotilla.dev/load';

/** What a node was measured to use. */
export interface NodeLoad {
  readonly milliCpu: number;
  readonly memoryBytes: number;
  /** When; milliseconds since the epoch. */
  readonly timeMs: number;
}

/** A load as metrics and annotations write it; null when it cannot be read. */
export function loadOf(
  usage: { readonly cpu?: unknown; readonly memory?: unknown } | undefined,
  timeMs: number | null,
): NodeLoad | null {
  const { cpu, memory } = usage ?? {};
  if (typeof cpu !== 'string' || typeof memory !== 'string' || timeMs === null) return null;
  try {
    return {
      milliCpu: amountOf('cpu', cpu),
      memoryBytes: amountOf('memory', memory),
      timeMs,
    };
  } catch {
    // Not a quantity: whoever measures writes nonsense, and the node counts as not measured.
    return null;
  }
}

/** How busy a node will be in percent, by what is scarcer: what was measured, and what the pods ask for that came since. */
export function utilization(
  { allocatable, pods }: NodeInfo,
  load: NodeLoad,
  pod: { readonly nonZeroMilliCpu: number; readonly nonZeroMemoryBytes: number },
): number {
  let { milliCpu, memoryBytes } = load;
  for (const each of pods) {
    if (wasMeasured(each.pod.status?.startTime, load.timeMs)) continue;
    milliCpu += each.nonZeroMilliCpu;
    memoryBytes += each.nonZeroMemoryBytes;
  }
  milliCpu += pod.nonZeroMilliCpu;
  memoryBytes += pod.nonZeroMemoryBytes;
  const cpu = allocatable.milliCpu === 0 ? 100 : (milliCpu * 100) / allocatable.milliCpu;
  const memory =
    allocatable.memoryBytes === 0 ? 100 : (memoryBytes * 100) / allocatable.memoryBytes;
  return Math.max(cpu, memory);
}

/** A pod that began before the measurement is in it. */
function wasMeasured(startTime: string | undefined, timeMs: number): boolean {
  return startTime !== undefined && Date.parse(startTime) <= timeMs;
}

/** The load that a node carries; null when it says none that can be read. */
export function annotatedLoad({ metadata }: Node): NodeLoad | null {
  const text = metadata.annotations?.[loadAnnotation];
  if (text === undefined) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { time, ...usage } = value as Readonly<Record<string, unknown>>;
  const timeMs = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  return loadOf(usage, Number.isNaN(timeMs) ? null : timeMs);
}
