import type {
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
} from '../../../api/gen/core-v1.js';
import { type Lister, objectKey, resources, UnreachableError } from '../../../client/index.js';
import { StatusError } from '../../../machinery/status.js';
import type { SchedulerHandle } from '../../framework/scheduler-handle.js';
import type { AssumedObjects } from './assumed-objects.js';
import { type NodeVolumes, selectedNodeAnnotation } from './node-volumes.js';
import { isFullyBound } from './pod-volume-claims.js';
import { isReachable } from './volume-match.js';

/** What is assumed for a pod: volumes and claims as they will be written. */
export interface AssumedVolumes {
  readonly volumes: readonly { readonly volume: PersistentVolume; readonly claimKey: string }[];
  readonly claims: readonly PersistentVolumeClaim[];
}

/** Binds the volumes of pods: decides in memory first, then writes, then waits for the controller and the provisioners. */
export class VolumeBinder {
  readonly #handle: SchedulerHandle;
  readonly #claims: AssumedObjects<PersistentVolumeClaim>;
  readonly #volumes: AssumedObjects<PersistentVolume>;
  readonly #timeoutMs: number;
  readonly #pods: Lister<Pod>;
  readonly #nodes: Lister<Node>;
  /** Told of every change of a claim or a volume. */
  readonly #waiting = new Set<() => void>();

  constructor(
    handle: SchedulerHandle,
    objects: {
      readonly claims: AssumedObjects<PersistentVolumeClaim>;
      readonly volumes: AssumedObjects<PersistentVolume>;
    },
    timeoutMs: number,
  ) {
    this.#handle = handle;
    this.#claims = objects.claims;
    this.#volumes = objects.volumes;
    this.#timeoutMs = timeoutMs;
    this.#pods = handle.informers.of(resources.pods).lister;
    this.#nodes = handle.informers.of(resources.nodes).lister;
    const onChange = () => {
      for (const look of this.#waiting) look();
    };
    const handler = { onAdd: onChange, onUpdate: onChange, onDelete: onChange };
    handle.informers.of(resources.persistentVolumeClaims).addHandler(handler);
    handle.informers.of(resources.persistentVolumes).addHandler(handler);
    handle.informers.of(resources.pods).addHandler({ onDelete: onChange });
  }

  /** Other pods see the volumes taken from now on. */
  assume({ bindings, provisions }: NodeVolumes, nodeName: string): AssumedVolumes {
    const volumes = bindings.map(({ volume, claim }) => ({
      volume: boundTo(volume, claim),
      claimKey: objectKey(claim),
    }));
    for (const { volume } of volumes) this.#volumes.assume(volume);
    const claims = provisions.map((claim) => withSelectedNode(claim, nodeName));
    for (const claim of claims) this.#claims.assume(claim);
    return { volumes, claims };
  }

  /** Takes it back. */
  restore({ volumes, claims }: AssumedVolumes): void {
    for (const { volume } of volumes) this.#volumes.restore(objectKey(volume));
    for (const claim of claims) this.#claims.restore(objectKey(claim));
  }

  /** Resolves with what went wrong, null when all are bound. */
  async bind(pod: Pod, assumed: AssumedVolumes, nodeName: string, signal: AbortSignal) {
    const { client } = this.#handle;
    try {
      const volumes = client.objects(resources.persistentVolumes);
      for (const { volume } of assumed.volumes) await volumes.update(volume, { signal });
      const claims = client.objects(resources.persistentVolumeClaims);
      for (const claim of assumed.claims) await claims.update(claim, { signal });
    } catch (error) {
      this.restore(assumed);
      if (error instanceof StatusError || error instanceof UnreachableError) return error.message;
      throw error;
    }
    const problem = await this.#untilBound(pod, assumed, nodeName, signal);
    return problem === null ? null : `binding volumes: ${problem}`;
  }

  #untilBound(
    pod: Pod,
    assumed: AssumedVolumes,
    nodeName: string,
    signal: AbortSignal,
  ): Promise<string | null> {
    const { clock } = this.#handle;
    return new Promise((resolve, reject) => {
      const finish = (problem: string | null) => {
        end();
        resolve(problem);
      };
      const look = () => {
        const verdict = this.#verdict(pod, assumed, nodeName);
        if (verdict !== 'wait') finish(verdict);
      };
      const onAbort = () => {
        end();
        reject(signal.reason);
      };
      const end = () => {
        this.#waiting.delete(look);
        clock.clearTimer(timer);
        signal.removeEventListener('abort', onAbort);
      };
      const timer = clock.setTimer(this.#timeoutMs, () => finish('context deadline exceeded'));
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(look);
      look();
    });
  }

  /** Null: all is bound. */
  #verdict(
    pod: Pod,
    { volumes, claims }: AssumedVolumes,
    nodeName: string,
  ): 'wait' | string | null {
    if (this.#pods.byKey(objectKey(pod))?.metadata.uid !== pod.metadata.uid)
      return 'pod does not exist any more';
    for (const { volume, claimKey } of volumes) {
      const verdict = this.#verdictOnVolume(volume, claimKey, nodeName);
      if (verdict !== null) return verdict;
    }
    for (const claim of claims) {
      const verdict = this.#verdictOnClaim(claim, nodeName);
      if (verdict !== null) return verdict;
    }
    return null;
  }

  #verdictOnVolume(assumed: PersistentVolume, claimKey: string, nodeName: string) {
    const name = JSON.stringify(assumed.metadata.name);
    const volume = this.#volumes.known(objectKey(assumed));
    const claim = this.#claims.known(claimKey);
    if (volume === undefined) return `failed to check binding: could not find pv ${name}`;
    if (claim === undefined) return `failed to check binding: could not find pvc ${claimKey}`;
    // What was written has not come back yet.
    if (volume.metadata.resourceVersion === assumed.metadata.resourceVersion) return 'wait';
    if ((volume.spec?.claimRef?.uid ?? '') === '') return `ClaimRef got reset for pv ${name}`;
    const mismatch = this.#mismatch(volume, nodeName);
    if (mismatch !== null) return mismatch;
    return isFullyBound(claim) ? null : 'wait';
  }

