import type { Pod } from '../../api/gen/core-v1.js';
import type { LabelSelector } from '../../api/gen/meta-v1.js';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../api/gen/policy-v1.js';
import {
  type Informer,
  namespaceIndex,
  objectKey,
  resources,
  splitKey,
  WorkQueue,
} from '../../client/index.js';
import { labelSelectorOf } from '../../machinery/label-selector.js';
import { StatusError } from '../../machinery/status.js';
import { formatTime } from '../../machinery/time.js';
import type { Controller, ControllerParts } from '../controller.js';
import { LatestWritten } from '../runtime/latest-written.js';
import { reconcileLoop, type Synced } from '../runtime/reconcile-loop.js';
import { selectorText } from '../runtime/selector-text.js';
import { isConflict, isNotFound } from '../runtime/write-failures.js';
import { ScaleTargets } from '../scale-targets/scale-targets.js';
import { type ControllerListers, type ExpectedScale, expectedScale } from './expected-scale.js';
import { countBudget, isCounted, needsScale, staleInMs, uncountableStatus } from './plan.js';

/** What kube-controller-manager calls it. */
export const disruptionControllerName = 'disruption-controller';

/** A budget that cannot be counted is looked at again so soon. */
const uncountableMs = 2_000;

/** Counts how many pods may be evicted, by budgets; the API server holds evictions to it. */
export class DisruptionController implements Controller {
  readonly name = disruptionControllerName;
  readonly #parts: ControllerParts;
  readonly #queue: WorkQueue;
  /** Keys of pods with a condition DisruptionTarget that may be stale. */
  readonly #stale: WorkQueue;
  readonly #budgets: Informer<PodDisruptionBudget>;
  readonly #pods: Informer<Pod>;
  readonly #listers: ControllerListers;
  readonly #informers: readonly Synced[];
  readonly #targets: ScaleTargets;
  readonly #written = new LatestWritten<PodDisruptionBudget>();

