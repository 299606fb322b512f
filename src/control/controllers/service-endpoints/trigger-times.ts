import { podCondition } from '../../api/core-v1/pod/pod-state.js';
import type { Pod, Service } from '../../api/gen/core-v1.js';
import { objectKey } from '../../client/index.js';
import { parseTime } from '../../machinery/time.js';

/** The annotation of endpoints that says since when the change was due that they show last. */
export const triggerTimeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';

interface Seen {
  readonly serviceMs: number;
  /** By the pod's name. */
  readonly podMs: ReadonlyMap<string, number>;
}

/** Remembers what of services and their pods was seen, to tell since when a change waits to be shown. */
export class TriggerTimes {
  readonly #byService = new Map<string, Seen>();

  /**
   * The earliest time of what has changed since the last call for this service: when it was created, when its pods became ready or
   * not. Milliseconds since the epoch; null when nothing did.
   */
  next(service: Service, pods: readonly Pod[]): number | null {
    const before = this.#byService.get(objectKey(service));
    const serviceMs = parseTime(service.metadata.creationTimestamp ?? '') ?? 0;
    const podMs = new Map<string, number>();
    const changed: number[] = serviceMs > (before?.serviceMs ?? 0) ? [serviceMs] : [];
    for (const pod of pods) {
      const name = pod.metadata.name ?? '';
      const ms = parseTime(podCondition(pod, 'Ready')?.lastTransitionTime ?? '');
      if (ms === null) continue;
      podMs.set(name, ms);
      if (ms > (before?.podMs.get(name) ?? 0)) changed.push(ms);
    }
    this.#byService.set(objectKey(service), { serviceMs, podMs });
    return changed.length === 0 ? null : changed.reduce((least, ms) => Math.min(least, ms));
  }

  /** The service of this key is gone. */
  forget(key: string): void {
    this.#byService.delete(key);
  }
}
