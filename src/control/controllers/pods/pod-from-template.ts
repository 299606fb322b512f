import type { Pod, PodTemplateSpec } from '../../api/gen/core-v1.js';
import { cloneJson } from '../../machinery/clone.js';
import { nameProblems } from '../../machinery/names.js';
import type { KubeObject } from '../../machinery/object.js';
import { controllerReference } from './owner.js';

/** A pod as the template says, managed by `owner`, in its namespace, with a name that the server makes from the owner's. */
export function podFromTemplate(template: PodTemplateSpec | undefined, owner: KubeObject): Pod {
  const { labels = {}, annotations = {}, finalizers = [] } = template?.metadata ?? {};
  const { name = '', namespace = '' } = owner.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace,
      generateName: podNamePrefix(name),
      labels: { ...labels },
      annotations: { ...annotations },
      ...(finalizers.length === 0 ? {} : { finalizers: [...finalizers] }),
      ownerReferences: [controllerReference(owner)],
    },
    spec: cloneJson(template?.spec ?? {}),
  };
}

/** What the names of an owner's pods begin with. */
export function podNamePrefix(ownerName: string): string {
  const prefix = `${ownerName}-`;
  return nameProblems('dns-subdomain', prefix, true).length === 0 ? prefix : ownerName;
}
