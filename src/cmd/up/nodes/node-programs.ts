import { join } from 'node:path';
import { kubeletCertificate, kubeletClientCertificate } from '../certificate-rows.js';
import type { ClusterFiles } from '../cluster-files.js';
import { type ClusterNetwork, dnsServiceAddress, podCidrs } from '../cluster-network.js';
import type { NodeRuntime } from '../plan.js';
import type { ProgramSpec } from '../program-spec.js';
import { ownCommand } from '../supervised-program.js';
import { cniConfDir } from './cni.js';
import { containerdSocket } from './containerd.js';
import { bare, type PlannedNode } from './planned-node.js';

/** What the programs of nodes are started with. */
export interface NodesPlan {
  readonly network: ClusterNetwork;
  readonly files: ClusterFiles;
  readonly runtime: NodeRuntime;
  /** Nodes have networks of their own. */
  readonly areApart: boolean;
  /** Where volumes are made for claims. */
  readonly volumesDir: string;
  /** The name servers that pods are given that want the machine's. */
  readonly resolvConf: string;
  /** Where the proxy of nodes that share the machine says how services are reached. */
  readonly proxyPort: number;
}

/**
 * Disks of people's machines are fuller than those of servers. What is left there is theirs, and a node that refuses pods for it teaches
 * nothing.
 */
const evictionHard =
  'memory.available<100Mi,nodefs.available<2%,imagefs.available<2%,nodefs.inodesFree<2%';

/** The flags of a node's kubelet, and of the program that ends its pods. */
export function kubeletFlags(plan: NodesPlan, node: PlannedNode): readonly string[] {
  const { files, network, areApart, resolvConf, runtime } = plan;
  const { certificates } = files;
  const certificate = kubeletCertificate(node);
  return [
    `--kubeconfig=${files.kubeconfig(kubeletClientCertificate(node))}`,
    `--hostname-override=${node.name}`,
    `--node-ip=${node.addresses.map(bare).join(',')}`,
    `--root-dir=${join(node.dir, 'kubelet')}`,
    `--host-path-volume-folders=${plan.volumesDir}`,
    `--pod-logs-dir=${join(node.dir, 'logs')}`,
    `--runtime=${runtime}`,
    `--process-runtime-dir=${runtimeDir(node)}`,
    `--cni-conf-dir=${cniConfDir(node)}`,
    `--container-runtime-endpoint=unix://${containerdSocket(network, node)}`,
    // What people brought here is not taken away because their disk is full.
    '--image-gc-high-threshold=100',
    `--cgroup-root=${cgroupRoot(network, node)}`,
    `--cluster-dns=${dnsServiceAddress(network)}`,
    `--resolv-conf=${resolvConf}`,
    `--eviction-hard=${evictionHard}`,
    // The proxy looks after that.
    ...(areApart ? ['--non-masquerade-cidr=0.0.0.0/0,::/0'] : []),
    `--port=${node.kubeletPort}`,
    // A node that has the machine's network shares it with other nodes.
    `--healthz-port=${areApart ? 10_248 : 0}`,
    `--client-ca-file=${certificates.certFile('ca')}`,
    `--tls-cert-file=${certificates.certFile(certificate)}`,
    `--tls-private-key-file=${certificates.keyFile(certificate)}`,
  ];
}

/** Where the process runtime of a node keeps what it has. */
export function runtimeDir(node: PlannedNode): string {
  return join(node.dir, 'runtime');
}

/** Where the groups of a node's pods are. */
export function cgroupRoot({ prefix }: ClusterNetwork, { name }: PlannedNode): string {
  return `/flotilla/${prefix}/${name}`;
}

/** A node's kubelet; `within` stands before the words of programs that run as the node. */
export function kubeletProgram(
  plan: NodesPlan,
  node: PlannedNode,
  within: readonly string[],
): ProgramSpec {
  return {
    name: `kubelet-${node.name}`,
    command: [...within, ...ownCommand('kubelet', kubeletFlags(plan, node))],
    certificates: ['ca', kubeletCertificate(node), kubeletClientCertificate(node)],
  };
}

/** Ends the pods of a node whose kubelet is stopped. */
export function endPodsCommand(
  plan: NodesPlan,
  node: PlannedNode,
  within: readonly string[],
): readonly string[] {
  return [...within, ...ownCommand('end-pods', kubeletFlags(plan, node))];
}

/** The proxy of nodes that share the machine: one for all of them, which needs no privileges. */
export function sharedProxyProgram(
  { files, proxyPort }: NodesPlan,
  node: PlannedNode,
): ProgramSpec {
  const flags = [
    `--kubeconfig=${files.kubeconfig('proxy')}`,
    `--hostname-override=${node.name}`,
    '--proxy-mode=userspace',
    '--healthz-bind-address=',
    `--metrics-bind-address=127.0.0.1:${proxyPort}`,
  ];
  return { name: 'proxy', command: ownCommand('proxy', flags), certificates: ['ca', 'proxy'] };
}

/** A node's proxy, which keeps its part of the pod network as well. */
export function proxyProgram(
  { files, network }: NodesPlan,
  node: PlannedNode,
  within: readonly string[],
): ProgramSpec {
  const flags = [
    `--kubeconfig=${files.kubeconfig('proxy')}`,
    `--hostname-override=${node.name}`,
    `--cluster-cidr=${podCidrs(network)}`,
    '--proxy-mode=nftables',
    '--pod-network=true',
  ];
  return {
    name: `proxy-${node.name}`,
    command: [...within, ...ownCommand('proxy', flags)],
    certificates: ['ca', 'proxy'],
  };
}
