import { assert } from '../../../base/assert.js';
import type { Node } from '../../api/gen/core-v1.js';
import { addAmounts, amountsOf, noAmounts } from './amounts.js';
import type { NodeInfo, PodInfo, ResourceAmounts } from './node-info.js';
import type { MutableNodeInfo } from './scheduler-handle.js';

/** Numbers for generations; one for all nodes of a process, so that no two nodes ever have the same. */
let lastGeneration = 0;

/** A generation that nothing has had yet. */
export function nextGeneration(): number {
  return ++lastGeneration;
}

/** A node and its pods, with sums that are kept as pods come and go. */
export class NodeState implements MutableNodeInfo {
  readonly name: string;
  /** Where each pod is in `pods`, by uid. */
  readonly #places = new Map<string, number>();
  readonly pods: PodInfo[] = [];
  readonly podsWithAffinity: PodInfo[] = [];
  readonly podsWithRequiredAntiAffinity: PodInfo[] = [];
  readonly requested: ResourceAmounts = noAmounts();
  readonly usedPorts = new Map<string, Set<string>>();
  nonZeroRequestedMilliCpu = 0;
  nonZeroRequestedMemoryBytes = 0;
  generation = nextGeneration();
  #node: Node;
  #allocatable: Readonly<ResourceAmounts>;
  #imageSizes: ReadonlyMap<string, number>;

  /** `known`: what a copy need not read from the node again. */
  constructor(
    node: Node,
    pods: Iterable<PodInfo> = [],
    known: Pick<NodeInfo, 'allocatable' | 'imageSizes'> | null = null,
  ) {
    this.name = node.metadata.name ?? '';
    this.#node = node;
    this.#allocatable = known?.allocatable ?? allocatableOf(node);
    this.#imageSizes = known?.imageSizes ?? imageSizesOf(node);
    for (const pod of pods) this.add(pod);
  }

  get node(): Node {
    return this.#node;
  }

  get allocatable(): Readonly<ResourceAmounts> {
    return this.#allocatable;
  }

  get imageSizes(): ReadonlyMap<string, number> {
    return this.#imageSizes;
  }

  /** What was computed for it does not hold any more. */
  touch(): void {
    this.generation = nextGeneration();
  }

  /** The node has changed. */
  setNode(node: Node): void {
    assert(node.metadata.name === this.name);
    this.#node = node;
    this.#allocatable = allocatableOf(node);
    this.#imageSizes = imageSizesOf(node);
    this.generation = nextGeneration();
  }

  /** The pod must not be there yet. */
  add(pod: PodInfo): void {
    assert(!this.#places.has(pod.uid), `pod ${pod.key} is on node ${this.name} already`);
    this.#places.set(pod.uid, this.pods.length);
    this.pods.push(pod);
    if (hasAffinity(pod)) this.podsWithAffinity.push(pod);
    if (pod.requiredAntiAffinity.length > 0) this.podsWithRequiredAntiAffinity.push(pod);
    this.#count(pod, 1);
    for (const { ip, protocol, port } of pod.hostPorts) {
      const key = `${protocol}/${port}`;
      const taken = this.usedPorts.get(key);
      if (taken === undefined) this.usedPorts.set(key, new Set([ip]));
      else taken.add(ip);
    }
  }

  /** The pod must be there; it is found by its uid. */
  remove({ uid, key }: PodInfo): void {
    const place = this.#places.get(uid);
    assert(place !== undefined, `pod ${key} is not on node ${this.name}`);
    const present = this.pods[place] as PodInfo;
    const last = this.pods.pop() as PodInfo;
    if (last !== present) {
      this.pods[place] = last;
      this.#places.set(last.uid, place);
    }
    this.#places.delete(uid);
    if (hasAffinity(present)) take(this.podsWithAffinity, present);
    if (present.requiredAntiAffinity.length > 0) take(this.podsWithRequiredAntiAffinity, present);
    this.#count(present, -1);
    if (present.hostPorts.length > 0) this.#recountPorts();
  }

  /** Whether a pod is here, by its uid. */
  has(uid: string): boolean {
    return this.#places.has(uid);
  }

  /** A node of its own with the same pods. */
  static copyOf(node: NodeInfo): NodeState {
    return new NodeState(node.node, node.pods, node);
  }

  #count(pod: PodInfo, sign: 1 | -1): void {
    addAmounts(this.requested, pod.requests, sign);
    this.nonZeroRequestedMilliCpu += sign * pod.nonZeroMilliCpu;
    this.nonZeroRequestedMemoryBytes += sign * pod.nonZeroMemoryBytes;
    this.generation = nextGeneration();
  }

  /** Two pods may have taken the same address and port, one of them by force. */
  #recountPorts(): void {
    this.usedPorts.clear();
    for (const { hostPorts } of this.pods) {
      for (const { ip, protocol, port } of hostPorts) {
        const key = `${protocol}/${port}`;
        this.usedPorts.set(key, (this.usedPorts.get(key) ?? new Set()).add(ip));
      }
    }
  }
}

function hasAffinity(pod: PodInfo): boolean {
  return (
    pod.requiredAffinity.length +
      pod.requiredAntiAffinity.length +
      pod.preferredAffinity.length +
      pod.preferredAntiAffinity.length >
    0
  );
}

function take(pods: PodInfo[], pod: PodInfo): void {
  const at = pods.indexOf(pod);
  assert(at >= 0);
  pods[at] = pods[pods.length - 1] as PodInfo;
  pods.pop();
}

function allocatableOf({ status }: Node): ResourceAmounts {
  return amountsOf(status?.allocatable ?? status?.capacity ?? {});
}

function imageSizesOf({ status }: Node): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const { names = [], sizeBytes = 0 } of status?.images ?? [])
    for (const name of names) sizes.set(name, Number(sizeBytes));
  return sizes;
}
