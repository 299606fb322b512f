import type { Pod } from '../../api/gen/core-v1.js';

const standardEntries = [
  ['127.0.0.1', 'localhost'],
  ['::1', 'localhost ip6-localhost ip6-loopback'],
  ['fe00::0', 'ip6-localnet'],
  ['fe00::0', 'ip6-mcastprefix'],
  ['fe00::1', 'ip6-allnodes'],
  ['fe00::2', 'ip6-allrouters'],
] as const;

/** The name that a pod's containers have, and the domain that it is in ('' without). Pure. */
export function podHostname(
  { metadata, spec }: Pod,
  clusterDomain: string,
): { readonly hostname: string; readonly domain: string } {
  const given = spec?.hostnameOverride ?? spec?.hostname ?? '';
  const hostname = given === '' ? (metadata.name ?? '').slice(0, 63).replace(/[-.]+$/, '') : given;
  const { subdomain = '' } = spec ?? {};
  const isNamed = subdomain !== '' && spec?.hostnameOverride === undefined;
  const domain = isNamed ? `${subdomain}.${metadata.namespace}.svc.${clusterDomain}` : '';
  return { hostname, domain };
}

/** `/etc/hosts` of a pod's containers. `ofNode`: the node's own, for pods of its network. Pure. */
export function hostsFile(
  pod: Pod,
  ips: readonly string[],
  { clusterDomain, ofNode }: { readonly clusterDomain: string; readonly ofNode: string },
): string {
  const lines: string[] = [];
  if (pod.spec?.hostNetwork === true) {
    lines.push('# Kubernetes-managed hosts file (host network).', ofNode.replace(/\n$/, ''));
  } else {
    const { hostname, domain } = podHostname(pod, clusterDomain);
    lines.push('# Kubernetes-managed hosts file.');
    for (const [ip, names] of standardEntries) lines.push(`${ip}\t${names}`);
    const names = domain === '' ? hostname : `${hostname}.${domain}\t${hostname}`;
    for (const ip of ips) lines.push(`${ip}\t${names}`);
  }
  const { hostAliases = [] } = pod.spec ?? {};
  if (hostAliases.length > 0) lines.push('', '# Entries added by HostAliases.');
  for (const { ip = '', hostnames = [] } of hostAliases) {
    lines.push(`${ip}\t${hostnames.join('\t')}`);
  }
  return `${lines.join('\n')}\n`;
}
