import type { Node } from '../../../api/gen/core-v1.js';
import { parseTime } from '../../../machinery/time.js';
import { amountOf } from '../../framework/amounts.js';
import type { NodeInfo, PodInfo } from '../../framework/node-info.js';

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
    if (beginMs(each) <= load.timeMs) continue;
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

const begins = new WeakMap<PodInfo, number>();

/** When a pod began to run; one that has not is in no measurement. */
function beginMs(info: PodInfo): number {
  const known = begins.get(info);
  if (known !== undefined) return known;
  const text = info.pod.status?.startTime;
  const begin = (text === undefined ? null : parseTime(text)) ?? Number.POSITIVE_INFINITY;
  begins.set(info, begin);
  return begin;
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
  return loadOf(usage, typeof time === 'string' ? parseTime(time) : null);
}
