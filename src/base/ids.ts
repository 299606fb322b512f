/**
 * The opaque 64-bit ids, branded so that one kind is never passed for another. They print in hex, as etcd's do, and
 * travel as fixed64 or (u)int64. Counters (term, index, revision) are plain numbers: they start near zero, only grow,
 * and arithmetic on them is everywhere.
 */

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** A member of one cluster, unique per incarnation of its data directory. Range 1 to 2^64-1; 0 is "none". */
export type MemberId = Branded<bigint, 'MemberId'>;
/** A cluster: peers refuse to talk across clusters. Range 1 to 2^64-1. */
export type ClusterId = Branded<bigint, 'ClusterId'>;

/** No member: no leader known, no vote given. */
export const noMember = 0n as MemberId;

/** Mints a member id from an unsigned 64-bit integer. */
export function memberId(value: bigint): MemberId {
  return BigInt.asUintN(64, value) as MemberId;
}

/** Mints a cluster id from an unsigned 64-bit integer. */
export function clusterId(value: bigint): ClusterId {
  return BigInt.asUintN(64, value) as ClusterId;
}

/** Prints an id as etcd does: lower-case hex without leading zeros. */
export function formatId(id: bigint): string {
  return BigInt.asUintN(64, id).toString(16);
}
