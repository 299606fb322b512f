import type { Deployment, ReplicaSet } from '../../api/gen/apps-v1.js';
import { cloneJson } from '../../machinery/clone.js';
import { controllerReference, templateHash } from '../pods/index.js';
import { currentSetAnnotations, scaleAnnotations } from './annotations.js';
import type { RolloutBounds } from './bounds.js';
import { templateHashLabel } from './replica-sets.js';

/** The ReplicaSet that the Deployment's current template needs, with no pods yet. Its name and label carry the template's hash. */
export function newReplicaSet(
  deployment: Deployment,
  revision: bigint,
  bounds: RolloutBounds,
): ReplicaSet {
  const { metadata, spec = {}, status } = deployment;
  const hash = templateHash(spec.template, status?.collisionCount);
  const label = { [templateHashLabel]: hash };
  const template = cloneJson(spec.template ?? {});
  const labels = { ...template.metadata?.labels, ...label };
  const { selector } = spec;
  const set: ReplicaSet = {
    metadata: {
      name: `${metadata.name ?? ''}-${hash}`,
      namespace: metadata.namespace ?? '',
      labels,
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: 0,
      minReadySeconds: spec.minReadySeconds ?? 0,
      selector: { ...selector, matchLabels: { ...selector?.matchLabels, ...label } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
  set.metadata.annotations = {
    ...currentSetAnnotations(deployment, set, revision),
    ...scaleAnnotations(bounds),
  };
  return set;
}
