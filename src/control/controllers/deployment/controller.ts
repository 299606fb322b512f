import { isPodTerminal } from '../../api/core-v1/pod/pod-state.js';
import type { Deployment, ReplicaSet } from '../../api/gen/apps-v1.js';
import type { Pod } from '../../api/gen/core-v1.js';
import {
  type Informer,
  namespaceIndex,
  objectKey,
  resources,
  WorkQueue,
} from '../../client/index.js';
import { labelSelectorOf } from '../../machinery/label-selector.js';
import type { Controller, ControllerParts } from '../controller.js';
import {
  candidatesOf,
  claimObjects,
  controllerOf,
  controllerUidIndex,
  OwnWrites,
  ownedObjectHandler,
  ownerIndexes,
  ownerKeys,
} from '../pods/index.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { executePlan } from './execute.js';
import { planDeployment } from './plan.js';
import { planRollback } from './rollback.js';

/** Brings Deployments from one template of their pods to the next, by way of a ReplicaSet each. */
export class DeploymentController implements Controller {
  readonly name = 'deployment-controller';
  readonly #parts: ControllerParts;
  readonly #workers: number;
  readonly #queue: WorkQueue;
  readonly #deployments: Informer<Deployment>;
  readonly #keyOf: ReturnType<typeof ownerKeys>;
  readonly #sets: Informer<ReplicaSet>;
  readonly #pods: Informer<Pod>;
  readonly #writes: OwnWrites<ReplicaSet>;

  constructor(parts: ControllerParts, workers: number) {
    const { clock, informers } = parts;
    this.#parts = parts;
    this.#workers = workers;
    this.#queue = new WorkQueue(clock);
    this.#writes = new OwnWrites(clock);
    this.#deployments = informers.of(resources.deployments);
    this.#keyOf = ownerKeys(resources.deployments, this.#deployments.lister);
    this.#sets = informers.of(resources.replicaSets, { indexes: ownerIndexes });
    this.#pods = informers.of(resources.pods, { indexes: ownerIndexes });
    this.#follow();
  }

  async run(signal: AbortSignal): Promise<void> {
    await reconcileLoop({
      parts: this.#parts,
      name: 'deployment',
      queue: this.#queue,
      informers: [this.#deployments, this.#sets, this.#pods],
      workers: this.#workers,
      reconcile: (key) => this.#reconcile(key, signal),
      signal,
    });
  }

  #follow(): void {
    const enqueue = (deployment: Deployment) => this.#queue.add(objectKey(deployment));
    this.#deployments.addHandler({ onAdd: enqueue, onUpdate: (_, after) => enqueue(after) });
    this.#sets.addHandler({
      onAdd: (set) => this.#writes.onSeen(set),
      onUpdate: (_, set) => this.#writes.onSeen(set),
      onDelete: (set) => this.#writes.onSeen(set, true),
    });
    this.#sets.addHandler(
      ownedObjectHandler<ReplicaSet>({
        keyOf: this.#keyOf,
        keysWanting: (set) => this.#keysWanting(set),
        enqueue: (key) => this.#queue.add(key),
      }),
    );
    this.#pods.addHandler({
      onUpdate: (before, after) => {
        if (!isPodTerminal(before) && isPodTerminal(after)) this.#onPodEnd(after);
      },
      onDelete: (pod) => this.#onPodEnd(pod),
    });
  }

  #keysWanting({ metadata }: ReplicaSet): readonly string[] {
    return this.#deployments.lister
      .byIndex(namespaceIndex, metadata.namespace ?? '')
      .filter(({ spec }) => labelSelectorOf(spec?.selector).matches(metadata.labels))
      .map(objectKey);
  }

  /** A Deployment that makes new pods once the old ones have ended waits for it. */
  #onPodEnd(pod: Pod): void {
    const { namespace = '' } = pod.metadata;
    const set = this.#sets.lister.get(namespace, controllerOf(pod)?.name ?? '');
    const reference = set === undefined ? undefined : controllerOf(set);
    const key = reference === undefined ? undefined : this.#keyOf(reference, namespace);
    if (key === undefined) return;
    const strategy = this.#deployments.lister.byKey(key)?.spec?.strategy?.type;
    if (strategy === 'Recreate') this.#queue.add(key);
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const { client, clock, events } = this.#parts;
    const deployment = this.#deployments.lister.byKey(key);
    if (deployment === undefined) return;
    const selector = labelSelectorOf(deployment.spec?.selector);
    const claimed = await claimObjects(
      {
        owner: deployment,
        owners: client.objects(resources.deployments),
        objects: client.objects(resources.replicaSets),
        matches: ({ metadata }) => selector.matches(metadata.labels),
        candidates: candidatesOf(this.#sets.lister, deployment),
      },
      { signal },
    );
    const replicaSets = this.#writes.over(claimed, deployment);
    if (await this.#rollBack(deployment, replicaSets, signal)) return;
    const plan = planDeployment({
      deployment,
      replicaSets,
      hasRunningPods: ({ metadata }) =>
        this.#pods.lister
          .byIndex(controllerUidIndex, metadata.uid ?? '')
          .some((pod) => !isPodTerminal(pod)),
      nowMs: clock.wallTime(),
    });
    const nowMs = () => clock.wallTime();
    await executePlan(deployment, plan, { client, events, writes: this.#writes, nowMs }, signal);
    if (plan.wakeInMs !== null) this.#queue.addAfter(key, plan.wakeInMs);
  }

  /** True: the Deployment is another now, and will be looked at again. */
  async #rollBack(
    deployment: Deployment,
    sets: readonly ReplicaSet[],
    signal: AbortSignal,
  ): Promise<boolean> {
    if (deployment.metadata.deletionTimestamp !== undefined) return false;
    const rollback = planRollback(deployment, sets);
    if (rollback === null) return false;
    const { client, events } = this.#parts;
    const deployments = client.objects(resources.deployments);
    await deployments.update(rollback.deployment, { signal });
    const { type, reason, message } = rollback.event;
    events.event(deployment, type, reason, message);
    return true;
  }
}