  #verdictOnClaim(assumed: PersistentVolumeClaim, nodeName: string) {
    const name = JSON.stringify(assumed.metadata.name);
    const claim = this.#claims.known(objectKey(assumed));
    if (claim === undefined) return `failed to check provisioning pvc: could not find pvc ${name}`;
    if (claim.metadata.resourceVersion === assumed.metadata.resourceVersion) return 'wait';
    if (claim.metadata.annotations?.[selectedNodeAnnotation] !== nodeName)
      return `provisioning failed for PVC ${name}`;
    const volumeName = claim.spec?.volumeName ?? '';
    if (volumeName === '') return 'wait';
    const volume = this.#volumes.known(volumeName);
    if (volume === undefined) return 'wait';
    return this.#mismatch(volume, nodeName) ?? (isFullyBound(claim) ? null : 'wait');
  }

  #mismatch(volume: PersistentVolume, nodeName: string): string | null {
    const node = this.#nodes.byKey(nodeName);
    if (node === undefined) return `failed to get node ${JSON.stringify(nodeName)}`;
    if (isReachable(volume, node)) return null;
    const [volumeText, nodeText] = [volume.metadata.name, nodeName].map((each) =>
      JSON.stringify(each),
    );
    return `pv ${volumeText} node affinity doesn't match node ${nodeText}: no matching NodeSelectorTerms`;
  }
}

function boundTo(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume {
  const { namespace, name, uid, resourceVersion } = claim.metadata;
  const isNew = volume.spec?.claimRef === undefined;
  return {
    ...volume,
    metadata: isNew
      ? {
          ...volume.metadata,
          annotations: {
            ...volume.metadata.annotations,
            'pv.kubernetes.io/bound-by-controller': 'yes',
          },
        }
      : volume.metadata,
    spec: {
      ...volume.spec,
      claimRef: {
        ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
        ...(namespace === undefined ? {} : { namespace }),
        ...(name === undefined ? {} : { name }),
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
    },
  };
}

function withSelectedNode(claim: PersistentVolumeClaim, nodeName: string): PersistentVolumeClaim {
  const annotations = { ...claim.metadata.annotations, [selectedNodeAnnotation]: nodeName };
  return { ...claim, metadata: { ...claim.metadata, annotations } };
}
