import type { Pod } from '../../api/gen/core-v1.js';
import { parseTime } from '../../machinery/time.js';

/** How long a pod may still run; 0: its deadline is over; null: it has none. `startedAtMs` is for who has not said when it began. */
export function untilDeadlineMs(
  { spec, status }: Pod,
  { startedAtMs, nowMs }: { readonly startedAtMs: number; readonly nowMs: number },
): number | null {
  const { activeDeadlineSeconds } = spec ?? {};
  if (activeDeadlineSeconds === undefined) return null;
  const beganAtMs = parseTime(status?.startTime ?? '') ?? startedAtMs;
  return Math.max(0, beganAtMs + activeDeadlineSeconds * 1000 - nowMs);
}

/** Why a pod ends whose deadline is over. */
export const deadlineExceeded = {
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
} as const;