  constructor(parts: ControllerParts) {
    this.#parts = parts;
    this.#queue = new WorkQueue(parts.clock);
    this.#stale = new WorkQueue(parts.clock);
    this.#targets = new ScaleTargets(parts);
    const { informers } = parts;
    this.#budgets = informers.of(resources.podDisruptionBudgets);
    this.#pods = informers.of(resources.pods);
    const deployments = informers.of(resources.deployments);
    const replicaSets = informers.of(resources.replicaSets);
    const statefulSets = informers.of(resources.statefulSets);
    const replicationControllers = informers.of(resources.replicationControllers);
    this.#listers = {
      deployments: deployments.lister,
      replicaSets: replicaSets.lister,
      statefulSets: statefulSets.lister,
      replicationControllers: replicationControllers.lister,
    };
    const owners = [deployments, replicaSets, statefulSets, replicationControllers];
    this.#informers = [this.#budgets, this.#pods, ...owners];
    const onBudget = (budget: PodDisruptionBudget) => this.#queue.add(objectKey(budget));
    this.#budgets.addHandler({ onAdd: onBudget, onUpdate: (_, budget) => onBudget(budget) });
    this.#pods.addHandler({
      onAdd: (pod) => this.#onPod(pod),
      onUpdate: (before, pod) => {
        this.#onPod(before);
        this.#onPod(pod);
      },
      onDelete: (pod) => this.#onPod(pod),
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    const common = { parts: this.#parts, informers: this.#informers, workers: 1, signal };
    await Promise.all([
      reconcileLoop({
        ...{ ...common, name: 'disruption', queue: this.#queue },
        reconcile: (key) => this.#reconcile(key, signal),
      }),
      reconcileLoop({
        ...{ ...common, name: 'stale_pod_disruption', queue: this.#stale },
        reconcile: (key) => this.#clean(key, signal),
      }),
    ]);
  }

  #onPod(pod: Pod): void {
    const { namespace = '', labels } = pod.metadata;
    for (const budget of this.#budgets.lister.byIndex(namespaceIndex, namespace)) {
      if (labelSelectorOf(budget.spec?.selector).matches(labels)) {
        this.#queue.add(objectKey(budget));
      }
    }
    const staleMs = staleInMs(pod, this.#parts.clock.wallTime());
    if (staleMs !== null) this.#stale.addAfter(objectKey(pod), staleMs);
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const budget = this.#written.newest(key, this.#budgets.lister.byKey(key));
    if (budget === undefined) return;
    const { events, clock } = this.#parts;
    const pods = this.#podsOf(budget);
    if (pods.length === 0) events.event(budget, 'Normal', 'NoPods', 'No matching pods found');
    const expected = await this.#expected(budget, pods, signal);
    if ('problem' in expected) {
      const text = `Failed to calculate the number of expected pods: ${expected.problem}`;
      events.event(budget, 'Warning', 'CalculateExpectedPodCountFailed', text);
      const status = uncountableStatus(budget, expected.problem, clock.wallTime());
      await this.#store(budget, status, signal);
      // The informers may not know the controller yet.
      this.#queue.addAfter(key, uncountableMs);
      return;
    }
    if (expected.unmanaged.length > 0) {
      events.event(budget, 'Warning', 'UnmanagedPods', unmanagedText(budget.spec?.selector));
    }
    const nowMs = clock.wallTime();
    const counted = countBudget({ budget, pods, scale: expected.scale, nowMs });
    for (const pod of counted.notDeleted) {
      const { namespace } = budget.metadata;
      const text = `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't`;
      events.event(pod, 'Warning', 'NotDeleted', text);
    }
    await this.#store(budget, counted.status, signal);
    if (counted.againMs !== null) this.#queue.addAfter(key, counted.againMs + 1);
  }

  #podsOf({ metadata, spec }: PodDisruptionBudget): readonly Pod[] {
    const selector = labelSelectorOf(spec?.selector);
    return this.#pods.lister
      .byIndex(namespaceIndex, metadata.namespace ?? '')
      .filter((pod) => selector.matches(pod.metadata.labels));
  }

  async #expected(
    budget: PodDisruptionBudget,
    pods: readonly Pod[],
    signal: AbortSignal,
  ): Promise<ExpectedScale> {
    if (!needsScale(budget)) return { scale: 0, unmanaged: [] };
    try {
      return await expectedScale(pods, this.#listers, this.#targets, { signal });
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return { problem: error.message };
    }
  }

  async #store(
    budget: PodDisruptionBudget,
    status: PodDisruptionBudgetStatus,
    signal: AbortSignal,
  ): Promise<void> {
    if (isCounted(budget, status)) return;
    const budgets = this.#parts.client.objects(resources.podDisruptionBudgets);
    const stored = await budgets.updateStatus({ ...budget, status }, { signal });
    this.#written.set(objectKey(budget), stored);
  }

  /** Takes back that a pod is about to be disrupted, when nothing came of it. */
  async #clean(key: string, signal: AbortSignal): Promise<void> {
    const pod = this.#pods.lister.byKey(key);
    const nowMs = this.#parts.clock.wallTime();
    const leftMs = pod === undefined ? null : staleInMs(pod, nowMs);
    if (pod === undefined || leftMs === null) return;
    if (leftMs > 0) {
      this.#stale.addAfter(key, leftMs);
      return;
    }
    const { uid = '', resourceVersion = '' } = pod.metadata;
    const conditions = (pod.status?.conditions ?? []).map((condition) =>
      condition.type === 'DisruptionTarget'
        ? { type: condition.type, status: 'False', lastTransitionTime: formatTime(nowMs) }
        : condition,
    );
    const patch = { metadata: { uid, resourceVersion }, status: { conditions: [...conditions] } };
    try {
      await this.#parts.client
        .objects(resources.pods)
        .patch(splitKey(key), 'merge', patch as never, { subresource: 'status', signal });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}

function unmanagedText(selector: LabelSelector | undefined): string {
  return (
    `Pods selected by this PodDisruptionBudget (selector: ${selectorText(selector)}) were found to be unmanaged. ` +
    'As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. ' +
    'To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.'
  );
}
