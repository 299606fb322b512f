/** All admission plugins of Kubernetes 1.36 in the order in which they run, with whether they are on by default. */
const plugins: readonly (readonly [name: string, isDefault: boolean])[] = [
  ['AlwaysAdmit', false],
  ['NamespaceAutoProvision', false],
  ['NamespaceLifecycle', true],
  ['NamespaceExists', false],
  ['LimitPodHardAntiAffinityTopology', false],
  ['LimitRanger', true],
  ['ServiceAccount', true],
  ['NodeRestriction', false],
  ['TaintNodesByCondition', true],
  ['AlwaysPullImages', false],
  ['ImagePolicyWebhook', false],
  ['PodSecurity', true],
  ['PodNodeSelector', false],
  ['Priority', true],
  ['DefaultTolerationSeconds', true],
  ['PodTolerationRestriction', false],
  ['EventRateLimit', false],
  ['ExtendedResourceToleration', false],
  ['DefaultStorageClass', true],
  ['StorageObjectInUseProtection', true],
  ['OwnerReferencesPermissionEnforcement', false],
  ['PersistentVolumeClaimResize', true],
  ['RuntimeClass', true],
  ['CertificateApproval', true],
  ['CertificateSigning', true],
  ['ClusterTrustBundleAttest', true],
  ['CertificateSubjectRestriction', true],
  ['DefaultIngressClass', true],
  ['DenyServiceExternalIPs', false],
  ['PodTopologyLabels', true],
  ['PodResizeValidator', true],
  ['MutatingAdmissionPolicy', true],
  ['MutatingAdmissionWebhook', true],
  ['ValidatingAdmissionPolicy', true],
  ['ValidatingAdmissionWebhook', true],
  ['ResourceQuota', true],
  ['AlwaysDeny', false],
];

/** In order. */
export const pluginNames: readonly string[] = plugins.map(([name]) => name);

/** A flag that names plugins wrongly. */
export class PluginFlagError extends Error {
  override readonly name = 'PluginFlagError';
}

/**
 * The plugins that run, in order: those on by default and those that --enable-admission-plugins adds, without those that
 * --disable-admission-plugins takes away. Throws {@link PluginFlagError}.
 */
export function enabledPlugins(flags: {
  readonly enable: readonly string[];
  readonly disable: readonly string[];
}): readonly string[] {
  for (const [flag, names] of [
    ['enable-admission-plugins', flags.enable],
    ['disable-admission-plugins', flags.disable],
  ] as const) {
    const unknown = names.find((name) => !pluginNames.includes(name));
    if (unknown !== undefined)
      throw new PluginFlagError(`${flag} plugin ${JSON.stringify(unknown)} is unknown`);
  }
  const both = flags.enable.filter((name) => flags.disable.includes(name));
  if (both.length > 0) {
    throw new PluginFlagError(
      `[${both.join(' ')}] in enable-admission-plugins and disable-admission-plugins overlapped`,
    );
  }
  return plugins
    .filter(
      ([name, isDefault]) =>
        (isDefault || flags.enable.includes(name)) && !flags.disable.includes(name),
    )
    .map(([name]) => name);
}
