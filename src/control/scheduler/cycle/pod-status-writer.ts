import type { Clock } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import { podCondition } from '../../api/core-v1/pod/pod-state.js';
import type { Pod, PodCondition } from '../../api/gen/core-v1.js';
import { type ControlClient, resources, UnreachableError } from '../../client/index.js';
import type { JsonObject } from '../../machinery/json.js';
import { StatusError } from '../../machinery/status.js';
import { formatTime } from '../../machinery/time.js';

/** What a pod's status is to say of its scheduling. */
export interface PodSchedulingStatus {
  readonly reason: string;
  readonly message: string;
  /** Null: as it is. */
  readonly nominatedNodeName: string | null;
}

interface Wanted extends PodSchedulingStatus {
  readonly pod: Pod;
}

const writersMax = 16;

/**
 * Writes behind why pods have no node. A pod's newer status replaces one that was not written yet. Memory: one entry a pod. What cannot
 * be written is dropped: the next attempt says it again.
 */
export class PodStatusWriter {
  readonly #client: ControlClient;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #signal: AbortSignal;
  readonly #wanted = new Map<string, Wanted>();
  readonly #underWay = new Map<string, Promise<void>>();

  constructor({
    client,
    clock,
    logger,
    signal,
  }: {
    readonly client: ControlClient;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly signal: AbortSignal;
  }) {
    this.#client = client;
    this.#clock = clock;
    this.#logger = logger;
    this.#signal = signal;
  }

  /** Has it written, unless the pod, as it was last seen, says it already. */
  write(pod: Pod, status: PodSchedulingStatus): void {
    const uid = pod.metadata.uid ?? '';
    if (!this.#underWay.has(uid) && saysAlready(pod, status)) {
      this.#wanted.delete(uid);
      return;
    }
    this.#wanted.set(uid, { pod, ...status });
    this.#startNext();
  }

  /** Drops what was not written for a pod, and waits for what is under way: it must not come behind what is written next. */
  async settle(uid: string): Promise<void> {
    this.#wanted.delete(uid);
    await this.#underWay.get(uid);
  }

  /** Resolves when nothing is under way any more. */
  async close(): Promise<void> {
    this.#wanted.clear();
    await Promise.all(this.#underWay.values());
  }

  #startNext(): void {
    for (const [uid, wanted] of this.#wanted) {
      if (this.#underWay.size >= writersMax) return;
      if (this.#underWay.has(uid)) continue;
      this.#wanted.delete(uid);
      const writing = this.#patch(wanted).finally(() => {
        this.#underWay.delete(uid);
        this.#startNext();
      });
      this.#underWay.set(uid, writing);
    }
  }

  async #patch({ pod, ...status }: Wanted): Promise<void> {
    const { namespace = '', name = '', uid = '' } = pod.metadata;
    const { nominatedNodeName } = status;
    const patch: JsonObject = {
      // Another pod of the same name is left alone.
      metadata: { uid },
      status: {
        conditions: [this.#condition(pod, status)],
        ...(nominatedNodeName === null
          ? {}
          : { nominatedNodeName: nominatedNodeName === '' ? null : nominatedNodeName }),
      },
    };
    try {
      await this.#client.objects(resources.pods).patch({ namespace, name }, 'strategic', patch, {
        ...{ subresource: 'status', signal: this.#signal },
      });
    } catch (error) {
      if (this.#signal.aborted) return;
      if (!(error instanceof StatusError) && !(error instanceof UnreachableError)) throw error;
      if (error instanceof StatusError && (error.code === 404 || error.code === 409)) return;
      const text = error.message;
      this.#logger.warn('the status of a pod was not written', {
        pod: `${namespace}/${name}`,
        error: text,
      });
    }
  }

  #condition(pod: Pod, { reason, message }: PodSchedulingStatus): JsonObject {
    const before = podCondition(pod, 'PodScheduled');
    const isSame = before?.status === 'False' && before.lastTransitionTime !== undefined;
    const { generation } = pod.metadata;
    return {
      type: 'PodScheduled',
      status: 'False',
      reason,
      message,
      lastProbeTime: null,
      lastTransitionTime: isSame
        ? (before.lastTransitionTime ?? null)
        : formatTime(this.#clock.wallTime()),
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
  }
}

function saysAlready(pod: Pod, status: PodSchedulingStatus): boolean {
  const { nominatedNodeName, reason, message } = status;
  const isNominated = (pod.status?.nominatedNodeName ?? '') === nominatedNodeName;
  const condition: PodCondition = podCondition(pod, 'PodScheduled') ?? {};
  return (
    (nominatedNodeName === null || isNominated) &&
    condition.status === 'False' &&
    condition.reason === reason &&
    condition.message === message
  );
}
