import { unreachable } from '../../../base/assert.js';
import type { Pod, PodResourceClaimStatus } from '../../api/gen/core-v1.js';
import type { ResourceClaim, ResourceClaimTemplate } from '../../api/gen/resource-v1.js';
import {
  type Informer,
  keyOf,
  objectKey,
  resources,
  splitKey,
  WorkQueue,
} from '../../client/index.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import { StatusError } from '../../machinery/status.js';
import type { Controller, ControllerParts } from '../controller.js';
import { controllerOf } from '../pods/index.js';
import { LatestWritten } from '../runtime/latest-written.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound, isNamespaceTerminating } from '../runtime/write-failures.js';
import { type ClaimStep, claimFinalizer, planResourceClaim } from './plan-claim.js';
import { planPodClaims } from './plan-pod.js';

const podsByClaim = 'resource-claim';
const podsByTemplate = 'resource-claim-template';
const claimsByPod = 'owner-pod';

/** Makes the resource claims that pods' templates stand for, and frees claims of pods that are done. */
export class ResourceClaimController implements Controller {
  readonly name = 'resourceclaim-controller';
  readonly #parts: ControllerParts;
  readonly #workers: number;
  /** Keys are `pod/NAMESPACE/NAME` and `claim/NAMESPACE/NAME`. */
  readonly #queue: WorkQueue;
  readonly #pods: Informer<Pod>;
  readonly #claims: Informer<ResourceClaim>;
  readonly #templates: Informer<ResourceClaimTemplate>;
  readonly #written = new LatestWritten<ResourceClaim>();
  /** Claims that were made for a pod and that the informer may not show yet, by the pod's uid. */
  readonly #made = new Map<string, ResourceClaim[]>();

