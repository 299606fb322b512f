import type { Node } from '../../../api/gen/core-v1.js';
import type { CounterSet, Device, ResourceSlice } from '../../../api/gen/resource-v1.js';
import { NodeSelectorMatcher } from '../required-node-affinity.js';

/** A device that a driver offers, of which there is one object for as long as its slice does not change. */
export interface PoolDevice {
  readonly driver: string;
  readonly pool: string;
  readonly device: Device;
  readonly slice: ResourceSlice;
  /** `driver/pool/device`. */
  readonly id: string;
}

/** The devices of a pool that a node can reach. */
export interface DevicePool {
  readonly driver: string;
  readonly name: string;
  /** False: slices of it are missing, or name devices twice; it is being changed, or its driver is wrong. */
  readonly isComplete: boolean;
  readonly devices: readonly PoolDevice[];
  /** Those that other nodes reach, too. */
  readonly all: readonly PoolDevice[];
  /** What devices of the pool share, by the name of the set. */
  readonly counters: ReadonlyMap<string, CounterSet>;
}

interface KnownPool extends Omit<DevicePool, 'devices'> {
  /** By node name: of slices of one node. */
  readonly local: ReadonlyMap<string, readonly PoolDevice[]>;
  /** Of slices of several nodes, with who can reach them. */
  readonly shared: readonly { readonly device: PoolDevice; isReachable(node: Node): boolean }[];
}

/** All pools, as the slices of one moment say. */
export class DevicePools {
  readonly #pools: readonly KnownPool[];

  constructor(slices: Iterable<ResourceSlice>) {
    this.#pools = [...newestOf(slices).values()].map(poolOf);
  }

  /** The pools with devices that the node can reach. */
  for(node: Node): readonly DevicePool[] {
    const nodeName = node.metadata.name ?? '';
    const pools: DevicePool[] = [];
    for (const { local, shared, ...pool } of this.#pools) {
      const reached = shared.filter((each) => each.isReachable(node)).map(({ device }) => device);
      const devices = [...(local.get(nodeName) ?? []), ...reached];
      if (devices.length > 0) pools.push({ ...pool, devices });
    }
    return pools;
  }
}

/** By driver and pool: the slices of the newest generation. */
function newestOf(slices: Iterable<ResourceSlice>): ReadonlyMap<string, readonly ResourceSlice[]> {
  const pools = new Map<string, { generation: number; slices: ResourceSlice[] }>();
  for (const slice of slices) {
    const { driver = '', pool = {} } = slice.spec ?? {};
    const { name = '', generation = 0 } = pool;
    const key = `${driver}/${name}`;
    const known = pools.get(key);
    if (known === undefined || known.generation < generation) {
      pools.set(key, { generation, slices: [slice] });
    } else if (known.generation === generation) known.slices.push(slice);
  }
  return new Map([...pools].map(([key, { slices: newest }]) => [key, newest]));
}

function poolOf(slices: readonly ResourceSlice[]): KnownPool {
  const { driver = '', pool = {} } = slices[0]?.spec ?? {};
  const { name = '', resourceSliceCount = 0 } = pool;
  const local = new Map<string, PoolDevice[]>();
  const shared: { readonly device: PoolDevice; isReachable(node: Node): boolean }[] = [];
  const counters = new Map<string, CounterSet>();
  const all: PoolDevice[] = [];
  const sorted = [...slices].sort((a, b) => compare(a.metadata.name, b.metadata.name));
  for (const slice of sorted) {
    for (const set of slice.spec?.sharedCounters ?? []) counters.set(set.name ?? '', set);
    for (const device of slice.spec?.devices ?? []) {
      const id = idOf({ driver, pool: name, device: device.name ?? '' });
      const offered = { driver, pool: name, device, slice, id };
      all.push(offered);
      const nodeName = nodeNameOf(slice, device);
      const onNode = local.get(nodeName);
      if (onNode !== undefined) onNode.push(offered);
      else if (nodeName !== '') local.set(nodeName, [offered]);
      else shared.push({ device: offered, isReachable: reachOf(slice, device) });
    }
  }
  const areDistinct = new Set(all.map(({ id }) => id)).size === all.length;
  const isComplete = slices.length === resourceSliceCount && areDistinct;
  return { driver, name, isComplete, all, counters, local, shared };
}

/** By which a device is known among all. */
export function idOf(device: {
  readonly driver?: string;
  readonly pool?: string;
  readonly device?: string;
}): string {
  return `${device.driver}/${device.pool}/${device.device}`;
}

/** The one node that a device is on; '' when it is not on one alone. */
export function nodeNameOf({ spec = {} }: ResourceSlice, device: Device): string {
  return (spec.perDeviceNodeSelection === true ? device.nodeName : spec.nodeName) ?? '';
}

/** Who can reach a device that is not on one node alone. */
export function placeOf({ spec = {} }: ResourceSlice, device: Device) {
  const { allNodes = false, nodeSelector } = spec.perDeviceNodeSelection === true ? device : spec;
  return { allNodes, nodeSelector: nodeSelector ?? null };
}

function reachOf(slice: ResourceSlice, device: Device): (node: Node) => boolean {
  const { allNodes, nodeSelector } = placeOf(slice, device);
  if (allNodes) return () => true;
  if (nodeSelector === null) return () => false;
  const matcher = new NodeSelectorMatcher(nodeSelector);
  return (node) => matcher.matches(node);
}

function compare(a = '', b = ''): number {
  return a < b ? -1 : Number(a > b);
}
