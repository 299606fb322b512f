import { podCondition } from '../../api/core-v1/pod/pod-state.js';
import type { Pod } from '../../api/gen/core-v1.js';
import { type Lister, resources, UnreachableError } from '../../client/index.js';
import type { JsonObject } from '../../machinery/json.js';
import { StatusError } from '../../machinery/status.js';
import { formatTime } from '../../machinery/time.js';
import type { PodInfo } from '../framework/node-info.js';
import type { SchedulerHandle } from '../framework/scheduler-handle.js';
import type { Victims } from './select-victims.js';

/** Victims of one preemption that are told so at a time. */
const evictionsMax = 16;

interface Preemption {
  /** The victim that is evicted behind all others; null until it is its turn. */
  last: PodInfo | null;
}

/** Makes victims go, behind the scheduler's back. Their preemptors wait for it before they are tried again. */
export class Evictor {
  readonly #handle: SchedulerHandle;
  readonly #pluginName: string;
  readonly #pods: Lister<Pod>;
  /** By the preemptor's uid. */
  readonly #underWay = new Map<string, Preemption>();

  constructor(handle: SchedulerHandle, pluginName: string) {
    this.#handle = handle;
    this.#pluginName = pluginName;
    this.#pods = handle.informers.of(resources.pods).lister;
  }

  /**
   * Whether the pod's victims are being told to go. Not any more as soon as the last one is on its way: its end may be seen before the
   * answer to its deletion.
   */
  isEvictingFor(uid: string): boolean {
    const preemption = this.#underWay.get(uid);
    if (preemption === undefined) return false;
    if (preemption.last === null) return true;
    const victim = this.#pods.byKey(preemption.last.key);
    return (
      victim !== undefined &&
      victim.metadata.uid === preemption.last.uid &&
      victim.metadata.deletionTimestamp === undefined
    );
  }

  /** Begins. What fails is logged, and lets the preemptor be tried again at once. */
  begin(preemptor: PodInfo, victims: Victims): void {
    this.#clearNominations(preemptor, victims.nodeName);
    const toEvict = victims.pods.filter(({ pod }) => pod.metadata.deletionTimestamp === undefined);
    if (toEvict.length === 0) return;
    const preemption: Preemption = { last: null };
    this.#underWay.set(preemptor.uid, preemption);
    this.#evictAll(preemptor, victims.nodeName, toEvict, preemption)
      .then(() => this.#onEvicted(preemptor, preemption))
      .catch((error: unknown) => {
        this.#handle.logger.warn('a preemption failed', {
          ...{ pod: preemptor.key, node: victims.nodeName },
          error: error instanceof Error ? error.message : String(error),
        });
        this.#underWay.delete(preemptor.uid);
        this.#handle.activate([preemptor.uid]);
      })
      .finally(() => this.#underWay.delete(preemptor.uid));
  }

  /** The end of the last victim lets the preemptor in again. When that is over already, nothing would. */
  #onEvicted({ uid }: PodInfo, { last }: Preemption): void {
    this.#underWay.delete(uid);
    const isGone = last === null || this.#pods.byKey(last.key)?.metadata.uid !== last.uid;
    if (isGone) this.#handle.activate([uid]);
  }

  async #evictAll(
    preemptor: PodInfo,
    nodeName: string,
    victims: readonly PodInfo[],
    preemption: Preemption,
  ): Promise<void> {
    const others = victims.slice(0, -1);
    const workers = Array.from({ length: Math.min(evictionsMax, others.length) }, async () => {
      for (let next = others.shift(); next !== undefined; next = others.shift())
        await this.#evict(preemptor, nodeName, next);
    });
    await Promise.all(workers);
    const last = victims[victims.length - 1];
    if (last === undefined) return;
    preemption.last = last;
    await this.#evict(preemptor, nodeName, last);
  }

  /** Rejects with what the API says, unless the pod is gone. */
  async #evict(preemptor: PodInfo, nodeName: string, victim: PodInfo): Promise<void> {
    const { client, events, clock } = this.#handle;
    const waiting = this.#handle.waitingPod(victim.uid);
    if (waiting !== undefined) {
      waiting.reject(this.#pluginName, 'preempted');
    } else {
      const pods = client.objects(resources.pods);
      const { namespace = '', name = '' } = victim.pod.metadata;
      try {
        const patch = disruptionPatch(victim, preemptor, clock.wallTime());
        if (patch !== null)
          await pods.patch({ namespace, name }, 'strategic', patch, { subresource: 'status' });
        await pods.delete({ namespace, name }, { preconditions: { uid: victim.uid } });
      } catch (error) {
        if (isGone(error)) return;
        throw error;
      }
    }
    const object = { ...victim.pod, apiVersion: 'v1', kind: 'Pod' };
    const message = `Preempted by pod ${preemptor.uid} on node ${nodeName}`;
    events.event(object, 'Normal', 'Preempted', message);
  }

  /** Pods of less priority that were promised the node may not fit any more: they look for another. */
  #clearNominations(preemptor: PodInfo, nodeName: string): void {
    const { client, logger } = this.#handle;
    for (const nominated of this.#handle.nominatedPods(nodeName)) {
      if (nominated.priority >= preemptor.priority) continue;
      this.#handle.clearNomination(nominated);
      if ((nominated.pod.status?.nominatedNodeName ?? '') === '') continue;
      const { namespace = '', name = '' } = nominated.pod.metadata;
      client
        .objects(resources.pods)
        .patch(
          { namespace, name },
          'merge',
          { status: { nominatedNodeName: null } },
          { subresource: 'status' },
        )
        .catch((error: unknown) => {
          if (!(error instanceof StatusError) && !(error instanceof UnreachableError)) throw error;
          logger.warn('cannot clear the nominated node of a pod', {
            pod: nominated.key,
            error: error.message,
          });
        });
    }
  }
}

/** The condition that tells why the victim goes; null when it says so already. */
function disruptionPatch({ pod }: PodInfo, preemptor: PodInfo, nowMs: number): JsonObject | null {
  const schedulerName = preemptor.pod.spec?.schedulerName ?? '';
  const { generation } = pod.metadata;
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'PreemptionByScheduler',
    message: `${schedulerName}: preempting to accommodate a higher priority pod`,
  };
  const known = podCondition(pod, condition.type);
  const isSaid =
    known?.status === 'True' &&
    known.reason === condition.reason &&
    known.message === condition.message;
  if (isSaid) return null;
  const since = known?.status === 'True' ? known.lastTransitionTime : undefined;
  return {
    status: {
      conditions: [
        {
          ...condition,
          ...(generation === undefined ? {} : { observedGeneration: generation }),
          lastTransitionTime: since ?? formatTime(nowMs),
        },
      ],
    },
  };
}

/** The pod is not there any more, or another one of its name is. */
function isGone(error: unknown): boolean {
  return error instanceof StatusError && (error.code === 404 || error.code === 409);
}
