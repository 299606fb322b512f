import type { MachineIdentity } from '../../../host/machine.js';
import { isExtendedName } from '../../api/core-v1/resource-names.js';
import type { ContainerImage, Node, NodeCondition, NodeStatus } from '../../api/gen/core-v1.js';
import type { JsonObject } from '../../machinery/json.js';
import { formatTime } from '../../machinery/time.js';
import type { ImageState, RuntimeStatus, RuntimeVersion } from '../runtime/container-runtime.js';
import type { KubeletSettings } from '../settings.js';
import type { NodeAmounts } from './amounts.js';

/** How the node is. */
export interface NodeHealth {
  readonly hasMemoryPressure: boolean;
  readonly hasDiskPressure: boolean;
  readonly hasPidPressure: boolean;
  /** What keeps it from taking pods; none: it is ready. */
  readonly problems: readonly string[];
  readonly isShuttingDown: boolean;
}

/** What a node's status is made of. */
export interface NodeFacts {
  readonly settings: KubeletSettings;
  readonly machine: MachineIdentity;
  readonly addresses: readonly string[];
  readonly amounts: NodeAmounts;
  readonly runtime: RuntimeVersion;
  readonly runtimeStatus: RuntimeStatus;
  readonly images: readonly ImageState[];
  readonly health: NodeHealth;
  readonly nowMs: number;
}

const imagesMax = 50;
const namesMax = 5;

/** The labels that a kubelet gives its node. Pure. */
export function nodeLabels({ nodeLabels: own, nodeName }: KubeletSettings, architecture: string) {
  return {
    'beta.kubernetes.io/arch': architecture,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': architecture,
    'kubernetes.io/hostname': nodeName,
    'kubernetes.io/os': 'linux',
    ...own,
  };
}

/** The Node to register. Pure. */
export function newNode(facts: NodeFacts): Node {
  const { settings, machine } = facts;
  const taints = [...settings.taints];
  if (!settings.isSchedulable) {
    taints.push({ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' });
  }
  return {
    metadata: {
      name: settings.nodeName,
      labels: nodeLabels(settings, machine.architecture),
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
    },
    spec: {
      ...(taints.length === 0 ? {} : { taints }),
      ...(settings.isSchedulable ? {} : { unschedulable: true }),
      ...(settings.providerId === '' ? {} : { providerID: settings.providerId }),
    },
    status: nodeStatus(facts, {}),
  };
}

/**
 * The status of the node. Conditions keep the time of their last change, and what others say that it has of resources which this
 * kubelet knows nothing of is there for pods. Pure.
 */
export function nodeStatus(facts: NodeFacts, before: NodeStatus): NodeStatus {
  const { settings, machine, addresses, amounts, runtime } = facts;
  const foreign = Object.entries(before.capacity ?? {}).filter(
    ([name]) => isExtendedName(name) && !(name in amounts.capacity),
  );
  return {
    capacity: { ...amounts.capacity, ...Object.fromEntries(foreign) },
    allocatable: { ...amounts.allocatable, ...Object.fromEntries(foreign) },
    conditions: conditionsOf(facts, before.conditions ?? []),
    addresses: [
      ...addresses.map((address) => ({ type: 'InternalIP', address })),
      { type: 'Hostname', address: settings.nodeName },
      ...(before.addresses ?? []).filter(
        ({ type }) => type !== 'InternalIP' && type !== 'Hostname',
      ),
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: settings.port } },
    nodeInfo: {
      machineID: machine.machineId,
      systemUUID: machine.systemUuid,
      bootID: machine.bootId,
      kernelVersion: machine.kernelVersion,
      osImage: machine.osImage,
      containerRuntimeVersion: `${runtime.name}://${runtime.version}`,
      kubeletVersion: settings.kubeletVersion,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: machine.architecture,
      ...(machine.swapBytes > 0 ? { swap: { capacity: machine.swapBytes } } : {}),
    },
    images: imagesOf(facts.images),
  };
}

function imagesOf(images: readonly ImageState[]): ContainerImage[] {
  return [...images]
    .sort((a, b) => b.sizeBytes - a.sizeBytes)
    .slice(0, imagesMax)
    .map(({ digests, tags, sizeBytes }) => ({
      names: [...digests, ...tags].slice(0, namesMax),
      sizeBytes,
    }));
}

/** What a patch of the status has to say: also of extended resources that were for pods, and that the node has no more. Pure. */
export function statusPatch(before: NodeStatus, after: NodeStatus): JsonObject {
  const gone = Object.keys(before.allocatable ?? {}).filter(
    (name) => isExtendedName(name) && !(name in (after.allocatable ?? {})),
  );
  const allocatable = {
    ...after.allocatable,
    ...Object.fromEntries(gone.map((name) => [name, null])),
  };
  // The API merges addresses by their type: of two of one type neither would be told from the other.
  const addresses = [...(after.addresses ?? []), { $patch: 'replace' }] as JsonObject[];
  return { status: { ...(after as unknown as JsonObject), allocatable, addresses } };
}

/** Conditions of the runtime that are the node's own already. */
const ownConditions: ReadonlySet<string> = new Set(['RuntimeReady', 'NetworkReady']);

function conditionsOf(
  { health, runtimeStatus, nowMs }: NodeFacts,
  before: readonly NodeCondition[],
): NodeCondition[] {
  const rows = [
    pressure('MemoryPressure', health.hasMemoryPressure, [
      'KubeletHasInsufficientMemory',
      'kubelet has insufficient memory available',
      'KubeletHasSufficientMemory',
      'kubelet has sufficient memory available',
    ]),
    pressure('DiskPressure', health.hasDiskPressure, [
      'KubeletHasDiskPressure',
      'kubelet has disk pressure',
      'KubeletHasNoDiskPressure',
      'kubelet has no disk pressure',
    ]),
    pressure('PIDPressure', health.hasPidPressure, [
      'KubeletHasInsufficientPID',
      'kubelet has insufficient PID available',
      'KubeletHasSufficientPID',
      'kubelet has sufficient PID available',
    ]),
    // What the runtime cannot do here is said, and keeps nobody from using the node.
    ...runtimeStatus.conditions
      .filter(({ type }) => !ownConditions.has(type))
      .map(({ type, status, reason, message }) => ({
        ...{ type, status: status ? 'True' : 'False', reason, message },
      })),
    readiness(health),
  ];
  const now = formatTime(nowMs);
  return rows.map((row) => {
    const known = before.find(({ type }) => type === row.type);
    const since = known?.status === row.status ? known.lastTransitionTime : undefined;
    return { ...row, lastHeartbeatTime: now, lastTransitionTime: since ?? now };
  });
}

function pressure(
  type: string,
  isThere: boolean,
  texts: readonly [string, string, string, string],
) {
  const [reason, message, wellReason, wellMessage] = texts;
  if (isThere) return { type, status: 'True', reason, message };
  return { type, status: 'False', reason: wellReason, message: wellMessage };
}

function readiness({ problems, isShuttingDown }: NodeHealth) {
  const all = isShuttingDown ? [...problems, 'node is shutting down'] : problems;
  if (all.length === 0) {
    const message = 'kubelet is posting ready status';
    return { type: 'Ready', status: 'True', reason: 'KubeletReady', message };
  }
  const message = all.length === 1 ? (all[0] ?? '') : `[${all.join(', ')}]`;
  return { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message };
}
