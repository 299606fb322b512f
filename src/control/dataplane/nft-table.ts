/** A chain; without a hook it is reached from others. */
export interface NftChain {
  readonly kind: 'chain';
  readonly name: string;
  /** `type nat hook output priority -100;`, or ''. Never changes while the chain is there. */
  readonly spec: string;
  readonly rules: readonly string[];
}

/** A set or a map. */
export interface NftSet {
  readonly kind: 'set' | 'map';
  readonly name: string;
  /** `type ipv4_addr;`. Never changes while the set is there. */
  readonly spec: string;
  /** Keys with what they map to; '' in sets. Sets that rules fill themselves have none here. */
  readonly elements: ReadonlyMap<string, string>;
}

/** What a table consists of. */
export type NftObject = NftChain | NftSet;

/** A table of nftables as it is to be. Chains and sets have their names in separate spaces. */
export interface NftTable {
  readonly family: 'ip' | 'ip6' | 'inet';
  readonly name: string;
  /** By {@link objectKey}; the order in which they came is the order in which they are made. */
  readonly objects: ReadonlyMap<string, NftObject>;
}

/** Where an object is in its table: no set has the key of a chain, and no set that of a map. */
export function objectKey({ kind, name }: NftObject): string {
  return `${kind} ${name}`;
}

/** A table of these objects; each name once. */
export function nftTable(
  at: Pick<NftTable, 'family' | 'name'>,
  objects: Iterable<NftObject>,
): NftTable {
  const byKey = new Map<string, NftObject>();
  for (const object of objects) byKey.set(objectKey(object), object);
  return { family: at.family, name: at.name, objects: byKey };
}