  constructor(parts: ControllerParts, workers: number) {
    this.#parts = parts;
    this.#workers = workers;
    this.#queue = new WorkQueue(parts.clock);
    const { informers } = parts;
    this.#pods = informers.of(resources.pods, {
      indexes: { [podsByClaim]: claimsOf, [podsByTemplate]: templatesOf },
    });
    this.#claims = informers.of(resources.resourceClaims, {
      indexes: { [claimsByPod]: (claim) => [controllerOf(claim)?.uid ?? ''] },
    });
    this.#templates = informers.of(resources.resourceClaimTemplates);
    this.#watch();
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'resource_claim', queue: this.#queue, signal },
      informers: [this.#pods, this.#claims, this.#templates],
      workers: this.#workers,
      reconcile: (key) => this.#reconcile(key, signal),
    });
  }

  #watch(): void {
    this.#pods.addHandler({
      onAdd: (pod) => this.#onPod(pod),
      onUpdate: (_, pod) => this.#onPod(pod),
      onDelete: (pod) => {
        this.#made.delete(pod.metadata.uid ?? '');
        this.#onPod(pod);
      },
    });
    const onClaim = (claim: ResourceClaim) => {
      const key = objectKey(claim);
      this.#forgetMade(claim);
      this.#queue.add(`claim/${key}`);
      for (const pod of this.#pods.lister.byIndex(podsByClaim, key)) this.#lookAtPod(pod);
    };
    this.#claims.addHandler({
      onAdd: onClaim,
      onUpdate: (_, claim) => onClaim(claim),
      onDelete: onClaim,
    });
    this.#templates.addHandler({
      onAdd: (template) => {
        const pods = this.#pods.lister.byIndex(podsByTemplate, objectKey(template));
        for (const pod of pods) this.#lookAtPod(pod);
      },
    });
  }

  /** The informer knows by now what became of it. */
  #forgetMade(claim: ResourceClaim): void {
    const owner = controllerOf(claim)?.uid ?? '';
    const made = this.#made.get(owner);
    if (made === undefined) return;
    const rest = made.filter(({ metadata }) => metadata.uid !== claim.metadata.uid);
    if (rest.length === 0) this.#made.delete(owner);
    else this.#made.set(owner, rest);
  }

  #onPod(pod: Pod): void {
    if ((pod.spec?.resourceClaims ?? []).length === 0) return;
    this.#lookAtPod(pod);
    for (const key of claimsOf(pod)) this.#queue.add(`claim/${key}`);
    for (const claim of this.#claims.lister.byIndex(claimsByPod, pod.metadata.uid ?? '')) {
      this.#queue.add(`claim/${objectKey(claim)}`);
    }
  }

  #lookAtPod(pod: Pod): void {
    this.#queue.add(`pod/${objectKey(pod)}`);
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const name = key.slice(key.indexOf('/') + 1);
    if (key.startsWith('pod/')) await this.#reconcilePod(name, signal);
    else await this.#reconcileClaim(name, signal);
  }

  async #reconcilePod(key: string, signal: AbortSignal): Promise<void> {
    const pod = this.#pods.lister.byKey(key);
    if (pod === undefined) return;
    const { namespace = '', uid = '' } = pod.metadata;
    const made = this.#made.get(uid) ?? [];
    const plan = planPodClaims({
      pod,
      claimOf: (name) =>
        this.#claims.lister.byKey(keyOf(namespace, name)) ??
        made.find(({ metadata }) => metadata.name === name),
      own: [...this.#claims.lister.byIndex(claimsByPod, uid), ...made],
      templateOf: (name) => this.#templates.lister.byKey(keyOf(namespace, name)),
    });
    const statuses = [...plan.statuses];
    for (const { podClaim, claim } of plan.create) {
      const name = await this.#create(pod, podClaim, claim, signal);
      if (name !== null) statuses.push({ name: podClaim, resourceClaimName: name });
    }
    for (const message of plan.problems) this.#warn(pod, message);
    await this.#writeStatuses(pod, statuses, signal);
    for (const claim of plan.reserve) {
      const written = await this.#parts.client
        .objects(resources.resourceClaims)
        .updateStatus(claim, { signal });
      this.#written.set(objectKey(written), written);
    }
  }

  /** The name that the server gave it; null: nothing can be made in the namespace any more. */
  async #create(
    pod: Pod,
    podClaim: string,
    claim: ResourceClaim,
    signal: AbortSignal,
  ): Promise<string | null> {
    try {
      const made = await this.#parts.client
        .objects(resources.resourceClaims)
        .create(claim, { signal });
      const { uid = '' } = pod.metadata;
      this.#made.set(uid, [...(this.#made.get(uid) ?? []), made]);
      return made.metadata.name ?? '';
    } catch (error) {
      if (isNamespaceTerminating(error)) return null;
      if (error instanceof StatusError) {
        this.#warn(pod, `PodResourceClaim ${podClaim}: ${error.message}`);
      }
      throw error;
    }
  }

  #warn(pod: Pod, message: string): void {
    this.#parts.events.event(pod, 'Warning', 'FailedResourceClaimCreation', message);
  }

  async #writeStatuses(
    pod: Pod,
    statuses: readonly PodResourceClaimStatus[],
    signal: AbortSignal,
  ): Promise<void> {
    const { namespace = '', name = '', uid = '' } = pod.metadata;
    if (statuses.length === 0 || deepEqual(pod.status?.resourceClaimStatuses, statuses)) return;
    const list = statuses.map((each) => ({
      name: each.name ?? '',
      resourceClaimName: each.resourceClaimName ?? '',
    }));
    const patch = { metadata: { uid }, status: { resourceClaimStatuses: list } };
    await this.#parts.client
      .objects(resources.pods)
      .patch({ namespace, name }, 'merge', patch, { subresource: 'status', signal })
      .catch(ignoreNotFound);
  }

  async #reconcileClaim(key: string, signal: AbortSignal): Promise<void> {
    const claim = this.#written.newest(key, this.#claims.lister.byKey(key));
    if (claim === undefined) return;
    const { namespace } = splitKey(key);
    const pods = new Map<string, Pod>();
    for (const { name = '', uid = '' } of claim.status?.reservedFor ?? []) {
      const pod = await this.#pod(namespace, name, uid, signal);
      if (pod !== null) pods.set(name, pod);
    }
    const podOf = (name: string) =>
      pods.get(name) ?? this.#pods.lister.byKey(keyOf(namespace, name));
    let latest = claim;
    for (const step of planResourceClaim(claim, podOf)) {
      latest = await this.#do(step, latest, signal);
    }
  }

  /** A pod that the informer does not know may have been made just now: the server knows. */
  async #pod(
    namespace: string,
    name: string,
    uid: string,
    signal: AbortSignal,
  ): Promise<Pod | null> {
    const known = this.#pods.lister.byKey(keyOf(namespace, name));
    if (known?.metadata.uid === uid) return known;
    const pods = this.#parts.client.objects(resources.pods);
    return pods.get({ namespace, name }, { signal }).catch(ignoreNotFound);
  }

  async #do(step: ClaimStep, latest: ResourceClaim, signal: AbortSignal): Promise<ResourceClaim> {
    const claims = this.#parts.client.objects(resources.resourceClaims);
    const { resourceVersion, namespace = '', name = '', uid } = latest.metadata;
    switch (step.kind) {
      case 'write-status':
        return this.#keep(await claims.updateStatus(step.claim, { signal }));
      case 'remove-finalizer': {
        const finalizers = latest.metadata.finalizers?.filter((each) => each !== claimFinalizer);
        const metadata = { ...latest.metadata, finalizers: finalizers ?? [] };
        const next = { ...latest, metadata };
        if (resourceVersion !== undefined) next.metadata.resourceVersion = resourceVersion;
        return this.#keep(await claims.update(next, { signal }));
      }
      case 'delete': {
        const preconditions = uid === undefined ? {} : { preconditions: { uid } };
        await claims
          .delete({ namespace, name }, { ...preconditions, signal })
          .catch(ignoreNotFound);
        return latest;
      }
      default:
        return unreachable(step);
    }
  }

  #keep(claim: ResourceClaim): ResourceClaim {
    this.#written.set(objectKey(claim), claim);
    return claim;
  }
}

/** The keys of the claims that a pod uses, as far as they have names. */
function claimsOf({ metadata, spec, status }: Pod): string[] {
  const { namespace = '' } = metadata;
  return (spec?.resourceClaims ?? []).flatMap(({ name, resourceClaimName }) => {
    const generated = status?.resourceClaimStatuses?.find((each) => each.name === name);
    const claim = resourceClaimName ?? generated?.resourceClaimName;
    return claim === undefined ? [] : [keyOf(namespace, claim)];
  });
}

function templatesOf({ metadata, spec }: Pod): string[] {
  const { namespace = '' } = metadata;
  return (spec?.resourceClaims ?? []).flatMap(({ resourceClaimTemplateName }) =>
    resourceClaimTemplateName === undefined ? [] : [keyOf(namespace, resourceClaimTemplateName)],
  );
}
