import type { ClusterView } from '../cluster-view.js';
import { type PodNames, resolvePod } from './pod-names.js';
import { addressRecords, type ZoneRecord } from './record.js';
import { empty, noName, notOurs, type Resolution, recordsOf } from './resolution.js';
import { resolveReverse } from './reverse.js';
import { resolveService } from './service-names.js';

/** The zone and what is said about itself. */
export interface ZoneOptions {
  /** In lower case, without the dot at the end: `cluster.local`. */
  readonly zone: string;
  readonly podNames: PodNames;
  /** Addresses of this name server: of `ns.dns.` and the zone. */
  readonly serverIps: readonly string[];
}

/** The version of the schema of names that this follows. */
const schemaVersion = '1.1.0';

/** What a name stands for; Kubernetes' DNS-based service discovery, version 1.1.0. `name` is in lower case, without the dot at the end. */
export function resolveName(name: string, view: ClusterView, options: ZoneOptions): Resolution {
  const { zone, serverIps } = options;
  if (name.endsWith('.arpa')) return resolveReverse(name, view, zone);
  if (name === zone)
    return recordsOf([{ type: 'NS', name, target: `ns.dns.${zone}` }], nameServer(options));
  if (!name.endsWith(`.${zone}`)) return notOurs;
  const labels = name.slice(0, -zone.length - 1).split('.');
  switch (labels.at(-1)) {
    case 'dns-version':
      return labels.length === 1 ? recordsOf([{ type: 'TXT', name, text: schemaVersion }]) : noName;
    case 'dns':
      if (labels.length === 1) return empty;
      return labels.length === 2 && labels[0] === 'ns'
        ? recordsOf(addressRecords(name, serverIps))
        : noName;
    case 'svc':
      return resolveService({ name, labels: labels.slice(0, -1), zone }, view);
    case 'pod':
      return resolvePod({ name, labels: labels.slice(0, -1) }, view, options.podNames);
    default:
      return noName;
  }
}

function nameServer({ zone, serverIps }: ZoneOptions): ZoneRecord[] {
  return addressRecords(`ns.dns.${zone}`, serverIps);
}
