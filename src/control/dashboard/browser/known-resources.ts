import type { ResourceName } from '../model/page-route.js';

/** A list in the page's menu. */
export interface MenuList {
  readonly title: string;
  readonly resource: ResourceName;
  readonly isNamespaced: boolean;
}

const namespaced = (title: string, group: string, resource: string, version = 'v1'): MenuList => ({
  ...{ title, resource: { group, version, resource }, isNamespaced: true },
});
const clusterWide = (title: string, group: string, resource: string): MenuList => ({
  ...{ title, resource: { group, version: 'v1', resource }, isNamespaced: false },
});

/** Lists that other views are made of. */
export const pods: ResourceName = { group: '', version: 'v1', resource: 'pods' };
export const nodes: ResourceName = { group: '', version: 'v1', resource: 'nodes' };
export const services: ResourceName = { group: '', version: 'v1', resource: 'services' };
export const events: ResourceName = { group: '', version: 'v1', resource: 'events' };
export const namespaces: ResourceName = { group: '', version: 'v1', resource: 'namespaces' };

/** The lists of the menu, by section. */
export const menuSections: readonly {
  readonly title: string;
  readonly lists: readonly MenuList[];
}[] = [
  {
    title: 'Workloads',
    lists: [
      namespaced('Deployments', 'apps', 'deployments'),
      namespaced('Stateful sets', 'apps', 'statefulsets'),
      namespaced('Daemon sets', 'apps', 'daemonsets'),
      namespaced('Replica sets', 'apps', 'replicasets'),
      namespaced('Jobs', 'batch', 'jobs'),
      namespaced('Cron jobs', 'batch', 'cronjobs'),
      namespaced('Autoscalers', 'autoscaling', 'horizontalpodautoscalers', 'v2'),
      namespaced('Pods', '', 'pods'),
    ],
  },
  {
    title: 'Network',
    lists: [
      namespaced('Services', '', 'services'),
      namespaced('Endpoint slices', 'discovery.k8s.io', 'endpointslices'),
      namespaced('Ingresses', 'networking.k8s.io', 'ingresses'),
      namespaced('Network policies', 'networking.k8s.io', 'networkpolicies'),
    ],
  },
  {
    title: 'Configuration',
    lists: [
      namespaced('Config maps', '', 'configmaps'),
      namespaced('Secrets', '', 'secrets'),
      namespaced('Volume claims', '', 'persistentvolumeclaims'),
      clusterWide('Volumes', '', 'persistentvolumes'),
      clusterWide('Namespaces', '', 'namespaces'),
    ],
  },
];
