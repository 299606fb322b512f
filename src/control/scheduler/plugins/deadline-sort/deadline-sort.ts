import { parseTime } from '../../../machinery/time.js';
import type { PodInfo } from '../../framework/node-info.js';
import type { Plugin } from '../../framework/plugin.js';

/** When the pod should be done: a time of RFC 3339. */
export const deadlineAnnotation = 'scheduling.flotilla.dev/deadline';

/**
 * Pods of higher priority come first; of one priority, those whose deadline is nearest, and behind them those without a deadline that can
 * be read; among equals those that have waited longer.
 */
export function deadlineSort(): Plugin {
  const deadlines = new WeakMap<PodInfo, number>();
  const deadlineOf = (info: PodInfo): number => {
    const known = deadlines.get(info);
    if (known !== undefined) return known;
    const text = info.pod.metadata.annotations?.[deadlineAnnotation];
    const deadline = (text === undefined ? null : parseTime(text)) ?? Number.MAX_VALUE;
    deadlines.set(info, deadline);
    return deadline;
  };
  return {
    name: 'DeadlineSort',
    less: (a, b) =>
      b.info.priority - a.info.priority ||
      deadlineOf(a.info) - deadlineOf(b.info) ||
      a.timestampMs - b.timestampMs,
  };
}
