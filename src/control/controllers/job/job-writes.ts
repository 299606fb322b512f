import { defined } from '../../../base/assert.js';
import type { Job } from '../../api/gen/batch-v1.js';
import type { Pod } from '../../api/gen/core-v1.js';
import { type ControlClient, type Expectations, objectKey, resources } from '../../client/index.js';
import type { JsonObject } from '../../machinery/json.js';
import type { PodControl } from '../pods/pod-control.js';
import { slowStart } from '../pods/slow-start.js';
import {
  ignoreNotFound,
  isConflict,
  isNamespaceTerminating,
  isNotFound,
} from '../runtime/write-failures.js';
import type { ActionResult } from './carry-out.js';
import { jobPod } from './new-pod.js';
import { uidOf } from './observe.js';
import type { PodAction } from './pod-actions.js';
import { isTracked, trackingFinalizer } from './pod-marks.js';
import { type FullStatus, writtenStatus } from './status.js';
import type { UntrackedPods } from './untracked-pods.js';

/** The writes of a job controller. */
export class JobWrites {
  readonly #client: ControlClient;
  readonly #pods: PodControl;
  readonly #expectations: Expectations;
  readonly #untracked: UntrackedPods;

  constructor(parts: {
    readonly client: ControlClient;
    readonly pods: PodControl;
    readonly expectations: Expectations;
    readonly untracked: UntrackedPods;
  }) {
    this.#client = parts.client;
    this.#pods = parts.pods;
    this.#expectations = parts.expectations;
    this.#untracked = parts.untracked;
  }

  /** Makes or deletes pods. Never rejects for operating errors: what was done counts. */
  act(job: Job, action: PodAction, signal: AbortSignal): Promise<ActionResult> {
    switch (action.kind) {
      case 'none':
      case 'wait':
        return Promise.resolve({ created: 0, deleted: new Set(), error: null });
      case 'create':
        return this.#create(job, action.pods, signal);
      case 'stop':
        return this.#delete(job, action.pods, async (pod) =>
          this.#pods.delete(job, pod, { signal }),
        );
      case 'remove':
        this.#expectations.expect(objectKey(job), { deletions: action.pods.map(uidOf) });
        return this.#delete(job, action.pods, async (pod) => {
          if (isTracked(pod)) await this.#untrack(pod, signal);
          await this.#pods.delete(job, pod, { signal });
        });
    }
  }

  /** The job with a new status, as it is stored. */
  updateStatus(job: Job, status: FullStatus, signal: AbortSignal): Promise<Job> {
    const jobs = this.#client.objects(resources.jobs);
    return jobs.updateStatus({ ...job, status: writtenStatus(status) }, { signal });
  }

  /** Removes the tracking finalizer of pods; which of them do not have it any more, and the first error of the others. */
  async untrack(
    job: Job,
    pods: readonly Pod[],
    signal: AbortSignal,
  ): Promise<{ readonly untracked: ReadonlySet<string>; readonly error: unknown }> {
    const key = objectKey(job);
    const untracked = new Set<string>();
    let firstError: unknown = null;
    await Promise.all(
      pods.map(async (pod) => {
        this.#untracked.add(key, uidOf(pod));
        try {
          await this.#untrack(pod, signal);
          untracked.add(uidOf(pod));
        } catch (error) {
          this.#untracked.delete(key, uidOf(pod));
          firstError ??= error;
        }
      }),
    );
    return { untracked, error: firstError };
  }

  /** Of a pod whose job is gone. */
  async untrackOrphan(pod: Pod, signal: AbortSignal): Promise<void> {
    await this.#untrack(pod, signal);
  }

  async #create(
    job: Job,
    pods: Extract<PodAction, { kind: 'create' }>['pods'],
    signal: AbortSignal,
  ): Promise<ActionResult> {
    const key = objectKey(job);
    this.#expectations.expect(key, { creations: pods.length });
    let tried = 0;
    const { succeeded, error } = await slowStart(pods.length, async (at) => {
      tried++;
      try {
        await this.#pods.create(job, jobPod(job, defined(pods[at])), { signal });
      } catch (failure) {
        this.#expectations.onCreated(key);
        throw failure;
      }
    });
    for (let left = tried; left < pods.length; left++) this.#expectations.onCreated(key);
    const isTerminating = isNamespaceTerminating(error);
    return { created: succeeded, deleted: new Set(), error: isTerminating ? null : error };
  }

  async #delete(
    job: Job,
    pods: readonly Pod[],
    deleteOne: (pod: Pod) => Promise<void>,
  ): Promise<ActionResult> {
    const deleted = new Set<string>();
    let firstError: unknown = null;
    await Promise.all(
      pods.map(async (pod) => {
        try {
          await deleteOne(pod).catch(ignoreGone);
          deleted.add(pod.metadata.name ?? '');
        } catch (error) {
          this.#expectations.onDeleted(objectKey(job), uidOf(pod));
          firstError ??= error;
        }
      }),
    );
    return { created: 0, deleted, error: firstError };
  }

  /** Resolves when the pod has no tracking finalizer, or is gone. */
  async #untrack({ metadata }: Pod, signal: AbortSignal): Promise<void> {
    const { namespace = '', name = '', uid } = metadata;
    const pods = this.#client.objects(resources.pods);
    const patch: JsonObject = {
      metadata: {
        uid: defined(uid),
        '$deleteFromPrimitiveList/finalizers': [trackingFinalizer],
      },
    };
    try {
      await pods.patch({ namespace, name }, 'strategic', patch, { signal });
    } catch (error) {
      if (isNotFound(error)) return;
      if (!isConflict(error)) throw error;
      // Another pod may have the name by now.
      const there = await pods.get({ namespace, name }, { signal }).catch(ignoreNotFound);
      if (there?.metadata.uid === uid) throw error;
    }
  }
}

/** For `catch` of a deletion: the pod is gone, and perhaps another has its name. */
function ignoreGone(error: unknown): void {
  if (!isNotFound(error) && !isConflict(error)) throw error;
}
