import type { Service, ServicePort } from '../../gen/core-v1.js';
import type { TableLayout } from '../../kind-definition.js';
import { ageColumn, ageOf, column, labelsCell, nameColumn, wideColumn } from '../table.js';

/** How `kubectl get services` shows a service. */
export const serviceTable: TableLayout<Service> = {
  columns: [
    nameColumn,
    column('Type', 'How the service can be reached.'),
    column('Cluster-IP', 'The address within the cluster.'),
    column('External-IP', 'The addresses for the outside.'),
    column('Port(s)', 'The ports of the service, and those of the nodes.'),
    ageColumn,
    wideColumn('Selector', 'The labels of the pods that are reached.'),
  ],
  cells: (service, nowMs) => {
    const { metadata, spec } = service;
    return [
      metadata.name ?? '',
      spec?.type ?? '',
      spec?.clusterIPs?.[0] ?? '<none>',
      externalIps(service),
      portsCell(spec?.ports),
      ageOf(metadata.creationTimestamp, nowMs),
      labelsCell(spec?.selector),
    ];
  },
};

function externalIps({ spec, status }: Service): string {
  const own = spec?.externalIPs ?? [];
  switch (spec?.type) {
    case 'ClusterIP':
    case 'NodePort':
      return own.length === 0 ? '<none>' : own.join(',');
    case 'LoadBalancer': {
      const ingress = status?.loadBalancer?.ingress ?? [];
      const balancers = new Set(ingress.map(({ ip, hostname }) => ip || (hostname ?? '')));
      balancers.delete('');
      const all = [...[...balancers].sort(), ...own];
      return all.length === 0 ? '<pending>' : all.join(',');
    }
    case 'ExternalName':
      return spec.externalName ?? '';
    default:
      return '<unknown>';
  }
}

function portsCell(ports: readonly ServicePort[] | undefined): string {
  if (!ports?.length) return '<none>';
  return ports
    .map(({ port = 0, nodePort, protocol = '' }) =>
      nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
    )
    .join(',');
}
