import type { Node, Pod } from '../../api/gen/core-v1.js';
import type { LabelSelector } from '../../machinery/label-selector.js';

/**
 * Amounts as numbers that add up fast: CPU in millicores, everything else in its own unit (bytes, counts), each up to 2^53. What the
 * API says finer is rounded up.
 */
export interface ResourceAmounts {
  milliCpu: number;
  memoryBytes: number;
  ephemeralStorageBytes: number;
  /** Pods; of nodes: how many are allowed. */
  pods: number;
  /** Huge pages, and extended resources by their names. Null when there are none. */
  scalars: Map<string, number> | null;
}

/** A term of a pod's affinity or anti-affinity, ready to be asked. */
export interface AffinityTerm {
  readonly selector: LabelSelector;
  readonly topologyKey: string;
  /** The namespaces that it names, or the pod's own. */
  readonly namespaces: ReadonlySet<string>;
  /** Namespaces by their labels; null: none besides `namespaces`. */
  readonly namespaceSelector: LabelSelector | null;
}

/** A preferred term. `weight`: 1 to 100. */
export interface WeightedAffinityTerm extends AffinityTerm {
  readonly weight: number;
}

/** A pod with everything that scheduling asks of it, computed once. Never changed. */
export interface PodInfo {
  readonly pod: Pod;
  readonly key: string;
  readonly uid: string;
  readonly priority: number;
  /**
   * Equal for pods that are alike in all that placing them depends on: namespace, controller, labels, priority, and of the spec
   * scheduler name, node name, selector, affinity, tolerations, spread constraints, images, ports, resources, claims and volumes.
   */
  readonly templateKey: string;
  /** Equal for pods that ask the same of a node: as {@link templateKey}, but for namespace, controller and labels. */
  readonly demandKey: string;
  /** What it asks for (Kubernetes' rule of init containers, sidecars, overhead and pod-level resources). `pods` is 1. */
  readonly requests: Readonly<ResourceAmounts>;
  /** The same with 100 millicores and 200 MB for each container that asks for none: what scores count. */
  readonly nonZeroMilliCpu: number;
  readonly nonZeroMemoryBytes: number;
  readonly requiredAffinity: readonly AffinityTerm[];
  readonly requiredAntiAffinity: readonly AffinityTerm[];
  readonly preferredAffinity: readonly WeightedAffinityTerm[];
  readonly preferredAntiAffinity: readonly WeightedAffinityTerm[];
  readonly hostPorts: readonly HostPort[];
}

/** A port of the node that a pod takes. `ip`: '0.0.0.0' takes it on all addresses. */
export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

/**
 * A node with the pods that run or are assumed on it, and their sums. Read only for plugins. Nothing changes while steps are synchronous;
 * what is read after an `await` is newer.
 */
export interface NodeInfo {
  readonly node: Node;
  readonly name: string;
  readonly pods: readonly PodInfo[];
  readonly podsWithAffinity: readonly PodInfo[];
  readonly podsWithRequiredAntiAffinity: readonly PodInfo[];
  readonly requested: Readonly<ResourceAmounts>;
  readonly nonZeroRequestedMilliCpu: number;
  readonly nonZeroRequestedMemoryBytes: number;
  readonly allocatable: Readonly<ResourceAmounts>;
  /** `protocol/port` to the addresses that are taken there. */
  readonly usedPorts: ReadonlyMap<string, ReadonlySet<string>>;
  /** Bytes by image name (each name that the node lists for it). */
  readonly imageSizes: ReadonlyMap<string, number>;
  /**
   * Another number with each change of this node, its pods, or the pods that are promised it, and never the one of another node: what was
   * computed for a generation holds while it stays.
   */
  readonly generation: number;
}
