import type { Pod, Service } from '../../../api/gen/core-v1.js';
import type { SharedInformers } from '../../../client/index.js';
import { namespaceIndex, resources } from '../../../client/index.js';
import { LabelSelector, labelSelectorOf } from '../../../machinery/label-selector.js';
import { labelOf } from '../../../machinery/labels.js';

/**
 * Gives the selector of the pods that belong together with a pod: what its services and its controller select, all at once. It selects
 * everything when there are none.
 */
export function defaultSelectors(informers: SharedInformers): (pod: Pod) => LabelSelector {
  const services = informers.of(resources.services).lister;
  const replicationControllers = informers.of(resources.replicationControllers).lister;
  const replicaSets = informers.of(resources.replicaSets).lister;
  const statefulSets = informers.of(resources.statefulSets).lister;
  return ({ metadata }) => {
    const namespace = metadata.namespace ?? '';
    const labels: Record<string, string> = {};
    for (const service of services.byIndex(namespaceIndex, namespace)) {
      if (selects(service, metadata.labels)) Object.assign(labels, service.spec?.selector);
    }
    const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
    const group = owner?.apiVersion?.split('/')[0];
    const name = owner?.name ?? '';
    let selector: LabelSelector | null = null;
    if (owner?.kind === 'ReplicationController' && owner.apiVersion === 'v1') {
      Object.assign(labels, replicationControllers.get(namespace, name)?.spec?.selector);
    } else if (owner?.kind === 'ReplicaSet' && group === 'apps') {
      selector = ownSelector(replicaSets.get(namespace, name));
    } else if (owner?.kind === 'StatefulSet' && group === 'apps') {
      selector = ownSelector(statefulSets.get(namespace, name));
    }
    const shared = labelSelectorOf({ matchLabels: labels });
    if (selector === null) return shared;
    return new LabelSelector([...shared.requirements, ...selector.requirements]);
  };
}

function selects({ spec }: Service, labels: Pod['metadata']['labels']): boolean {
  const selector = spec?.selector;
  if (selector === undefined) return false;
  for (const key in selector) if (labelOf(labels, key) !== selector[key]) return false;
  return true;
}

function ownSelector(
  owner:
    | { readonly spec?: { readonly selector?: Parameters<typeof labelSelectorOf>[0] } }
    | undefined,
): LabelSelector | null {
  const selector = owner?.spec?.selector;
  return selector === undefined ? null : labelSelectorOf(selector);
}
