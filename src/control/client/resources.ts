import type { Deployment, ReplicaSet, StatefulSet } from '../api/gen/apps-v1.js';
import type { Job } from '../api/gen/batch-v1.js';
import type {
  ConfigMap,
  Endpoints,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Secret,
  Service,
  ServiceAccount,
} from '../api/gen/core-v1.js';
import type { Event } from '../api/gen/events-v1.js';
import { apiResource } from './api-resource.js';

/** The resources that components of a cluster work with, typed. Any other is made with `apiResource`. */
export const resources = {
  configMaps: apiResource<ConfigMap>('v1', 'configmaps', 'ConfigMap'),
  endpoints: apiResource<Endpoints>('v1', 'endpoints', 'Endpoints'),
  namespaces: apiResource<Namespace>('v1', 'namespaces', 'Namespace', 'cluster'),
  nodes: apiResource<Node>('v1', 'nodes', 'Node', 'cluster'),
  persistentVolumes: apiResource<PersistentVolume>(
    'v1',
    'persistentvolumes',
    'PersistentVolume',
    'cluster',
  ),
  persistentVolumeClaims: apiResource<PersistentVolumeClaim>(
    'v1',
    'persistentvolumeclaims',
    'PersistentVolumeClaim',
  ),
  pods: apiResource<Pod>('v1', 'pods', 'Pod'),
  secrets: apiResource<Secret>('v1', 'secrets', 'Secret'),
  services: apiResource<Service>('v1', 'services', 'Service'),
  serviceAccounts: apiResource<ServiceAccount>('v1', 'serviceaccounts', 'ServiceAccount'),
  events: apiResource<Event>('events.k8s.io/v1', 'events', 'Event'),
  deployments: apiResource<Deployment>('apps/v1', 'deployments', 'Deployment'),
  replicaSets: apiResource<ReplicaSet>('apps/v1', 'replicasets', 'ReplicaSet'),
  statefulSets: apiResource<StatefulSet>('apps/v1', 'statefulsets', 'StatefulSet'),
  jobs: apiResource<Job>('batch/v1', 'jobs', 'Job'),
} as const;
