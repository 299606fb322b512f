import type { Lease, LeaseSpec } from '../api/gen/coordination-v1.js';
import { formatMicroTime } from '../machinery/time.js';

/** A leader, as a Lease shows it. */
export interface LeaderRecord {
  readonly identity: string;
  readonly leaseSeconds: number;
  /** Milliseconds since the epoch. */
  readonly acquiredMs: number;
}

/** The Lease of a leader at a time: made anew, or from the one that is there. Every change of the holder counts as a transition. */
export function leaseOf(
  place: { readonly namespace: string; readonly name: string },
  existing: Lease | null,
  leader: LeaderRecord,
  nowMs: number,
): Lease {
  const before = existing?.spec ?? null;
  const isSame = before?.holderIdentity === leader.identity;
  const transitions = before?.leaseTransitions ?? 0;
  const spec: LeaseSpec = {
    ...before,
    holderIdentity: leader.identity,
    leaseDurationSeconds: leader.leaseSeconds,
    acquireTime: formatMicroTime(leader.acquiredMs),
    renewTime: formatMicroTime(nowMs),
    leaseTransitions: before === null || isSame ? transitions : transitions + 1,
  };
  return existing === null ? { metadata: { ...place }, spec } : { ...existing, spec };
}

/** The Lease of an election whose leader has just left: without a holder, as client-go releases it. */
export function releasedLease(existing: Lease, nowMs: number): Lease {
  const now = formatMicroTime(nowMs);
  const spec: LeaseSpec = {
    ...existing.spec,
    ...{ holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now },
  };
  return { ...existing, spec };
}
