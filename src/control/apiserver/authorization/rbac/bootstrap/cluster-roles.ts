import type { ClusterRole, PolicyRule } from '../../../../api/gen/rbac-v1.js';
import {
  aggregatedClusterRole,
  aggregateTo,
  clusterRole,
  eventsRule,
  rule,
  urls,
} from './role-builder.js';

const authn = 'authentication.k8s.io';
const authz = 'authorization.k8s.io';
const certificates = 'certificates.k8s.io';
const coordination = 'coordination.k8s.io';
const networking = 'networking.k8s.io';
const rbac = 'rbac.authorization.k8s.io';
const resource = 'resource.k8s.io';
const storage = 'storage.k8s.io';

/** What kubelets may do; the Node authorizer narrows it down to what a node's own pods use. */
export const nodeRules: readonly PolicyRule[] = [
  rule('create', authn, 'tokenreviews'),
  rule('create', authz, 'subjectaccessreviews,localsubjectaccessreviews'),
  rule('read', 'core', 'services'),
  rule('create,read', 'core', 'nodes'),
  rule('update,patch', 'core', 'nodes/status'),
  rule('update,patch', 'core', 'nodes'),
  rule('create,update,patch', 'core', 'events'),
  rule('read', 'core', 'pods'),
  rule('create,delete', 'core', 'pods'),
  rule('update,patch', 'core', 'pods/status'),
  rule('create', 'core', 'pods/eviction'),
  rule('read', 'core', 'secrets,configmaps'),
  rule('get', 'core', 'persistentvolumeclaims,persistentvolumes'),
  rule('get', 'core', 'endpoints'),
  rule('create,read', certificates, 'certificatesigningrequests'),
  rule('get,create,update,patch,delete', coordination, 'leases'),
  rule('get', storage, 'volumeattachments'),
  rule('create', 'core', 'serviceaccounts/token'),
  rule('get,update,patch', 'core', 'persistentvolumeclaims/status'),
  rule('read', storage, 'csidrivers'),
  rule('get,create,update,patch,delete', storage, 'csinodes'),
  rule('read', 'node.k8s.io', 'runtimeclasses'),
  rule('get', resource, 'resourceclaims'),
  rule('deletecollection', resource, 'resourceslices'),
  rule('get', 'core', 'serviceaccounts'),
];

const editRules: readonly PolicyRule[] = [
  rule('read', 'core', 'pods/attach,pods/proxy,pods/exec,pods/portforward,secrets,services/proxy'),
  rule('impersonate', 'core', 'serviceaccounts'),
  rule('write', 'core', 'pods,pods/attach,pods/proxy,pods/exec,pods/portforward'),
  rule('create', 'core', 'pods/eviction'),
  rule(
    'write',
    'core',
    'configmaps,events,persistentvolumeclaims,replicationcontrollers,replicationcontrollers/scale,secrets,serviceaccounts,services,services/proxy',
  ),
  rule('create', 'core', 'serviceaccounts/token'),
  rule(
    'write',
    'apps',
    'daemonsets,deployments,deployments/rollback,deployments/scale,replicasets,replicasets/scale,statefulsets,statefulsets/scale',
  ),
  rule('write', 'autoscaling', 'horizontalpodautoscalers'),
  rule('write', 'batch', 'cronjobs,jobs'),
  rule(
    'write',
    'extensions',
    'daemonsets,deployments,deployments/rollback,deployments/scale,ingresses,networkpolicies,replicasets,replicasets/scale,replicationcontrollers/scale',
  ),
  rule('write', 'policy', 'poddisruptionbudgets'),
  rule('write', networking, 'ingresses,networkpolicies'),
  rule('readwrite', coordination, 'leases'),
  rule('write', resource, 'resourceclaims,resourceclaimtemplates'),
];

