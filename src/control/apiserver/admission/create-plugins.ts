import type { AdmissionPlugin } from '../contracts.js';
import { alwaysAdmit, alwaysDeny } from './plugins/always.js';
import { alwaysPullImages } from './plugins/always-pull-images.js';
import {
  certificateApproval,
  certificateSigning,
  certificateSubjectRestriction,
} from './plugins/certificates.js';
import { clusterTrustBundleAttest } from './plugins/cluster-trust-bundle.js';
import {
  defaultTolerationSeconds,
  type TolerationSecondsOptions,
} from './plugins/default-toleration-seconds.js';
import { type EventRateLimitOptions, eventRateLimit } from './plugins/event-rate-limit.js';
import { limitRanger } from './plugins/limit-ranger.js';
import { namespaceAutoProvision, namespaceExists } from './plugins/namespace-existence.js';
import { namespaceLifecycle } from './plugins/namespace-lifecycle.js';
import { nodeRestriction } from './plugins/node-restriction.js';
import {
  ownerReferencesPermissionEnforcement,
  type ResourceOfKind,
} from './plugins/owner-references.js';
import { type PodNodeSelectorOptions, podNodeSelector } from './plugins/pod-node-selector.js';
import {
  type PodTolerationOptions,
  podTolerationRestriction,
} from './plugins/pod-toleration-restriction.js';
import { priority } from './plugins/priority.js';
import { runtimeClass } from './plugins/runtime-class.js';
import { serviceAccount } from './plugins/service-account.js';
import {
  denyServiceExternalIps,
  extendedResourceToleration,
  limitPodHardAntiAffinityTopology,
  podResizeValidator,
  podTopologyLabels,
} from './plugins/small-pod-plugins.js';
import {
  defaultIngressClass,
  defaultStorageClass,
  persistentVolumeClaimResize,
  storageObjectInUseProtection,
} from './plugins/storage-defaults.js';
import { taintNodesByCondition } from './plugins/taint-nodes-by-condition.js';
import { type PodSecurityOptions, podSecurity } from './pod-security/plugin.js';
import type { LimitedResource } from './quota/limited-resources.js';
import { resourceQuota } from './quota/plugin.js';
import type { AdmissionServices } from './services.js';

/** What single plugins are configured with (--admission-control-config-file and flags of their own). */
export interface PluginOptions {
  readonly tolerationSeconds: TolerationSecondsOptions;
  readonly podSecurity: PodSecurityOptions;
  readonly podNodeSelector: PodNodeSelectorOptions;
  readonly podTolerations: PodTolerationOptions;
  readonly eventRateLimit: EventRateLimitOptions;
  readonly resourceOfKind: ResourceOfKind;
  /** What needs a quota. */
  readonly limitedResources: readonly LimitedResource[];
}

type MakePlugin = (services: AdmissionServices, options: PluginOptions) => AdmissionPlugin;

const makers: Readonly<Record<string, MakePlugin>> = {
  AlwaysAdmit: () => alwaysAdmit,
  NamespaceAutoProvision: namespaceAutoProvision,
  NamespaceLifecycle: namespaceLifecycle,
  NamespaceExists: namespaceExists,
  LimitPodHardAntiAffinityTopology: () => limitPodHardAntiAffinityTopology,
  LimitRanger: limitRanger,
  ServiceAccount: serviceAccount,
  NodeRestriction: nodeRestriction,
  TaintNodesByCondition: () => taintNodesByCondition,
  AlwaysPullImages: () => alwaysPullImages,
  PodSecurity: (services, options) => podSecurity(options.podSecurity, services),
  PodNodeSelector: (services, options) => podNodeSelector(options.podNodeSelector, services),
  Priority: priority,
  DefaultTolerationSeconds: (_, options) => defaultTolerationSeconds(options.tolerationSeconds),
  PodTolerationRestriction: (services, options) =>
    podTolerationRestriction(options.podTolerations, services),
  EventRateLimit: (services, options) => eventRateLimit(options.eventRateLimit, services.clock),
  ExtendedResourceToleration: () => extendedResourceToleration,
  DefaultStorageClass: defaultStorageClass,
  StorageObjectInUseProtection: () => storageObjectInUseProtection,
  OwnerReferencesPermissionEnforcement: (services, options) =>
    ownerReferencesPermissionEnforcement(services, options.resourceOfKind),
  PersistentVolumeClaimResize: persistentVolumeClaimResize,
  RuntimeClass: runtimeClass,
  CertificateApproval: certificateApproval,
  CertificateSigning: certificateSigning,
  ClusterTrustBundleAttest: clusterTrustBundleAttest,
  CertificateSubjectRestriction: () => certificateSubjectRestriction,
  DefaultIngressClass: defaultIngressClass,
  DenyServiceExternalIPs: () => denyServiceExternalIps,
  PodTopologyLabels: podTopologyLabels,
  PodResizeValidator: () => podResizeValidator,
  ResourceQuota: (services, options) => resourceQuota(services, options.limitedResources),
  AlwaysDeny: () => alwaysDeny,
};

/** Plugins that are not made here: webhooks and policies come from their own modules. */
export const pluginsMadeElsewhere: ReadonlySet<string> = new Set([
  'MutatingAdmissionWebhook',
  'ValidatingAdmissionWebhook',
  'MutatingAdmissionPolicy',
  'ValidatingAdmissionPolicy',
  'ImagePolicyWebhook',
]);

/**
 * The plugins of these names (see `enabledPlugins`), in order. `elsewhere` gives those that other modules make; a plugin that it does
 * not give is left out.
 */
export function createPlugins(
  names: readonly string[],
  services: AdmissionServices,
  options: PluginOptions,
  elsewhere: Readonly<Record<string, AdmissionPlugin>> = {},
): readonly AdmissionPlugin[] {
  return names.flatMap((name) => {
    const plugin = makers[name]?.(services, options) ?? elsewhere[name];
    return plugin === undefined ? [] : [plugin];
  });
}
