import type { Pod } from '../../../api/gen/core-v1.js';
import type { AllocationResult, ResourceClaim } from '../../../api/gen/resource-v1.js';
import { type ControlClient, resources } from '../../../client/index.js';
import { StatusError } from '../../../machinery/status.js';
import { isReservedFor, reservedMax } from './pod-resource-claims.js';

/** Keeps an allocated claim from going before its devices are given back. */
const finalizer = 'resource.kubernetes.io/delete-protection';
const triesMax = 5;

/** A claim is not as it was when its devices were chosen. The text says how. */
export class ClaimChangedError extends Error {
  override readonly name = 'ClaimChangedError';
}

/** Writes what was decided about claims. Rejects with StatusError or UnreachableError. */
export class ClaimWriter {
  readonly #client: ControlClient;

  constructor(client: ControlClient) {
    this.#client = client;
  }

  /**
   * The pod uses the claim from now on, which gets its devices, if any were chosen. Rejects with {@link ClaimChangedError} too.
   */
  async bind(
    claim: ResourceClaim,
    pod: Pod,
    allocation: AllocationResult | null,
    signal: AbortSignal,
  ): Promise<ResourceClaim> {
    const { uid = '', name = '' } = pod.metadata;
    return this.#change(claim, signal, async (current) => {
      const { allocation: known, reservedFor = [] } = current.status ?? {};
      if (current.metadata.deletionTimestamp !== undefined) {
        throw new ClaimChangedError(`claim ${nameOf(claim)} got deleted in the meantime`);
      }
      if (allocation !== null && known !== undefined) {
        throw new ClaimChangedError(`claim ${nameOf(claim)} already allocated`);
      }
      if (allocation === null && known === undefined) {
        throw new ClaimChangedError(`claim ${nameOf(claim)} got deallocated in the meantime`);
      }
      if (isReservedFor(reservedFor, pod)) return current;
      if (reservedFor.length >= reservedMax) {
        throw new ClaimChangedError(
          `claim ${nameOf(claim)} is used by ${reservedMax} pods already`,
        );
      }
      const kept = allocation === null ? current : await this.#protect(current, signal);
      return {
        ...kept,
        status: {
          ...kept.status,
          ...(allocation === null ? {} : { allocation }),
          reservedFor: [...reservedFor, { resource: 'pods', name, uid }],
        },
      };
    });
  }

  /** Gives the devices back that nobody but the pod uses. */
  async release(claim: ResourceClaim, signal?: AbortSignal): Promise<void> {
    const { allocation: _, reservedFor: __, devices: ___, ...status } = claim.status ?? {};
    const claims = this.#client.objects(resources.resourceClaims);
    await claims.update({ ...claim, status }, { subresource: 'status', ...(signal && { signal }) });
  }

  async #protect(claim: ResourceClaim, signal: AbortSignal): Promise<ResourceClaim> {
    const { finalizers = [] } = claim.metadata;
    if (finalizers.includes(finalizer)) return claim;
    const metadata = { ...claim.metadata, finalizers: [...finalizers, finalizer] };
    return this.#client
      .objects(resources.resourceClaims)
      .update({ ...claim, metadata }, { signal });
  }

  /** Writes a changed status; on top of what others wrote meanwhile. */
  async #change(
    claim: ResourceClaim,
    signal: AbortSignal,
    change: (current: ResourceClaim) => Promise<ResourceClaim>,
  ): Promise<ResourceClaim> {
    const claims = this.#client.objects(resources.resourceClaims);
    const { namespace = '', name = '', uid } = claim.metadata;
    let current = claim;
    for (let tries = 1; ; tries++) {
      try {
        const changed = await change(current);
        if (changed === current) return current;
        return await claims.update(changed, { subresource: 'status', signal });
      } catch (error) {
        const isConflict = error instanceof StatusError && error.reason === 'Conflict';
        if (!isConflict || tries >= triesMax) throw error;
        current = await claims.get({ namespace, name });
        if (current.metadata.uid !== uid) {
          throw new ClaimChangedError(`claim ${nameOf(claim)} got replaced in the meantime`);
        }
      }
    }
  }
}

function nameOf({ metadata }: ResourceClaim): string {
  return `${metadata.namespace}/${metadata.name}`;
}