const viewRules: readonly PolicyRule[] = [
  rule(
    'read',
    'core',
    'configmaps,endpoints,persistentvolumeclaims,persistentvolumeclaims/status,pods,replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,services/status',
  ),
  rule(
    'read',
    'core',
    'bindings,events,limitranges,namespaces/status,pods/log,pods/status,replicationcontrollers/status,resourcequotas,resourcequotas/status',
  ),
  rule('read', 'core', 'namespaces'),
  rule('read', 'discovery.k8s.io', 'endpointslices'),
  rule(
    'read',
    'apps',
    'controllerrevisions,daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,replicasets,replicasets/scale,replicasets/status,statefulsets,statefulsets/scale,statefulsets/status',
  ),
  rule('read', 'autoscaling', 'horizontalpodautoscalers,horizontalpodautoscalers/status'),
  rule('read', 'batch', 'cronjobs,cronjobs/status,jobs,jobs/status'),
  rule(
    'read',
    'extensions',
    'daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,ingresses,ingresses/status,networkpolicies,replicasets,replicasets/scale,replicasets/status,replicationcontrollers/scale',
  ),
  rule('read', 'policy', 'poddisruptionbudgets,poddisruptionbudgets/status'),
  rule('read', networking, 'ingresses,ingresses/status,networkpolicies'),
  rule('read', resource, 'resourceclaims,resourceclaims/status,resourceclaimtemplates'),
];

const controllerManagerRules: readonly PolicyRule[] = [
  eventsRule,
  rule('create', coordination, 'leases'),
  rule('get,update', coordination, 'leases', 'kube-controller-manager'),
  rule('create', 'core', 'secrets,serviceaccounts'),
  rule('delete', 'core', 'secrets'),
  rule('get', 'core', 'configmaps,namespaces,secrets,serviceaccounts'),
  rule('update', 'core', 'secrets,serviceaccounts'),
  rule('create', authn, 'tokenreviews'),
  rule('create', authz, 'subjectaccessreviews'),
  rule('list,watch', '*', '*'),
  rule('create', 'core', 'serviceaccounts/token'),
];

const schedulerRules: readonly PolicyRule[] = [
  eventsRule,
  rule('create', coordination, 'leases'),
  rule('get,update,list,watch', coordination, 'leases', 'kube-scheduler'),
  rule('readwrite', coordination, 'leasecandidates'),
  rule('read', 'core', 'nodes'),
  rule('read,delete', 'core', 'pods'),
  rule('create', 'core', 'bindings,pods/binding'),
  rule('patch,update', 'core', 'pods/status'),
  rule('read', 'core', 'replicationcontrollers,services'),
  rule('read', 'apps,extensions', 'replicasets'),
  rule('read', 'apps', 'statefulsets'),
  rule('read', 'policy', 'poddisruptionbudgets'),
  rule('read', 'core', 'persistentvolumeclaims,persistentvolumes'),
  rule('create', authn, 'tokenreviews'),
  rule('create', authz, 'subjectaccessreviews'),
  rule('read', storage, 'csinodes'),
  rule('read', storage, 'volumeattachments'),
  rule('read', 'core', 'namespaces'),
  rule('read', storage, 'csidrivers'),
  rule('read', storage, 'csistoragecapacities'),
  rule('read', resource, 'deviceclasses'),
  rule('read,patch,update', resource, 'resourceclaims'),
  rule('read,patch,update', resource, 'resourceclaims/status'),
  rule('read,patch,update', 'core', 'pods/finalizers'),
  rule('read', resource, 'resourceslices'),
];

const healthPaths = ['/livez', '/readyz', '/healthz', '/version', '/version/'];

