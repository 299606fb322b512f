import { attachDetachDefinition } from './attach-detach/definition.js';
import { bootstrapSignerDefinition } from './bootstrap-signer/definition.js';
import { certificateApprovingDefinition } from './certificate-approving/definition.js';
import { certificateCleanerDefinition } from './certificate-cleaner/definition.js';
import { certificateSigningDefinition } from './certificate-signing/definition.js';
import { clusterRoleAggregationDefinition } from './cluster-role-aggregation/definition.js';
import type { ControllerDefinition } from './controller.js';
import { cronJobDefinition } from './cron-job/definition.js';
import { daemonSetDefinition } from './daemon-set/definition.js';
import { deploymentDefinition } from './deployment/definition.js';
import { disruptionDefinition } from './disruption/definition.js';
import { endpointSliceDefinition } from './endpoint-slice/definition.js';
import { endpointSliceMirroringDefinition } from './endpoint-slice-mirroring/definition.js';
import { endpointsDefinition } from './endpoints/definition.js';
import { ephemeralVolumeDefinition } from './ephemeral-volume/definition.js';
import { garbageCollectorDefinition } from './garbage-collector/definition.js';
import { horizontalPodAutoscalerDefinition } from './horizontal-pod-autoscaler/definition.js';
import { hostPathCleanerDefinition } from './host-path-cleaner/definition.js';
import { jobDefinition } from './job/definition.js';
import { legacyTokenCleanerDefinition } from './legacy-token-cleaner/definition.js';
import { namespaceDefinition } from './namespace/definition.js';
import { nodeIpamDefinition } from './node-ipam/definition.js';
import { nodeLifecycleDefinition } from './node-lifecycle/definition.js';
import { nodeTtlDefinition } from './node-ttl/definition.js';
import { volumeBinderDefinition } from './persistent-volume-binder/definition.js';
import { volumeExpanderDefinition } from './persistent-volume-expander/definition.js';
import { podGarbageCollectorDefinition } from './pod-garbage-collector/definition.js';
import { replicaSetDefinition } from './replica-set/definition.js';
import { replicationControllerDefinition } from './replication-controller/definition.js';
import { resourceClaimDefinition } from './resource-claim/definition.js';
import { resourceQuotaDefinition } from './resource-quota/definition.js';
import { rootCaDefinition } from './root-ca/definition.js';
import { serviceAccountDefinition } from './service-account/definition.js';
import { serviceAccountTokenDefinition } from './service-account-token/definition.js';
import { serviceCidrDefinition } from './service-cidr/definition.js';
import { serviceLoadBalancerDefinition } from './service-load-balancer/definition.js';
import { statefulSetDefinition } from './stateful-set/definition.js';
import {
  attributesClassProtectionDefinition,
  claimProtectionDefinition,
  volumeProtectionDefinition,
} from './storage-protection/definition.js';
import { taintEvictionDefinition } from './taint-eviction/definition.js';
import { tokenCleanerDefinition } from './token-cleaner/definition.js';
import { ttlAfterFinishedDefinition } from './ttl-after-finished/definition.js';
import { policyStatusDefinition } from './validating-admission-policy-status/definition.js';

/**
 * Every controller of the controller manager, in the order in which they start. One row a controller; docs/controller-manager.md lists them
 * (UPDATE=1 with test/cmd/controller-manager/doc.test.ts writes it).
 */
export const controllerTable: readonly ControllerDefinition[] = [
  serviceAccountDefinition,
  rootCaDefinition,
  namespaceDefinition,
  garbageCollectorDefinition,
  replicaSetDefinition,
  replicationControllerDefinition,
  deploymentDefinition,
  statefulSetDefinition,
  daemonSetDefinition,
  jobDefinition,
  cronJobDefinition,
  ttlAfterFinishedDefinition,
  podGarbageCollectorDefinition,
  disruptionDefinition,
  horizontalPodAutoscalerDefinition,
  resourceQuotaDefinition,
  serviceAccountTokenDefinition,
  legacyTokenCleanerDefinition,
  endpointsDefinition,
  endpointSliceDefinition,
  endpointSliceMirroringDefinition,
  volumeBinderDefinition,
  volumeExpanderDefinition,
  hostPathCleanerDefinition,
  claimProtectionDefinition,
  volumeProtectionDefinition,
  attributesClassProtectionDefinition,
  ephemeralVolumeDefinition,
  attachDetachDefinition,
  resourceClaimDefinition,
  nodeLifecycleDefinition,
  taintEvictionDefinition,
  nodeTtlDefinition,
  serviceLoadBalancerDefinition,
  nodeIpamDefinition,
  certificateSigningDefinition,
  certificateApprovingDefinition,
  certificateCleanerDefinition,
  clusterRoleAggregationDefinition,
  serviceCidrDefinition,
  policyStatusDefinition,
  bootstrapSignerDefinition,
  tokenCleanerDefinition,
];
