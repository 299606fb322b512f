import type { ValidatingAdmissionPolicy } from '../api/gen/admissionregistration-v1.js';
import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
} from '../api/gen/apps-v1.js';
import type { HorizontalPodAutoscaler } from '../api/gen/autoscaling-v2.js';
import type { CronJob, Job } from '../api/gen/batch-v1.js';
import type { CertificateSigningRequest } from '../api/gen/certificates-v1.js';
import type { Lease } from '../api/gen/coordination-v1.js';
import type {
  ConfigMap,
  Endpoints,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ReplicationController,
  ResourceQuota,
  Secret,
  Service,
  ServiceAccount,
} from '../api/gen/core-v1.js';
import type { EndpointSlice } from '../api/gen/discovery-v1.js';
import type { Event } from '../api/gen/events-v1.js';
import type { IPAddress, NetworkPolicy, ServiceCIDR } from '../api/gen/networking-v1.js';
import type { PodDisruptionBudget } from '../api/gen/policy-v1.js';
import type { ClusterRole } from '../api/gen/rbac-v1.js';
import type {
  DeviceClass,
  ResourceClaim,
  ResourceClaimTemplate,
  ResourceSlice,
} from '../api/gen/resource-v1.js';
import type { PriorityClass } from '../api/gen/scheduling-v1.js';
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from '../api/gen/storage-v1.js';
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
  replicationControllers: apiResource<ReplicationController>(
    'v1',
    'replicationcontrollers',
    'ReplicationController',
  ),
  resourceQuotas: apiResource<ResourceQuota>('v1', 'resourcequotas', 'ResourceQuota'),
  daemonSets: apiResource<DaemonSet>('apps/v1', 'daemonsets', 'DaemonSet'),
  controllerRevisions: apiResource<ControllerRevision>(
    'apps/v1',
    'controllerrevisions',
    'ControllerRevision',
  ),
  cronJobs: apiResource<CronJob>('batch/v1', 'cronjobs', 'CronJob'),
  horizontalPodAutoscalers: apiResource<HorizontalPodAutoscaler>(
    'autoscaling/v2',
    'horizontalpodautoscalers',
    'HorizontalPodAutoscaler',
  ),
  podDisruptionBudgets: apiResource<PodDisruptionBudget>(
    'policy/v1',
    'poddisruptionbudgets',
    'PodDisruptionBudget',
  ),
  endpointSlices: apiResource<EndpointSlice>(
    'discovery.k8s.io/v1',
    'endpointslices',
    'EndpointSlice',
  ),
  networkPolicies: apiResource<NetworkPolicy>(
    'networking.k8s.io/v1',
    'networkpolicies',
    'NetworkPolicy',
  ),
  serviceCIDRs: apiResource<ServiceCIDR>(
    'networking.k8s.io/v1',
    'servicecidrs',
    'ServiceCIDR',
    'cluster',
  ),
  ipAddresses: apiResource<IPAddress>(
    'networking.k8s.io/v1',
    'ipaddresses',
    'IPAddress',
    'cluster',
  ),
  leases: apiResource<Lease>('coordination.k8s.io/v1', 'leases', 'Lease'),
  storageClasses: apiResource<StorageClass>(
    'storage.k8s.io/v1',
    'storageclasses',
    'StorageClass',
    'cluster',
  ),
  volumeAttachments: apiResource<VolumeAttachment>(
    'storage.k8s.io/v1',
    'volumeattachments',
    'VolumeAttachment',
    'cluster',
  ),
  volumeAttributesClasses: apiResource<VolumeAttributesClass>(
    'storage.k8s.io/v1',
    'volumeattributesclasses',
    'VolumeAttributesClass',
    'cluster',
  ),
  csiNodes: apiResource<CSINode>('storage.k8s.io/v1', 'csinodes', 'CSINode', 'cluster'),
  csiDrivers: apiResource<CSIDriver>('storage.k8s.io/v1', 'csidrivers', 'CSIDriver', 'cluster'),
  csiStorageCapacities: apiResource<CSIStorageCapacity>(
    'storage.k8s.io/v1',
    'csistoragecapacities',
    'CSIStorageCapacity',
  ),
  priorityClasses: apiResource<PriorityClass>(
    'scheduling.k8s.io/v1',
    'priorityclasses',
    'PriorityClass',
    'cluster',
  ),
  certificateSigningRequests: apiResource<CertificateSigningRequest>(
    'certificates.k8s.io/v1',
    'certificatesigningrequests',
    'CertificateSigningRequest',
    'cluster',
  ),
  clusterRoles: apiResource<ClusterRole>(
    'rbac.authorization.k8s.io/v1',
    'clusterroles',
    'ClusterRole',
    'cluster',
  ),
  resourceClaims: apiResource<ResourceClaim>(
    'resource.k8s.io/v1',
    'resourceclaims',
    'ResourceClaim',
  ),
  resourceSlices: apiResource<ResourceSlice>(
    'resource.k8s.io/v1',
    'resourceslices',
    'ResourceSlice',
    'cluster',
  ),
  deviceClasses: apiResource<DeviceClass>(
    'resource.k8s.io/v1',
    'deviceclasses',
    'DeviceClass',
    'cluster',
  ),
  resourceClaimTemplates: apiResource<ResourceClaimTemplate>(
    'resource.k8s.io/v1',
    'resourceclaimtemplates',
    'ResourceClaimTemplate',
  ),
  validatingAdmissionPolicies: apiResource<ValidatingAdmissionPolicy>(
    'admissionregistration.k8s.io/v1',
    'validatingadmissionpolicies',
    'ValidatingAdmissionPolicy',
    'cluster',
  ),
} as const;
