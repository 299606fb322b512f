import type { Pod } from '../../api/gen/core-v1.js';
import type { DnsConfig } from '../runtime/container-runtime.js';

/** Whom pods ask for names. */
export interface DnsSettings {
  readonly clusterDns: readonly string[];
  /** '' without. */
  readonly clusterDomain: string;
}

const serversMax = 3;
const searchesMax = 32;

/** What `resolv.conf` says; lines that mean nothing here are left out. */
export function parseResolvConf(text: string): DnsConfig {
  const servers: string[] = [];
  let searches: string[] = [];
  let options: string[] = [];
  for (const line of text.split('\n')) {
    const [word, ...rest] = line.trim().split(/\s+/);
    if (word === 'nameserver' && rest[0] !== undefined) servers.push(rest[0]);
    else if (word === 'search') searches = rest.map((each) => each.replace(/(?<=.)\.$/, ''));
    else if (word === 'options') options = rest;
  }
  return { servers, searches, options };
}

/** The name resolution of a pod by its policy, and its own configuration on top. Pure. */
export function podDns({ spec, metadata }: Pod, host: DnsConfig, settings: DnsSettings): DnsConfig {
  const policy = spec?.dnsPolicy ?? 'ClusterFirst';
  const isOfHost = spec?.hostNetwork === true;
  const isCluster =
    policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !isOfHost);
  let base: DnsConfig = host;
  if (policy === 'None') base = { servers: [], searches: [], options: [] };
  else if (isCluster && settings.clusterDns.length > 0) {
    base = clusterDns(metadata.namespace ?? '', host, settings);
  }
  const { nameservers = [], searches = [], options = [] } = spec?.dnsConfig ?? {};
  const wanted = options.map(({ name = '', value }) =>
    value === undefined ? name : `${name}:${value}`,
  );
  return {
    servers: unique([...base.servers, ...nameservers]).slice(0, serversMax),
    searches: unique([...base.searches, ...searches]).slice(0, searchesMax),
    options: mergedOptions(base.options, wanted),
  };
}

function clusterDns(namespace: string, host: DnsConfig, settings: DnsSettings): DnsConfig {
  const { clusterDomain: domain } = settings;
  const own = domain === '' ? [] : [`${namespace}.svc.${domain}`, `svc.${domain}`, domain];
  return {
    servers: settings.clusterDns,
    searches: [...own, ...host.searches],
    options: ['ndots:5'],
  };
}

/** The pod's own take the place of those of the same name. */
function mergedOptions(base: readonly string[], own: readonly string[]): readonly string[] {
  const nameOf = (option: string) => option.split(':')[0];
  const names = new Set(own.map(nameOf));
  return [...base.filter((option) => !names.has(nameOf(option))), ...own];
}

function unique(list: readonly string[]): string[] {
  return [...new Set(list)];
}
