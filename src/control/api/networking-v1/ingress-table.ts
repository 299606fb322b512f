import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import type { Ingress, IngressRule, IngressStatus } from '../gen/networking-v1.js';
import type { TableLayout } from '../kind-definition.js';

const hostsMax = 3;
const addressWidth = 16;
const ellipsis = '...';

function hostsCell(rules: readonly IngressRule[] | undefined): string {
  const hosts: string[] = [];
  let isCut = false;
  for (const { host = '' } of rules ?? []) {
    if (hosts.length === hostsMax) isCut = true;
    else if (host !== '') hosts.push(host);
  }
  if (hosts.length === 0) return '*';
  const shown = hosts.join(',');
  return isCut ? `${shown} + ${(rules?.length ?? 0) - hostsMax} more...` : shown;
}

function addressCell(status: IngressStatus | undefined): string {
  const entries = status?.loadBalancer?.ingress ?? [];
  const found = new Set(entries.flatMap(({ ip, hostname }) => ip || hostname || []));
  const text = [...found].sort().join(',');
  if (text.length <= addressWidth) return text;
  return text.slice(0, addressWidth - ellipsis.length) + ellipsis;
}

/** Ingresses as `kubectl get` shows them. */
export const ingressTable: TableLayout<Ingress> = {
  columns: [
    nameColumn,
    column('Class', 'Which controller it is for.'),
    column('Hosts', 'The hosts that requests are for.'),
    column('Address', 'Where requests are to be sent.'),
    column('Ports', 'The ports that are open.'),
    ageColumn,
  ],
  cells: ({ metadata, spec, status }, nowMs) => [
    metadata.name ?? '',
    spec?.ingressClassName ?? '<none>',
    hostsCell(spec?.rules),
    addressCell(status),
    spec?.tls?.length ? '80, 443' : '80',
    ageOf(metadata.creationTimestamp, nowMs),
  ],
};
