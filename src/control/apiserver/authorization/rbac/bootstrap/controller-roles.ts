import type { ClusterRole, PolicyRule } from '../../../../api/gen/rbac-v1.js';
import { clusterRole, eventsRule, rule } from './role-builder.js';

const certificates = 'certificates.k8s.io';
const networking = 'networking.k8s.io';
const resource = 'resource.k8s.io';
const storage = 'storage.k8s.io';
const workloads = 'apps,extensions';

/** What each controller may do, by the name of its service account in kube-system. */
const rulesByController: Readonly<Record<string, readonly PolicyRule[]>> = {
  'attachdetach-controller': [
    rule('list,watch', 'core', 'persistentvolumeclaims,persistentvolumes'),
    rule('read', 'core', 'nodes'),
    rule('patch,update', 'core', 'nodes/status'),
    rule('list,watch', 'core', 'pods'),
    eventsRule,
    rule('read,create,delete', storage, 'volumeattachments'),
    rule('read', storage, 'csidrivers'),
    rule('read', storage, 'csinodes'),
  ],
  'clusterrole-aggregation-controller': [
    rule('escalate,read,patch,update', 'rbac.authorization.k8s.io', 'clusterroles'),
  ],
  'cronjob-controller': [
    rule('read,update', 'batch', 'cronjobs'),
    rule('read,create,delete,patch,update', 'batch', 'jobs'),
    rule('update', 'batch', 'cronjobs/status'),
    rule('update', 'batch', 'cronjobs/finalizers'),
    rule('list,watch,delete', 'core', 'pods'),
    eventsRule,
  ],
  'daemon-set-controller': [
    rule('read', workloads, 'daemonsets'),
    rule('update', workloads, 'daemonsets/status'),
    rule('update', workloads, 'daemonsets/finalizers'),
    rule('list,watch', 'core', 'nodes'),
    rule('list,watch,create,delete,patch', 'core', 'pods'),
    rule('create', 'core', 'pods/binding'),
    rule('read,create,delete,patch,update', 'apps', 'controllerrevisions'),
    eventsRule,
  ],
  'deployment-controller': [
    rule('read,update', workloads, 'deployments'),
    rule('update', workloads, 'deployments/status'),
    rule('update', workloads, 'deployments/finalizers'),
    rule('read,create,delete,patch,update', workloads, 'replicasets'),
    rule('read,update', 'core', 'pods'),
    eventsRule,
  ],
  'disruption-controller': [
    rule('read', workloads, 'deployments'),
    rule('read', workloads, 'replicasets'),
    rule('read', 'core', 'replicationcontrollers'),
    rule('read', 'policy', 'poddisruptionbudgets'),
    rule('read', 'apps', 'statefulsets'),
    rule('update', 'policy', 'poddisruptionbudgets/status'),
    rule('patch,update', 'core', 'pods/status'),
    rule('get', '*', '*/scale'),
    eventsRule,
  ],
  'endpoint-controller': [
    rule('read', 'core', 'pods,services'),
    rule('read,create,delete,update', 'core', 'endpoints'),
    rule('create', 'core', 'endpoints/restricted'),
    eventsRule,
  ],
  'endpointslice-controller': [
    rule('read', 'core', 'nodes,pods,services'),
    rule('update', 'core', 'services/finalizers'),
    rule('read,create,delete,update', 'discovery.k8s.io', 'endpointslices'),
    eventsRule,
  ],
  'endpointslicemirroring-controller': [
    rule('read', 'core', 'endpoints,services'),
    rule('update', 'core', 'services/finalizers'),
    rule('update', 'core', 'endpoints/finalizers'),
    rule('read,create,delete,update', 'discovery.k8s.io', 'endpointslices'),
    eventsRule,
  ],
  'expand-controller': [
    rule('read,patch,update', 'core', 'persistentvolumes'),
    rule('patch,update', 'core', 'persistentvolumeclaims/status'),
    rule('read', 'core', 'persistentvolumeclaims'),
    eventsRule,
  ],
  'ephemeral-volume-controller': [
    rule('read', 'core', 'pods'),
    rule('update', 'core', 'pods/finalizers'),
    rule('read,create', 'core', 'persistentvolumeclaims'),
    eventsRule,
  ],
  'resource-claim-controller': [
    rule('read', 'core', 'pods'),
    rule('update', 'core', 'pods/finalizers'),
    rule('read,create,delete', resource, 'resourceclaims'),
    rule('patch,update', resource, 'resourceclaims,resourceclaims/status'),
    rule('patch,update', 'core', 'pods/status'),
    eventsRule,
    rule('patch,update', resource, 'resourceclaims/binding'),
  ],
  'device-taint-eviction-controller': [
    rule('read,delete', 'core', 'pods'),
    rule('patch,update', 'core', 'pods/status'),
    rule('read', resource, 'resourceclaims'),
    rule('read', resource, 'resourceslices'),
    rule('read', resource, 'deviceclasses'),
    eventsRule,
  ],
  'generic-garbage-collector': [rule('read,patch,update,delete', '*', '*'), eventsRule],
  'horizontal-pod-autoscaler': [
    rule('read', 'autoscaling', 'horizontalpodautoscalers'),
    rule('update', 'autoscaling', 'horizontalpodautoscalers/status'),
    rule('get,update', '*', '*/scale'),
    rule('list,watch', 'core', 'pods'),
    rule('list,watch', 'metrics.k8s.io', 'pods'),
    rule('read', 'custom.metrics.k8s.io', '*'),
    rule('read', 'external.metrics.k8s.io', '*'),
    eventsRule,
  ],
  'job-controller': [
    rule('read,patch,update', 'batch', 'jobs'),
    rule('update', 'batch', 'jobs/status'),
    rule('update', 'batch', 'jobs/finalizers'),
    rule('list,watch,create,delete,patch', 'core', 'pods'),
    eventsRule,
  ],
  'namespace-controller': [
    rule('read,delete', 'core', 'namespaces'),
    rule('update', 'core', 'namespaces/finalize,namespaces/status'),
    rule('read,delete,deletecollection', '*', '*'),
  ],
  'node-controller': [
    rule('read,delete,patch,update', 'core', 'nodes'),
    rule('patch,update', 'core', 'nodes/status'),
    rule('patch,update', 'core', 'pods/status'),
    rule('read,delete', 'core', 'pods'),
    rule('read', 'coordination.k8s.io', 'leases'),
    eventsRule,
  ],
  'persistent-volume-binder': [
    rule('read,create,delete,update', 'core', 'persistentvolumes'),
    rule('update', 'core', 'persistentvolumes/status'),
    rule('read,update', 'core', 'persistentvolumeclaims'),
    rule('update', 'core', 'persistentvolumeclaims/status'),
    rule('read,create,delete', 'core', 'pods'),
    rule('read', storage, 'storageclasses'),
    rule('list,watch', 'core', 'nodes'),
    eventsRule,
    rule('watch', 'core', 'events'),
  ],
  'pod-garbage-collector': [
    rule('list,watch,delete', 'core', 'pods'),
    rule('read', 'core', 'nodes'),
    rule('patch', 'core', 'pods/status'),
  ],
  'replicaset-controller': [
    rule('read,update', workloads, 'replicasets'),
    rule('update', workloads, 'replicasets/status'),
    rule('update', workloads, 'replicasets/finalizers'),
    rule('list,watch,create,delete,patch', 'core', 'pods'),
    eventsRule,
  ],
  'replication-controller': [
    rule('read,update', 'core', 'replicationcontrollers'),
    rule('update', 'core', 'replicationcontrollers/status'),
    rule('update', 'core', 'replicationcontrollers/finalizers'),
    rule('list,watch,create,delete,patch', 'core', 'pods'),
    eventsRule,
  ],
  'resourcequota-controller': [
    rule('list,watch', '*', '*'),
    rule('update', 'core', 'resourcequotas/status'),
    eventsRule,
  ],
  'route-controller': [
    rule('list,watch', 'core', 'nodes'),
    rule('patch', 'core', 'nodes/status'),
    eventsRule,
  ],
  'service-account-controller': [rule('create', 'core', 'serviceaccounts'), eventsRule],
  'service-controller': [
    rule('read', 'core', 'services'),
    rule('patch,update', 'core', 'services/status'),
    rule('list,watch', 'core', 'nodes'),
    eventsRule,
  ],
  'service-cidrs-controller': [
    rule('read,patch,update', networking, 'servicecidrs'),
    rule('patch,update', networking, 'servicecidrs/finalizers'),
    rule('patch,update', networking, 'servicecidrs/status'),
    rule('read', networking, 'ipaddresses'),
    eventsRule,
  ],
  'statefulset-controller': [
    rule('list,watch', 'core', 'pods'),
    rule('read', 'apps', 'statefulsets'),
    rule('update', 'apps', 'statefulsets/status'),
    rule('update', 'apps', 'statefulsets/finalizers'),
    rule('get,create,delete,patch,update', 'core', 'pods'),
    rule('read,create,delete,patch,update', 'apps', 'controllerrevisions'),
    rule('read,create', 'core', 'persistentvolumeclaims'),
    rule('update,delete', 'core', 'persistentvolumeclaims'),
    rule('update', 'core', 'pods/finalizers'),
    eventsRule,
  ],
  'ttl-controller': [rule('list,watch,patch,update', 'core', 'nodes'), eventsRule],
  'certificate-controller': [
    rule('read,delete', certificates, 'certificatesigningrequests'),
    rule(
      'update',
      certificates,
      'certificatesigningrequests/approval,certificatesigningrequests/status',
    ),
    rule('approve', certificates, 'signers', 'kubernetes.io/kube-apiserver-client-kubelet'),
    rule(
      'sign',
      certificates,
      'signers',
      'kubernetes.io/kube-apiserver-client,kubernetes.io/kube-apiserver-client-kubelet,kubernetes.io/kubelet-serving,kubernetes.io/legacy-unknown',
    ),
    rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
    eventsRule,
  ],
  'pvc-protection-controller': [
    rule('read,update', 'core', 'persistentvolumeclaims'),
    rule('read', 'core', 'pods'),
    eventsRule,
  ],
  'pv-protection-controller': [rule('read,update', 'core', 'persistentvolumes'), eventsRule],
  'volumeattributesclass-protection-controller': [
    rule('read', 'core', 'persistentvolumeclaims'),
    rule('read', 'core', 'persistentvolumes'),
    rule('read,update', storage, 'volumeattributesclasses'),
    eventsRule,
  ],
  'ttl-after-finished-controller': [rule('read,delete', 'batch', 'jobs'), eventsRule],
  'root-ca-cert-publisher': [rule('create,update', 'core', 'configmaps'), eventsRule],
  'validatingadmissionpolicy-status-controller': [
    rule('read', 'admissionregistration.k8s.io', 'validatingadmissionpolicies'),
    rule('get,patch,update', 'admissionregistration.k8s.io', 'validatingadmissionpolicies/status'),
    eventsRule,
  ],
  'legacy-service-account-token-cleaner': [
    rule('get', 'core', 'configmaps', 'kube-apiserver-legacy-service-account-token-tracking'),
    rule('delete,patch', 'core', 'secrets'),
  ],
  'selinux-warning-controller': [
    eventsRule,
    rule('read', 'core', 'persistentvolumes'),
    rule('read', 'core', 'persistentvolumeclaims'),
    rule('read', 'core', 'pods'),
    rule('read', storage, 'csidrivers'),
  ],
};

/** Prefix of the roles of single controllers. */
const controllerPrefix = 'system:controller:';

/** Names of the service accounts in kube-system that controllers run as. */
export const controllerNames: readonly string[] = Object.keys(rulesByController);

/** The cluster role of each controller, bound to the service account of its name. */
export const controllerRoles: readonly ClusterRole[] = Object.entries(rulesByController).map(
  ([name, rules]) => clusterRole(controllerPrefix + name, rules),
);

/** The role of a controller. */
export function controllerRoleName(controller: string): string {
  return controllerPrefix + controller;
}
