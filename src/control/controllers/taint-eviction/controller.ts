import { podCondition } from '../../api/core-v1/pod/pod-state.js';
import type { Node, Pod } from '../../api/gen/core-v1.js';
import { type Informer, objectKey, resources, splitKey, WorkQueue } from '../../client/index.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import { formatTime } from '../../machinery/time.js';
import type { Controller, ControllerParts } from '../controller.js';
import { podsByNode, podsByNodeIndex } from '../nodes/pods-by-node.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound } from '../runtime/write-failures.js';
import { evictingTaints, stayMs } from './plan.js';

interface Scheduled {
  readonly uid: string;
  /** Since when it is to go, by the clock. */
  readonly sinceMs: number;
}

/** Deletes pods whose node has a NoExecute taint that they do not, or no longer, put up with. */
export class TaintEvictionController implements Controller {
  readonly name = 'taint-eviction-controller';
  readonly #parts: ControllerParts;
  readonly #workers: number;
  /** Of pods. */
  readonly #queue: WorkQueue;
  readonly #nodes: Informer<Node>;
  readonly #pods: Informer<Pod>;
  /** Pods that are to go, now or later. */
  readonly #scheduled = new Map<string, Scheduled>();

  constructor(parts: ControllerParts, workers: number) {
    this.#parts = parts;
    this.#workers = workers;
    this.#queue = new WorkQueue(parts.clock, { baseMs: 10, maxMs: 30_000 });
    this.#nodes = parts.informers.of(resources.nodes);
    this.#pods = parts.informers.of(resources.pods, { indexes: podsByNodeIndex });
    this.#watch();
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'noexec_taint_pod', queue: this.#queue, signal },
      ...{ informers: [this.#nodes, this.#pods], workers: this.#workers },
      reconcile: (key) => this.#reconcile(key, signal),
    });
  }

  #watch(): void {
    const onNode = ({ metadata }: Node) => {
      for (const pod of this.#pods.lister.byIndex(podsByNode, metadata.name ?? '')) {
        this.#queue.add(objectKey(pod));
      }
    };
    const hasTaints = ({ spec }: Node) => evictingTaints(spec?.taints).length > 0;
    this.#nodes.addHandler({
      onAdd: (node) => {
        if (hasTaints(node)) onNode(node);
      },
      onUpdate: (before, after) => {
        const [was, is] = [before, after].map(({ spec }) => evictingTaints(spec?.taints));
        if (!deepEqual(was, is)) onNode(after);
      },
    });
    const onPod = (pod: Pod) => {
      const node = this.#nodes.lister.byKey(pod.spec?.nodeName ?? '');
      if (node !== undefined && hasTaints(node)) this.#queue.add(objectKey(pod));
    };
    this.#pods.addHandler({
      onAdd: onPod,
      onUpdate: (before, after) => {
        const isSame =
          before.spec?.nodeName === after.spec?.nodeName &&
          deepEqual(before.spec?.tolerations, after.spec?.tolerations);
        if (!isSame) onPod(after);
      },
      onDelete: (pod) => {
        if (this.#scheduled.has(objectKey(pod))) this.#queue.add(objectKey(pod));
      },
    });
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const pod = this.#pods.lister.byKey(key);
    const node = this.#nodes.lister.byKey(pod?.spec?.nodeName ?? '');
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) {
      this.#scheduled.delete(key);
      return;
    }
    const stay = node === undefined ? null : stayMs(pod, evictingTaints(node.spec?.taints));
    if (stay === null) {
      if (this.#scheduled.delete(key)) this.#tell(pod, `Cancelling deletion of Pod ${key}`);
      return;
    }
    const nowMs = this.#parts.clock.now();
    const { uid = '' } = pod.metadata;
    const known = this.#scheduled.get(key);
    const sinceMs = known?.uid === uid ? known.sinceMs : nowMs;
    this.#scheduled.set(key, { uid, sinceMs });
    const leftMs = sinceMs + stay - nowMs;
    if (leftMs > 0) this.#queue.addAfter(key, leftMs);
    else await this.#evict(pod, signal);
  }

  async #evict(pod: Pod, signal: AbortSignal): Promise<void> {
    const pods = this.#parts.client.objects(resources.pods);
    const key = objectKey(pod);
    const { uid } = pod.metadata;
    this.#tell(pod, `Marking for deletion Pod ${key}`);
    const preconditions = uid === undefined ? {} : { uid };
    if (podCondition(pod, 'DisruptionTarget')?.reason !== reason) {
      const lastTransitionTime = formatTime(this.#parts.clock.wallTime());
      const message = 'Taint manager: deleting due to NoExecute taint';
      const conditions = [
        { type: 'DisruptionTarget', status: 'True', reason, message, lastTransitionTime },
      ];
      const patch = { metadata: { ...preconditions }, status: { conditions } };
      const options = { subresource: 'status', signal };
      const patched = await pods
        .patch(splitKey(key), 'strategic', patch, options)
        .catch(ignoreNotFound);
      if (patched === null) return;
    }
    await pods.delete(splitKey(key), { preconditions, signal }).catch(ignoreNotFound);
    this.#scheduled.delete(key);
  }

  #tell(pod: Pod, text: string): void {
    this.#parts.events.event(pod, 'Normal', 'TaintManagerEviction', text);
  }
}

const reason = 'DeletionByTaintManager';
