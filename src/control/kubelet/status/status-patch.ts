import type { Pod, PodStatus } from '../../api/gen/core-v1.js';
import { semanticEqual } from '../../machinery/deep-equal.js';
import type { JsonObject, JsonValue } from '../../machinery/json.js';

const ownFields = [
  'observedGeneration',
  'phase',
  'reason',
  'message',
  'startTime',
  'hostIP',
  'hostIPs',
  'podIP',
  'podIPs',
  'initContainerStatuses',
  'containerStatuses',
  'ephemeralContainerStatuses',
] as const;

/** Conditions that the kubelet takes away when they do not hold any more. */
const passing: ReadonlySet<string> = new Set(['PodResizePending', 'PodResizeInProgress']);

/** Lists whose items would be merged one by one. */
const mergedLists: ReadonlySet<string> = new Set(['hostIPs', 'podIPs']);

/**
 * The strategic merge patch that makes a pod's status this one, where the kubelet says what it is; null: it is so already. Conditions of
 * others stay. Pure.
 */
export function statusPatch(pod: Pod, status: PodStatus): JsonObject | null {
  const before = pod.status ?? {};
  const fields: Record<string, JsonValue> = {};
  for (const field of ownFields) {
    const was = before[field];
    const is = status[field];
    if (semanticEqual(was ?? null, is ?? null)) continue;
    const value = (is ?? null) as JsonValue;
    const isMerged = Array.isArray(value) && mergedLists.has(field);
    fields[field] = isMerged ? [...value, { $patch: 'replace' }] : value;
  }
  const conditions = changedConditions(before, status);
  if (conditions.length > 0) fields.conditions = conditions;
  if (Object.keys(fields).length === 0) return null;
  // Of this pod alone, not of a later one of its name.
  const { uid = '' } = pod.metadata;
  return { metadata: { uid }, status: fields };
}

function changedConditions(before: PodStatus, { conditions = [] }: PodStatus): JsonObject[] {
  const changed: JsonObject[] = [];
  for (const condition of conditions) {
    const known = before.conditions?.find(({ type }) => type === condition.type);
    if (known !== undefined) {
      const { lastProbeTime: _, ...rest } = known;
      if (semanticEqual(rest, condition)) continue;
    }
    changed.push({
      ...(known?.reason === undefined ? {} : { reason: null }),
      ...(known?.message === undefined ? {} : { message: null }),
      ...(condition as JsonObject),
    });
  }
  for (const { type = '' } of before.conditions ?? []) {
    const isOver = passing.has(type) && !conditions.some((each) => each.type === type);
    if (isOver) changed.push({ type, $patch: 'delete' });
  }
  return changed;
}
