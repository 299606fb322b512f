import { metricsServiceName } from '../../control/metrics-api/index.js';
import type { CertificateRow } from '../credentials/certificate-row.js';
import { apiServiceAddress, type ClusterNetwork, gatewayAddress } from './cluster-network.js';
import { bare, type PlannedNode } from './nodes/planned-node.js';

/** The certificate that a node's kubelet shows to the API server. */
export function kubeletCertificate({ name }: PlannedNode): string {
  return `kubelet-${name}`;
}

/** The certificate that a node's kubelet is known to the API server by. */
export function kubeletClientCertificate({ name }: PlannedNode): string {
  return `kubelet-client-${name}`;
}

/** All certificates of a cluster, as Kubernetes' clusters have them: who is who is told by common names and organizations. */
export function certificateRows(
  network: ClusterNetwork,
  nodes: readonly PlannedNode[],
): readonly CertificateRow[] {
  return [
    {
      ...{ name: 'apiserver', authority: 'ca', use: 'server', commonName: 'kube-apiserver' },
      names: apiServerNames(network),
    },
    client('apiserver-kubelet-client', 'kube-apiserver-kubelet-client', 'system:masters'),
    { ...client('front-proxy-client', 'front-proxy-client'), authority: 'front-proxy-ca' },
    client('admin', 'kubernetes-admin', 'system:masters'),
    // Its controllers act as one user, who needs what all of them do.
    client('controller-manager', 'system:kube-controller-manager', 'system:masters'),
    client('scheduler', 'system:kube-scheduler'),
    client('proxy', 'system:kube-proxy', 'system:node-proxier'),
    client('dns', 'flotilla:dns'),
    client('metrics-server', 'flotilla:metrics-server'),
    {
      ...{ name: 'metrics-server-serving', authority: 'ca', use: 'server' },
      ...{ commonName: metricsServiceName, names: [metricsServiceName, 'localhost'] },
    },
    ...nodes.flatMap(nodeRows),
  ];
}

function nodeRows(node: PlannedNode): readonly CertificateRow[] {
  const user = `system:node:${node.name}`;
  const organizations = ['system:nodes'];
  return [
    client(kubeletClientCertificate(node), user, ...organizations),
    {
      ...{ name: kubeletCertificate(node), authority: 'ca', use: 'server', commonName: user },
      ...{ organizations, names: [node.name, ...node.addresses.map(bare)] },
    },
  ];
}

function client(
  name: string,
  commonName: string,
  ...organizations: readonly string[]
): CertificateRow {
  return { name, authority: 'ca', use: 'client', commonName, organizations };
}

function apiServerNames(network: ClusterNetwork): readonly string[] {
  const service = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  return [
    ...['localhost', ...service, 'kubernetes.default.svc.cluster.local'],
    ...['127.0.0.1', '::1', apiServiceAddress(network), gatewayAddress(network)],
  ];
}
