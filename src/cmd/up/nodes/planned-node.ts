import { join } from 'node:path';
import { type ClusterNetwork, nodeAddresses } from '../cluster-network.js';

/** A node of the cluster as `flotilla up` runs it. */
export interface PlannedNode {
  /** `node-1`. */
  readonly name: string;
  /** Counted from 1. */
  readonly index: number;
  /** Where others reach it. */
  readonly address: string;
  /** All its addresses, each with the length of its network where it is one of the cluster's own; `address` first. */
  readonly addresses: readonly string[];
  /** Holds all that the node keeps. */
  readonly dir: string;
  /** Of the kubelet's API. */
  readonly kubeletPort: number;
}

const kubeletPort = 10_250;

/** Nodes in namespaces of their own: each has all ports to itself. */
export function namespacedNodes(
  network: ClusterNetwork,
  { count, dir }: { readonly count: number; readonly dir: string },
): readonly PlannedNode[] {
  return indices(count).map((index) => {
    const addresses = nodeAddresses(network, index);
    return { ...named(index, dir), address: bare(addresses[0] ?? ''), addresses, kubeletPort };
  });
}

/** Nodes that share the machine's own address, each with a port of its own. */
export function nodesOnMachine(
  address: string,
  { ports, dir }: { readonly ports: readonly number[]; readonly dir: string },
): readonly PlannedNode[] {
  return ports.map((port, at) => ({
    ...{ ...named(at + 1, dir), address, addresses: [address], kubeletPort: port },
  }));
}

/** An address without the length of its network. */
export function bare(address: string): string {
  return address.replace(/\/.*/, '');
}

function named(index: number, dir: string) {
  const name = `node-${index}`;
  return { name, index, dir: join(dir, name) };
}

function indices(count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => at + 1);
}
