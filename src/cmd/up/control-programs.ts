import type { ClusterFiles } from './cluster-files.js';
import {
  type ClusterNetwork,
  dnsServiceAddress,
  gatewayAddress,
  podCidrs,
  serviceCidrs,
} from './cluster-network.js';
import { type ClusterPlan, storeUrls } from './plan.js';
import type { ProgramSpec } from './program-spec.js';
import { ownCommand } from './supervised-program.js';

/** What the programs of a control plane are started with. */
export interface ControlPlan {
  readonly plan: ClusterPlan;
  readonly network: ClusterNetwork;
  /** Where the API is reached. */
  readonly apiPort: number;
  /** Where each API server listens: one is reached itself, several are behind a front. */
  readonly serverPorts: readonly number[];
  readonly files: ClusterFiles;
  /** The machine has an address that nodes in namespaces reach. */
  readonly areNodesApart: boolean;
  /** Where volumes are made for claims. */
  readonly volumesDir: string;
  /** Of each program of which one leads. */
  readonly replicas: number;
}

/** The API servers, and the front of several. */
export function apiServerPrograms(control: ControlPlan): readonly ProgramSpec[] {
  const { serverPorts } = control;
  const servers = serverPorts.map((port, index) =>
    apiServerProgram(control, port, numbered('apiserver', index)),
  );
  return servers.length === 1 ? servers : [...servers, frontProgram(control)];
}

function apiServerProgram(control: ControlPlan, port: number, name: string): ProgramSpec {
  const { plan, network, apiPort, files, areNodesApart } = control;
  const { certificates } = files;
  const gateway = gatewayAddress(network);
  const isBehindFront = control.serverPorts.length > 1;
  const pair = (flag: { readonly cert: string; readonly key: string }, name: string) => [
    `--${flag.cert}=${certificates.certFile(name)}`,
    `--${flag.key}=${certificates.keyFile(name)}`,
  ];
  const flags = [
    `--etcd-servers=${storeUrls(plan).join(',')}`,
    `--bind-address=${areNodesApart && !isBehindFront ? `127.0.0.1,${gateway}` : '127.0.0.1'}`,
    // Loopback addresses are no endpoints: without networks of their own pods do not reach it by its service.
    `--advertise-address=${areNodesApart ? gateway : '127.0.0.1'}`,
    `--secure-port=${port}`,
    `--advertise-port=${apiPort}`,
    ...pair({ cert: 'tls-cert-file', key: 'tls-private-key-file' }, 'apiserver'),
    `--client-ca-file=${certificates.certFile('ca')}`,
    `--service-cluster-ip-range=${serviceCidrs(network)}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-signing-key-file=${files.signingKeyFile}`,
    `--service-account-key-file=${files.signingKeyFile}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--enable-bootstrap-token-auth=true',
    ...pair(
      { cert: 'kubelet-client-certificate', key: 'kubelet-client-key' },
      'apiserver-kubelet-client',
    ),
    `--kubelet-certificate-authority=${certificates.certFile('ca')}`,
    '--kubelet-preferred-address-types=InternalIP,Hostname',
    ...pair({ cert: 'proxy-client-cert-file', key: 'proxy-client-key-file' }, 'front-proxy-client'),
    `--requestheader-client-ca-file=${certificates.certFile('front-proxy-ca')}`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
  ];
  return {
    name,
    command: ownCommand('apiserver', flags),
    certificates: [
      ...['ca', 'front-proxy-ca', 'apiserver', 'apiserver-kubelet-client', 'front-proxy-client'],
    ],
  };
}

function frontProgram({
  network,
  apiPort,
  serverPorts,
  files,
  areNodesApart,
}: ControlPlan): ProgramSpec {
  const addresses = areNodesApart ? ['127.0.0.1', gatewayAddress(network)] : ['127.0.0.1'];
  const flags = [
    `--listen=${addresses.map((address) => `${address}:${apiPort}`).join(',')}`,
    `--servers=${serverPorts.map((port) => `127.0.0.1:${port}`).join(',')}`,
    `--certificate-authority=${files.certificates.certFile('ca')}`,
  ];
  return { name: 'front', command: ownCommand('front', flags), certificates: ['ca'] };
}

/** The first of several has no number. */
function numbered(program: string, index: number): string {
  return index === 0 ? program : `${program}-${index + 1}`;
}

/** What is started once the API server serves: `replicas` of the programs of which one leads. */
export function electedPrograms(control: ControlPlan): readonly ProgramSpec[] {
  const { plan, network, files, replicas } = control;
  const { certificates } = files;
  const common = (name: string) => [
    `--kubeconfig=${files.kubeconfig(name)}`,
    `--etcd-servers=${storeUrls(plan).join(',')}`,
    // Several clusters may run on this machine.
    '--secure-port=0',
  ];
  const managerFlags = [
    `--service-account-private-key-file=${files.signingKeyFile}`,
    `--root-ca-file=${certificates.certFile('ca')}`,
    `--cluster-signing-cert-file=${certificates.certFile('ca')}`,
    `--cluster-signing-key-file=${certificates.keyFile('ca')}`,
    '--allocate-node-cidrs=true',
    `--cluster-cidr=${podCidrs(network)}`,
    `--service-cluster-ip-range=${serviceCidrs(network)}`,
    '--enable-hostpath-provisioner=true',
  ];
  const flagsOf = { 'controller-manager': managerFlags, scheduler: [] };
  return Array.from({ length: replicas }, (_, index) =>
    (['controller-manager', 'scheduler'] as const).map((program) => ({
      name: numbered(program, index),
      command: ownCommand(program, [...common(program), ...flagsOf[program]]),
      certificates: ['ca', program],
    })),
  ).flat();
}

/** The cluster's name server: one, on the machine, whose own name servers it asks for all other names. */
export function dnsProgram(
  { network, files }: ControlPlan,
  { host, port }: { readonly host: string; readonly port: number },
): ProgramSpec {
  const flags = [
    `--kubeconfig=${files.kubeconfig('dns')}`,
    `--dns-bind-address=${host}`,
    `--dns-port=${port}`,
    `--service-cluster-ip=${dnsServiceAddress(network)}`,
    '--secure-port=0',
  ];
  return { name: 'dns', command: ownCommand('dns', flags), certificates: ['ca', 'dns'] };
}

/** What answers `kubectl top` and the autoscaler: it reads the kubelets, and is part of the API. */
export function metricsServerProgram(
  { files }: ControlPlan,
  { host, port }: { readonly host: string; readonly port: number },
): ProgramSpec {
  const { certificates } = files;
  const flags = [
    `--kubeconfig=${files.kubeconfig('metrics-server')}`,
    `--bind-address=${host}`,
    `--secure-port=${port}`,
    `--tls-cert-file=${certificates.certFile('metrics-server-serving')}`,
    `--tls-private-key-file=${certificates.keyFile('metrics-server-serving')}`,
    `--kubelet-certificate-authority=${certificates.certFile('ca')}`,
    '--kubelet-preferred-address-types=InternalIP,Hostname',
    `--requestheader-client-ca-file=${certificates.certFile('front-proxy-ca')}`,
    '--requestheader-allowed-names=front-proxy-client',
  ];
  return {
    name: 'metrics-server',
    command: ownCommand('metrics-server', flags),
    certificates: ['ca', 'front-proxy-ca', 'metrics-server', 'metrics-server-serving'],
  };
}
