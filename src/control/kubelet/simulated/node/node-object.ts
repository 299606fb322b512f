import type { Lease } from '../../../api/gen/coordination-v1.js';
import type { Node, NodeCondition, NodeStatus } from '../../../api/gen/core-v1.js';
import { formatMicroTime, formatTime } from '../../../machinery/time.js';
import type { SimulatedNodeSettings } from '../settings.js';
import { nodeAddress } from './addresses.js';

/** Where the leases of nodes are. */
export const leaseNamespace = 'kube-node-lease';

const version = 'v1.36.0';
const kubeletPort = 10_250;
const region = 'simulated';

/** What distinguishes one node of a fleet. */
export interface NodeIdentity {
  readonly name: string;
  readonly index: number;
}

/** The node's address, which is its pods' host's too. */
export function addressOf({ index }: NodeIdentity, { ip }: SimulatedNodeSettings): string {
  return ip ?? nodeAddress(index);
}

/** The Node that a kubelet registers. Pure. */
export function nodeObject(
  identity: NodeIdentity,
  settings: SimulatedNodeSettings,
  nowMs: number,
): Node {
  const { taints } = settings;
  return {
    metadata: {
      name: identity.name,
      labels: labelsOf(identity, settings),
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
    },
    spec: taints.length === 0 ? {} : { taints: [...taints] },
    status: nodeStatus(identity, settings, nowMs),
  };
}

/** What labels a node has. */
export function labelsOf(
  { name, index }: NodeIdentity,
  { zones, labels }: SimulatedNodeSettings,
): Record<string, string> {
  const zone = zones.length === 0 ? undefined : zones[index % zones.length];
  return {
    'beta.kubernetes.io/arch': 'amd64',
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'simulated.flotilla.dev/node': 'true',
    ...(zone === undefined
      ? {}
      : { 'topology.kubernetes.io/region': region, 'topology.kubernetes.io/zone': zone }),
    ...labels,
  };
}

/** The status of a node that is well; conditions have been what they are since `sinceMs` (default: now). Pure. */
export function nodeStatus(
  identity: NodeIdentity,
  settings: SimulatedNodeSettings,
  nowMs: number,
  sinceMs: number = nowMs,
): NodeStatus {
  const { capacity } = settings;
  return {
    capacity: { ...capacity },
    allocatable: { ...capacity },
    conditions: conditionsOf(formatTime(nowMs), formatTime(sinceMs)),
    addresses: [
      { type: 'InternalIP', address: addressOf(identity, settings) },
      { type: 'Hostname', address: identity.name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
    nodeInfo: {
      machineID: identity.name,
      systemUUID: identity.name,
      bootID: identity.name,
      kernelVersion: 'simulated',
      osImage: 'Flotilla simulated node',
      containerRuntimeVersion: 'simulated://1.0.0',
      kubeletVersion: version,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: 'amd64',
    },
  };
}

function conditionsOf(heartbeat: string, since: string): NodeCondition[] {
  const rows = [
    [
      'MemoryPressure',
      'False',
      'KubeletHasSufficientMemory',
      'kubelet has sufficient memory available',
    ],
    ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
    ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
    ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'],
  ] as const;
  return rows.map(([type, status, reason, message]) => ({
    ...{ type, status, reason, message },
    lastHeartbeatTime: heartbeat,
    lastTransitionTime: since,
  }));
}

/** The lease by which a node shows that it is there. Pure. */
export function leaseObject(node: Node, leaseSeconds: number, nowMs: number): Lease {
  const { name = '', uid = '' } = node.metadata;
  return {
    metadata: {
      name,
      namespace: leaseNamespace,
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }],
    },
    spec: {
      holderIdentity: name,
      leaseDurationSeconds: leaseSeconds,
      renewTime: formatMicroTime(nowMs),
    },
  };
}
