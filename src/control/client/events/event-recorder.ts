import type { KubeObject } from '../../machinery/object.js';

/** Whether an event is news or a complaint. */
export type EventType = 'Normal' | 'Warning';

/**
 * Tells of what happens to objects, as `kubectl describe` and `kubectl get events` show it. Never waits and never fails: events are
 * written behind, the same ones counted instead of written again, and dropped when there are too many.
 */
export interface EventRecorder {
  /**
   * `reason` is a word such as `FailedScheduling`; `object` needs its apiVersion and kind. `fieldPath`: the part of the object
   * that it is about, as `spec.containers{web}`.
   */
  event(
    object: KubeObject,
    type: EventType,
    reason: string,
    message: string,
    fieldPath?: string,
  ): void;
}
