import { sleep } from '../../../base/clock.js';
import type { Node, Pod } from '../../api/gen/core-v1.js';
import { type Informer, resources, UnreachableError } from '../../client/index.js';
import type { JsonObject } from '../../machinery/json.js';
import { StatusError } from '../../machinery/status.js';
import { formatTime } from '../../machinery/time.js';
import type { Controller, ControllerParts } from '../controller.js';
import { ignoreNotFound, isConflict, isNotFound } from '../runtime/write-failures.js';
import { failedStatus, findGarbage } from './plan.js';

/** What kube-controller-manager calls it. */
export const podGarbageCollectorName = 'pod-garbage-collector-controller';

const periodMs = 20_000;
/** A node is missing for so long before its pods go: it may be registering anew. */
const quarantineMs = 40_000;
/** Deletions under way at once. */
const batchSize = 20;

/** Deletes pods that nobody else takes away: too many that have ended, and those whose nodes are gone. */
export class PodGarbageCollector implements Controller {
  readonly name = podGarbageCollectorName;
  readonly #parts: ControllerParts;
  readonly #terminatedMax: number;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  /** Since when (monotonic) nodes are missing that pods name. */
  readonly #missingSince = new Map<string, number>();

  constructor(parts: ControllerParts, { terminatedMax }: { readonly terminatedMax: number }) {
    this.#parts = parts;
    this.#terminatedMax = terminatedMax;
    this.#pods = parts.informers.of(resources.pods);
    this.#nodes = parts.informers.of(resources.nodes);
  }

  async run(signal: AbortSignal): Promise<void> {
    try {
      await Promise.all([this.#pods.untilSynced(signal), this.#nodes.untilSynced(signal)]);
      for (;;) {
        await this.collect(signal);
        await sleep(this.#parts.clock, periodMs, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** One round. Rejects for bugs alone; what fails is tried again in the next. */
  async collect(signal: AbortSignal): Promise<void> {
    const nodes = new Map(
      [...this.#nodes.lister.all()].map((node) => [node.metadata.name ?? '', node] as const),
    );
    const garbage = findGarbage({
      ...{ pods: [...this.#pods.lister.all()], nodes },
      terminatedMax: this.#terminatedMax,
    });
    const orphaned = await this.#certainOrphans(garbage.orphaned, signal);
    const orphans = new Set(orphaned);
    const all = new Set([
      ...garbage.terminated,
      ...garbage.outOfService,
      ...orphaned,
      ...garbage.unscheduled,
    ]);
    const pods = [...all];
    for (let start = 0; start < pods.length && !signal.aborted; start += batchSize) {
      const batch = pods.slice(start, start + batchSize);
      await Promise.all(
        batch.map((pod) => this.#guarded(pod, () => this.#end(pod, orphans.has(pod), signal))),
      );
    }
  }

  /** Pods whose nodes have been missing for long, and that the server does not have either. */
  async #certainOrphans(
    orphaned: ReadonlyMap<string, readonly Pod[]>,
    signal: AbortSignal,
  ): Promise<readonly Pod[]> {
    const now = this.#parts.clock.now();
    for (const name of this.#missingSince.keys()) {
      if (!orphaned.has(name)) this.#missingSince.delete(name);
    }
    const certain: Pod[] = [];
    for (const [name, pods] of orphaned) {
      const since = this.#missingSince.get(name) ?? now;
      this.#missingSince.set(name, since);
      if (now - since < quarantineMs) continue;
      const nodes = this.#parts.client.objects(resources.nodes);
      const isGone = await nodes.get({ name }, { signal }).then(
        () => false,
        (error: unknown) => isCertainlyGone(error),
      );
      if (isGone) certain.push(...pods);
    }
    return certain;
  }

  /** The pod has failed if it had not ended, and goes without grace. */
  async #end(pod: Pod, isOrphan: boolean, signal: AbortSignal): Promise<void> {
    const { namespace = '', name = '', uid = '' } = pod.metadata;
    const pods = this.#parts.client.objects(resources.pods);
    const now = formatTime(this.#parts.clock.wallTime());
    const isUnscheduled = (pod.spec?.nodeName ?? '') === '';
    const status = isUnscheduled ? null : failedStatus(pod, { isOrphan, now });
    if (status !== null) {
      const patch = { metadata: { uid }, status: status as unknown as JsonObject };
      await pods.patch({ namespace, name }, 'strategic', patch, {
        ...{ subresource: 'status', signal },
      });
    }
    const options = { gracePeriodSeconds: 0, preconditions: { uid }, signal };
    await pods.delete({ namespace, name }, options).catch(ignoreNotFound);
  }

  async #guarded(pod: Pod, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof StatusError) && !(error instanceof UnreachableError)) throw error;
      if (isNotFound(error) || isConflict(error)) return;
      const { namespace = '', name = '' } = pod.metadata;
      this.#parts.logger.warn('cannot delete a pod that is left over; trying again', {
        ...{ pod: `${namespace}/${name}`, error: error.message },
      });
    }
  }
}

/** What cannot be asked now is asked in the next round. */
function isCertainlyGone(error: unknown): boolean {
  if (!(error instanceof StatusError) && !(error instanceof UnreachableError)) throw error;
  return isNotFound(error);
}