/** The cluster roles that every cluster has, but those of single controllers. */
export const clusterRoles: readonly ClusterRole[] = [
  clusterRole('cluster-admin', [rule('*', '*', '*'), urls('*', '*')]),
  clusterRole('system:discovery', [
    urls('get', ...healthPaths, '/openapi', '/openapi/*', '/api', '/api/*', '/apis', '/apis/*'),
  ]),
  clusterRole('system:monitoring', [
    urls(
      'get',
      '/metrics',
      '/metrics/slis',
      '/livez',
      '/readyz',
      '/healthz',
      '/livez/*',
      '/readyz/*',
      '/healthz/*',
    ),
    urls('get', '/flagz'),
    urls('get', '/statusz'),
  ]),
  clusterRole('system:basic-user', [
    rule('create', authz, 'selfsubjectaccessreviews,selfsubjectrulesreviews'),
    rule('create', authn, 'selfsubjectreviews'),
  ]),
  clusterRole('system:public-info-viewer', [urls('get', ...healthPaths)]),
  aggregatedClusterRole('admin', 'admin'),
  aggregatedClusterRole('edit', 'edit', aggregateTo('admin')),
  aggregatedClusterRole('view', 'view', aggregateTo('edit')),
  clusterRole(
    'system:aggregate-to-admin',
    [
      rule('create', authz, 'localsubjectaccessreviews'),
      rule('readwrite', rbac, 'roles,rolebindings'),
    ],
    aggregateTo('admin'),
  ),
  clusterRole('system:aggregate-to-edit', editRules, aggregateTo('edit')),
  clusterRole('system:aggregate-to-view', viewRules, aggregateTo('view')),
  clusterRole('system:heapster', [
    rule('read', 'core', 'events,namespaces,nodes,pods'),
    rule('read', 'extensions', 'deployments'),
  ]),
  clusterRole('system:node', nodeRules),
  clusterRole('system:node-problem-detector', [
    rule('get', 'core', 'nodes'),
    rule('patch', 'core', 'nodes/status'),
    eventsRule,
  ]),
  clusterRole('system:kubelet-api-admin', [
    rule('read', 'core', 'nodes'),
    rule('proxy', 'core', 'nodes'),
    rule('*', 'core', 'nodes/proxy,nodes/metrics,nodes/stats,nodes/log'),
    rule('*', 'core', 'nodes/configz,nodes/healthz,nodes/pods'),
  ]),
  clusterRole('system:node-bootstrapper', [
    rule('create,read', certificates, 'certificatesigningrequests'),
  ]),
  clusterRole('system:auth-delegator', [
    rule('create', authn, 'tokenreviews'),
    rule('create', authz, 'subjectaccessreviews'),
  ]),
  clusterRole('system:kube-aggregator', [rule('read', 'core', 'endpoints,services')]),
  clusterRole('system:kube-controller-manager', controllerManagerRules),
  clusterRole('system:kube-dns', [rule('list,watch', 'core', 'endpoints,services')]),
  clusterRole('system:persistent-volume-provisioner', [
    rule('read,create,delete', 'core', 'persistentvolumes'),
    rule('read,update', 'core', 'persistentvolumeclaims'),
    rule('read', storage, 'storageclasses'),
    rule('watch', 'core', 'events'),
    eventsRule,
  ]),
  clusterRole('system:certificates.k8s.io:certificatesigningrequests:nodeclient', [
    rule('create', certificates, 'certificatesigningrequests/nodeclient'),
  ]),
  clusterRole('system:certificates.k8s.io:certificatesigningrequests:selfnodeclient', [
    rule('create', certificates, 'certificatesigningrequests/selfnodeclient'),
  ]),
  clusterRole('system:volume-scheduler', [
    rule('read,patch,update', 'core', 'persistentvolumes'),
    rule('read', storage, 'storageclasses'),
    rule('read,patch,update', 'core', 'persistentvolumeclaims'),
  ]),
  ...[
    ['legacy-unknown-approver', 'kubernetes.io/legacy-unknown'],
    ['kubelet-serving-approver', 'kubernetes.io/kubelet-serving'],
    ['kube-apiserver-client-approver', 'kubernetes.io/kube-apiserver-client'],
    ['kube-apiserver-client-kubelet-approver', 'kubernetes.io/kube-apiserver-client-kubelet'],
  ].map(([name = '', signer = '']) =>
    clusterRole(`system:certificates.k8s.io:${name}`, [
      rule('approve', certificates, 'signers', signer),
    ]),
  ),
  clusterRole('system:service-account-issuer-discovery', [
    urls(
      'get',
      '/.well-known/openid-configuration',
      '/.well-known/openid-configuration/',
      '/openid/v1/jwks',
      '/openid/v1/jwks/',
    ),
  ]),
  clusterRole('system:node-proxier', [
    rule('list,watch', 'core', 'endpoints,services'),
    rule('read', 'core', 'nodes'),
    eventsRule,
    rule('list,watch', networking, 'servicecidrs'),
    rule('list,watch', 'discovery.k8s.io', 'endpointslices'),
  ]),
  clusterRole('system:kube-scheduler', schedulerRules),
];
