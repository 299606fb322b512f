import type { KindRules } from '../../api/kind-definition.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import type { KubeObject } from '../../machinery/object.js';
import { foregroundDeletionFinalizer, orphanFinalizer } from '../../machinery/object-meta.js';
import { formatTime, parseTime } from '../../machinery/time.js';
import type { DeleteOptions } from '../options/delete-options.js';
import type { DefaultPropagation, RegistryHooks } from './registry-options.js';

/**
 * What a deletion does to an object: `update` writes it back as being deleted; `pending` leaves it as it is, since its deletion was
 * asked for before; `now` removes it.
 */
export type DeletionStep = 'update' | 'pending' | 'now';

/** How a deletion goes on. */
export interface DeletionPlan {
  readonly step: DeletionStep;
  /** After the update it is removed at once, because nobody has to be waited for. */
  readonly removesAfterUpdate: boolean;
}

/** What a deletion is judged by. */
export interface DeletionRequest {
  readonly options: DeleteOptions;
  readonly defaultPropagation: DefaultPropagation;
  readonly rules: KindRules;
  readonly hooks: Pick<RegistryHooks, 'isHeld' | 'markDeleted'>;
  readonly nowMs: number;
}

/** Marks an object as being deleted, as far as that is needed, and tells what to do with it. Pure; changes only `object`. */
export function planDeletion(object: KubeObject, request: DeletionRequest): DeletionPlan {
  const graceful = markGraceful(object, request);
  if (graceful === 'pending') return { step: 'pending', removesAfterUpdate: false };
  const finalizersChanged = settleFinalizers(object, request);
  const isKept =
    (object.metadata.finalizers ?? []).length > 0 || request.hooks.isHeld?.(object) === true;
  if (graceful === 'none') {
    if (!isKept) return { step: 'now', removesAfterUpdate: false };
    const isMarked = markWithoutGrace(object, request);
    const step = isMarked || finalizersChanged ? 'update' : 'pending';
    return { step, removesAfterUpdate: false };
  }
  const waits = isKept || (object.metadata.deletionGracePeriodSeconds ?? 0) > 0;
  return { step: 'update', removesAfterUpdate: !waits };
}

/** `marked`: the grace period was set or shortened. `none`: this kind or object is not deleted gracefully. */
function markGraceful(
  object: KubeObject,
  { options, rules, hooks, nowMs }: DeletionRequest,
): 'marked' | 'pending' | 'none' {
  const { metadata } = object;
  if (rules.gracePeriodSeconds === undefined) return 'none';
  if ((metadata.deletionGracePeriodSeconds ?? 0) < 0) metadata.deletionGracePeriodSeconds = 1;
  const asked = notNegative(options.gracePeriodSeconds);
  if (metadata.deletionTimestamp !== undefined) {
    const present = metadata.deletionGracePeriodSeconds ?? 0;
    if (present === 0) return 'none';
    if (asked === undefined || asked >= present) return 'pending';
    const askedAtMs = (parseTime(metadata.deletionTimestamp) ?? nowMs) - present * 1000;
    metadata.deletionTimestamp = formatTime(askedAtMs + asked * 1000);
    metadata.deletionGracePeriodSeconds = asked;
    return 'marked';
  }
  const seconds = rules.gracePeriodSeconds(object, asked);
  if (seconds === null) return 'none';
  metadata.deletionTimestamp = formatTime(nowMs + seconds * 1000);
  metadata.deletionGracePeriodSeconds = seconds;
  countDeletion(object);
  hooks.markDeleted?.(object);
  return 'marked';
}

/** A negative period means one second. */
function notNegative(seconds: number | undefined): number | undefined {
  return seconds !== undefined && seconds < 0 ? 1 : seconds;
}

/** Finalizers alone keep it: it is marked as deleted now. Tells whether that is news. */
function markWithoutGrace(object: KubeObject, { nowMs, hooks }: DeletionRequest): boolean {
  const { metadata } = object;
  const before = metadata.deletionTimestamp;
  const isMarked = before !== undefined && metadata.deletionGracePeriodSeconds === 0;
  if (before === undefined) {
    countDeletion(object);
    hooks.markDeleted?.(object);
  }
  if (before === undefined || (parseTime(before) ?? 0) > nowMs) {
    metadata.deletionTimestamp = formatTime(nowMs);
  }
  metadata.deletionGracePeriodSeconds = 0;
  return !isMarked;
}

function countDeletion({ metadata }: KubeObject): void {
  if ((metadata.generation ?? 0) > 0) metadata.generation = (metadata.generation ?? 0) + 1;
}

/** Sets the finalizer that says what becomes of dependents, and removes the other. Tells whether anything changed. */
function settleFinalizers({ metadata }: KubeObject, request: DeletionRequest): boolean {
  const before = metadata.finalizers ?? [];
  const policy = propagationOf(before, request);
  const kept = before.filter(
    (finalizer) => finalizer !== orphanFinalizer && finalizer !== foregroundDeletionFinalizer,
  );
  if (policy === 'Orphan') kept.push(orphanFinalizer);
  if (policy === 'Foreground') kept.push(foregroundDeletionFinalizer);
  if (deepEqual([...kept].sort(), [...before].sort())) return false;
  if (kept.length === 0) delete metadata.finalizers;
  else metadata.finalizers = kept;
  return true;
}

function propagationOf(
  finalizers: readonly string[],
  { options, defaultPropagation }: DeletionRequest,
): 'Orphan' | 'Foreground' | 'Background' {
  if (defaultPropagation === 'Unsupported') return 'Background';
  if (options.orphanDependents !== undefined)
    return options.orphanDependents ? 'Orphan' : 'Background';
  if (options.propagationPolicy !== undefined) return options.propagationPolicy;
  if (finalizers.includes(orphanFinalizer)) return 'Orphan';
  if (finalizers.includes(foregroundDeletionFinalizer)) return 'Foreground';
  return defaultPropagation;
}
