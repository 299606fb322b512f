import type { Deployment } from '../../../src/control/api/gen/apps-v1.js';
import type { PodSpec, PodTemplateSpec } from '../../../src/control/api/gen/core-v1.js';

/** A container that asks for so much. */
export function container(name: string, requests: Readonly<Record<string, string>> = {}) {
  return { name, image: `${name}:1`, resources: { requests: { ...requests } } };
}

/** A template with a label `app`, annotations of the simulation, and one container. */
export function template(
  app: string,
  options: {
    readonly annotations?: Readonly<Record<string, string>>;
    readonly requests?: Readonly<Record<string, string>>;
    readonly spec?: Partial<PodSpec>;
  } = {},
): PodTemplateSpec {
  const { annotations, requests, spec } = options;
  return {
    metadata: {
      labels: { app },
      ...(annotations !== undefined && { annotations: { ...annotations } }),
    },
    spec: { containers: [container('main', requests)], ...spec },
  };
}

/** A pod with a label `app`. */
export function pod(name: string, options: Parameters<typeof template>[1] = {}) {
  const { metadata, spec } = template(name, options);
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name }, spec };
}

/** A Deployment whose pods have a label `app`. */
export function deployment(
  name: string,
  replicas: number,
  options: Parameters<typeof template>[1] & { readonly more?: Partial<Deployment['spec']> } = {},
): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: template(name, options),
      ...options.more,
    },
  } as Deployment;
}

/** A class of volumes that the built-in provisioner makes once a pod needs one. */
export function hostPathClass(name: string) {
  return {
    ...{ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name } },
    provisioner: 'flotilla.dev/host-path',
    volumeBindingMode: 'WaitForFirstConsumer',
  };
}

/** What has a pod run on the nodes of a pool, and tolerate their taint. */
export function inPool(pool: string) {
  return {
    nodeSelector: { pool },
    tolerations: [{ key: 'pool', operator: 'Exists' as const }],
  };
}
