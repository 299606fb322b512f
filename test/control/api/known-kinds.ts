/**
 * Every resource of Kubernetes 1.36, one a line: group and version, resource, kind, scope, verbs, and each subresource with its verbs
 * and, where it is not the resource's, its kind. Taken from the published API, not from what the code is built from.
 */
export const knownKinds = `
v1 bindings Binding Namespaced create
v1 componentstatuses ComponentStatus Cluster get,list
v1 configmaps ConfigMap Namespaced ALL
v1 endpoints Endpoints Namespaced ALL
v1 events Event Namespaced ALL
v1 limitranges LimitRange Namespaced ALL
v1 namespaces Namespace Cluster create,delete,get,list,patch,update,watch finalize(update) status(get,patch,update)
v1 nodes Node Cluster ALL proxy(create,delete,get,patch,update>NodeProxyOptions) status(get,patch,update)
v1 persistentvolumeclaims PersistentVolumeClaim Namespaced ALL status(get,patch,update)
v1 persistentvolumes PersistentVolume Cluster ALL status(get,patch,update)
v1 pods Pod Namespaced ALL attach(create,get>PodAttachOptions) binding(create>Binding) ephemeralcontainers(get,patch,update) eviction(create>policy/v1.Eviction) exec(create,get>PodExecOptions) log(get) portforward(create,get>PodPortForwardOptions) proxy(create,delete,get,patch,update>PodProxyOptions) resize(get,patch,update) status(get,patch,update)
v1 podtemplates PodTemplate Namespaced ALL
v1 replicationcontrollers ReplicationController Namespaced ALL scale(get,patch,update>autoscaling/v1.Scale) status(get,patch,update)
v1 resourcequotas ResourceQuota Namespaced ALL status(get,patch,update)
v1 secrets Secret Namespaced ALL
v1 serviceaccounts ServiceAccount Namespaced ALL token(create>authentication.k8s.io/v1.TokenRequest)
v1 services Service Namespaced ALL proxy(create,delete,get,patch,update>ServiceProxyOptions) status(get,patch,update)
admissionregistration.k8s.io/v1 mutatingadmissionpolicies MutatingAdmissionPolicy Cluster ALL
admissionregistration.k8s.io/v1 mutatingadmissionpolicybindings MutatingAdmissionPolicyBinding Cluster ALL
admissionregistration.k8s.io/v1 mutatingwebhookconfigurations MutatingWebhookConfiguration Cluster ALL
admissionregistration.k8s.io/v1 validatingadmissionpolicies ValidatingAdmissionPolicy Cluster ALL status(get,patch,update)
admissionregistration.k8s.io/v1 validatingadmissionpolicybindings ValidatingAdmissionPolicyBinding Cluster ALL
admissionregistration.k8s.io/v1 validatingwebhookconfigurations ValidatingWebhookConfiguration Cluster ALL
admissionregistration.k8s.io/v1alpha1 mutatingadmissionpolicies MutatingAdmissionPolicy Cluster ALL
admissionregistration.k8s.io/v1alpha1 mutatingadmissionpolicybindings MutatingAdmissionPolicyBinding Cluster ALL
admissionregistration.k8s.io/v1beta1 mutatingadmissionpolicies MutatingAdmissionPolicy Cluster ALL
admissionregistration.k8s.io/v1beta1 mutatingadmissionpolicybindings MutatingAdmissionPolicyBinding Cluster ALL
apiextensions.k8s.io/v1 customresourcedefinitions CustomResourceDefinition Cluster ALL status(get,patch,update)
apiregistration.k8s.io/v1 apiservices APIService Cluster ALL status(get,patch,update)
apps/v1 controllerrevisions ControllerRevision Namespaced ALL
apps/v1 daemonsets DaemonSet Namespaced ALL status(get,patch,update)
apps/v1 deployments Deployment Namespaced ALL scale(get,patch,update>autoscaling/v1.Scale) status(get,patch,update)
apps/v1 replicasets ReplicaSet Namespaced ALL scale(get,patch,update>autoscaling/v1.Scale) status(get,patch,update)
apps/v1 statefulsets StatefulSet Namespaced ALL scale(get,patch,update>autoscaling/v1.Scale) status(get,patch,update)
authentication.k8s.io/v1 selfsubjectreviews SelfSubjectReview Cluster create
authentication.k8s.io/v1 tokenreviews TokenReview Cluster create
authorization.k8s.io/v1 localsubjectaccessreviews LocalSubjectAccessReview Namespaced create
authorization.k8s.io/v1 selfsubjectaccessreviews SelfSubjectAccessReview Cluster create
authorization.k8s.io/v1 selfsubjectrulesreviews SelfSubjectRulesReview Cluster create
authorization.k8s.io/v1 subjectaccessreviews SubjectAccessReview Cluster create
autoscaling/v1 horizontalpodautoscalers HorizontalPodAutoscaler Namespaced ALL status(get,patch,update)
autoscaling/v2 horizontalpodautoscalers HorizontalPodAutoscaler Namespaced ALL status(get,patch,update)
batch/v1 cronjobs CronJob Namespaced ALL status(get,patch,update)
batch/v1 jobs Job Namespaced ALL status(get,patch,update)
certificates.k8s.io/v1 certificatesigningrequests CertificateSigningRequest Cluster ALL approval(get,patch,update) status(get,patch,update)
certificates.k8s.io/v1alpha1 clustertrustbundles ClusterTrustBundle Cluster ALL
certificates.k8s.io/v1beta1 clustertrustbundles ClusterTrustBundle Cluster ALL
certificates.k8s.io/v1beta1 podcertificaterequests PodCertificateRequest Namespaced ALL status(get,patch,update)
coordination.k8s.io/v1 leases Lease Namespaced ALL
coordination.k8s.io/v1alpha2 leasecandidates LeaseCandidate Namespaced ALL
coordination.k8s.io/v1beta1 leasecandidates LeaseCandidate Namespaced ALL
discovery.k8s.io/v1 endpointslices EndpointSlice Namespaced ALL
events.k8s.io/v1 events Event Namespaced ALL
flowcontrol.apiserver.k8s.io/v1 flowschemas FlowSchema Cluster ALL status(get,patch,update)
flowcontrol.apiserver.k8s.io/v1 prioritylevelconfigurations PriorityLevelConfiguration Cluster ALL status(get,patch,update)
internal.apiserver.k8s.io/v1alpha1 storageversions StorageVersion Cluster ALL status(get,patch,update)
networking.k8s.io/v1 ingressclasses IngressClass Cluster ALL
networking.k8s.io/v1 ingresses Ingress Namespaced ALL status(get,patch,update)
networking.k8s.io/v1 ipaddresses IPAddress Cluster ALL
networking.k8s.io/v1 networkpolicies NetworkPolicy Namespaced ALL
networking.k8s.io/v1 servicecidrs ServiceCIDR Cluster ALL status(get,patch,update)
networking.k8s.io/v1beta1 ipaddresses IPAddress Cluster ALL
networking.k8s.io/v1beta1 servicecidrs ServiceCIDR Cluster ALL status(get,patch,update)
node.k8s.io/v1 runtimeclasses RuntimeClass Cluster ALL
policy/v1 poddisruptionbudgets PodDisruptionBudget Namespaced ALL status(get,patch,update)
rbac.authorization.k8s.io/v1 clusterrolebindings ClusterRoleBinding Cluster ALL
rbac.authorization.k8s.io/v1 clusterroles ClusterRole Cluster ALL
rbac.authorization.k8s.io/v1 rolebindings RoleBinding Namespaced ALL
rbac.authorization.k8s.io/v1 roles Role Namespaced ALL
resource.k8s.io/v1 deviceclasses DeviceClass Cluster ALL
resource.k8s.io/v1 resourceclaims ResourceClaim Namespaced ALL status(get,patch,update)
resource.k8s.io/v1 resourceclaimtemplates ResourceClaimTemplate Namespaced ALL
resource.k8s.io/v1 resourceslices ResourceSlice Cluster ALL
resource.k8s.io/v1alpha3 devicetaintrules DeviceTaintRule Cluster ALL status(get,patch,update)
resource.k8s.io/v1alpha3 resourcepoolstatusrequests ResourcePoolStatusRequest Cluster ALL status(get,patch,update)
resource.k8s.io/v1beta1 deviceclasses DeviceClass Cluster ALL
resource.k8s.io/v1beta1 resourceclaims ResourceClaim Namespaced ALL status(get,patch,update)
resource.k8s.io/v1beta1 resourceclaimtemplates ResourceClaimTemplate Namespaced ALL
resource.k8s.io/v1beta1 resourceslices ResourceSlice Cluster ALL
resource.k8s.io/v1beta2 deviceclasses DeviceClass Cluster ALL
resource.k8s.io/v1beta2 devicetaintrules DeviceTaintRule Cluster ALL status(get,patch,update)
resource.k8s.io/v1beta2 resourceclaims ResourceClaim Namespaced ALL status(get,patch,update)
resource.k8s.io/v1beta2 resourceclaimtemplates ResourceClaimTemplate Namespaced ALL
resource.k8s.io/v1beta2 resourceslices ResourceSlice Cluster ALL
scheduling.k8s.io/v1 priorityclasses PriorityClass Cluster ALL
scheduling.k8s.io/v1alpha2 podgroups PodGroup Namespaced ALL status(get,patch,update)
scheduling.k8s.io/v1alpha2 workloads Workload Namespaced ALL
storage.k8s.io/v1 csidrivers CSIDriver Cluster ALL
storage.k8s.io/v1 csinodes CSINode Cluster ALL
storage.k8s.io/v1 csistoragecapacities CSIStorageCapacity Namespaced ALL
storage.k8s.io/v1 storageclasses StorageClass Cluster ALL
storage.k8s.io/v1 volumeattachments VolumeAttachment Cluster ALL status(get,patch,update)
storage.k8s.io/v1 volumeattributesclasses VolumeAttributesClass Cluster ALL
storage.k8s.io/v1beta1 volumeattributesclasses VolumeAttributesClass Cluster ALL
storagemigration.k8s.io/v1beta1 storageversionmigrations StorageVersionMigration Cluster ALL status(get,patch,update)
`;

/** What ALL stands for. */
export const allVerbs = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];
