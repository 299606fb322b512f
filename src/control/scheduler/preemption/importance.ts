import { parseTime } from '../../machinery/time.js';
import type { PodInfo } from '../framework/node-info.js';

/** Read once a pod; null for one that does not run yet. */
const starts = new WeakMap<PodInfo, number | null>();

/** When a pod began to run; one that does not yet counts as beginning now. Milliseconds since the epoch. */
export function startMs(info: PodInfo, nowMs: number): number {
  let start = starts.get(info);
  if (start === undefined) {
    const text = info.pod.status?.startTime;
    start = text === undefined ? null : parseTime(text);
    starts.set(info, start);
  }
  return start ?? nowMs;
}

/** Sorts pods, the one that matters most first: by priority, and among equals those that have run longer. */
export function byImportance(nowMs: number): (a: PodInfo, b: PodInfo) => number {
  return (a, b) => b.priority - a.priority || startMs(a, nowMs) - startMs(b, nowMs);
}
