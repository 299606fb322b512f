import { parseTime } from '../../machinery/time.js';
import type { PodInfo } from '../framework/node-info.js';

/** When a pod began to run; one that does not yet counts as beginning now. Milliseconds since the epoch. */
export function startMs({ pod }: PodInfo, nowMs: number): number {
  const text = pod.status?.startTime;
  return (text === undefined ? null : parseTime(text)) ?? nowMs;
}

/** Sorts pods, the one that matters most first: by priority, and among equals those that have run longer. */
export function byImportance(nowMs: number): (a: PodInfo, b: PodInfo) => number {
  return (a, b) => b.priority - a.priority || startMs(a, nowMs) - startMs(b, nowMs);
}
