import { createHash } from 'node:crypto';
import { viewOf } from '../../base/bytes.js';
import { type ClusterId, clusterId, type MemberId, memberId } from '../../base/ids.js';

/**
 * Member and cluster ids as etcd computes them, so that a cluster bootstrapped from the same flags has the same ids
 * whichever program runs it. SHA-1 serves as a mixing function here, not as protection.
 */

/**
 * The id of a member: the first 8 bytes of SHA-1 over its sorted peer URLs, the cluster token and, for a member that is
 * added to a running cluster, the Unix time in decimal, so that its id is new even if its URLs are not. `null` for a
 * member of the initial cluster, whose id every other member computes too. etcd's member add passes an empty token.
 */
export function computeMemberId(
  peerUrls: readonly string[],
  clusterToken: string,
  createdUnixSeconds: number | null,
): MemberId {
  const urls = [...peerUrls].sort(compareUtf8).join('');
  const created = createdUnixSeconds === null ? '' : createdUnixSeconds.toFixed(0);
  return memberId(hash64(Buffer.from(urls + clusterToken + created)));
}

/** The id of a cluster: the first 8 bytes of SHA-1 over the ids of its initial members in order, 8 bytes each, big-endian. */
export function computeClusterId(memberIds: readonly MemberId[]): ClusterId {
  const bytes = new Uint8Array(memberIds.length * 8);
  const view = viewOf(bytes);
  [...memberIds].sort(compareIds).forEach((id, i) => {
    view.setBigUint64(i * 8, id);
  });
  return clusterId(hash64(bytes));
}

/** Ascending order of ids. */
export function compareIds(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function hash64(bytes: Uint8Array): bigint {
  return createHash('sha1').update(bytes).digest().readBigUInt64BE(0);
}
