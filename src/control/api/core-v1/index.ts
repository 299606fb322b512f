import type { KindDefinition } from '../kind-definition.js';
import { configMapKind } from './config-map.js';
import { endpointsKind } from './endpoints.js';
import { eventKind } from './event.js';
import { limitRangeKind } from './limit-range.js';
import { namespaceKind } from './namespace.js';
import { nodeKind } from './node.js';
import { persistentVolumeKind } from './persistent-volume.js';
import { persistentVolumeClaimKind } from './persistent-volume-claim.js';
import { podKind } from './pod/rules.js';
import { podTemplateKind } from './pod-template.js';
import { replicationControllerKind } from './replication-controller.js';
import { resourceQuotaKind } from './resource-quota.js';
import { secretKind } from './secret.js';
import { serviceKind } from './service/rules.js';
import { serviceAccountKind } from './service-account.js';
import { bindingKind, componentStatusKind } from './small-kinds.js';

export { validateEphemeralContainersUpdate, validatePodResize } from './pod/subresources.js';
export { checkClusterIps } from './service/cluster-ips.js';
export { validateBinding } from './small-kinds.js';

/** The rules of all kinds of the core group. */
export const kinds: readonly KindDefinition[] = [
  bindingKind,
  componentStatusKind,
  configMapKind,
  endpointsKind,
  eventKind,
  limitRangeKind,
  namespaceKind,
  nodeKind,
  persistentVolumeKind,
  persistentVolumeClaimKind,
  podKind,
  podTemplateKind,
  replicationControllerKind,
  resourceQuotaKind,
  secretKind,
  serviceKind,
  serviceAccountKind,
];
