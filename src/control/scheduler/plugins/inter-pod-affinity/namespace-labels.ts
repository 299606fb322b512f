import type { SharedInformers } from '../../../client/index.js';
import { resources } from '../../../client/index.js';
import { deepEqual } from '../../../machinery/deep-equal.js';
import type { Labels } from '../../../machinery/labels.js';

/** The labels of namespaces, which terms may select by. */
export interface NamespaceLabels {
  /** Another number whenever the labels of any namespace are others. */
  readonly version: number;
  labelsOf(namespace: string): Labels | undefined;
}

/** The labels as an informer knows them. */
export function namespaceLabels(informers: SharedInformers): NamespaceLabels {
  const informer = informers.of(resources.namespaces);
  const { lister } = informer;
  let version = 0;
  const changed = () => {
    version++;
  };
  informer.addHandler({
    onAdd: changed,
    onUpdate: (before, after) => {
      if (!deepEqual(before.metadata.labels, after.metadata.labels)) changed();
    },
    onDelete: changed,
  });
  return {
    get version() {
      return version;
    },
    labelsOf: (namespace) => lister.byKey(namespace)?.metadata.labels,
  };
}
