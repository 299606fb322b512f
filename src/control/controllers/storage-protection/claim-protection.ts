import type { PersistentVolumeClaim, Pod } from '../../api/gen/core-v1.js';
import { objectKey, resources } from '../../client/index.js';
import type { Controller, ControllerParts } from '../controller.js';
import { claimKeysOf, podsByClaim, usesClaim } from '../volumes/claims.js';
import { Protection } from './protection.js';

/** A claim stays as long as there is a pod on a node that uses it. Pods without a node do not count: no kubelet starts them with a claim that is going. */
export function claimProtection(parts: ControllerParts): Controller {
  const { client, informers } = parts;
  const pods = informers.of(resources.pods, { indexes: { [podsByClaim]: claimKeysOf } });
  const usedBy = (claim: PersistentVolumeClaim) => (pod: Pod) =>
    (pod.spec?.nodeName ?? '') !== '' && usesClaim(pod, claim);
  const protection = new Protection(parts, {
    name: 'persistentvolumeclaim-protection-controller',
    queueName: 'pvcprotection',
    resource: resources.persistentVolumeClaims,
    finalizer: 'kubernetes.io/pvc-protection',
    isUsed: (claim) => pods.lister.byIndex(podsByClaim, objectKey(claim)).some(usedBy(claim)),
    isUsedForSure: async (claim, signal) => {
      const { namespace = '' } = claim.metadata;
      const { items } = await client.objects(resources.pods).list({ namespace, signal });
      return items.some(usedBy(claim));
    },
    informers: [pods],
  });
  const look = (pod: Pod) => {
    for (const key of claimKeysOf(pod)) protection.look(key);
  };
  pods.addHandler({
    onAdd: look,
    // A pod of the same name as one that went is told as gone and new.
    onUpdate: (before, after) => {
      if (before.spec?.nodeName !== after.spec?.nodeName) look(after);
    },
    onDelete: look,
  });
  return protection;
}
