import { Lease } from '../../src/wire/index.js';
import { RawClient } from '../../test/e2e/raw-client.js';
import type { Side } from '../side-by-side/side.js';

/** Longer than any curve takes. */
const ttlSeconds = 3600;
/** Grants under way. */
const clients = 200;

/** Grants so many leases; returns how many a second that were. */
export async function grantLeases(side: Side, count: number): Promise<number> {
  const client = new RawClient((await side.leader()).endpoint);
  let left = count;
  const grant = async () => {
    while (left-- > 0) await client.call(Lease.methods.LeaseGrant, { TTL: ttlSeconds });
  };
  const startMs = performance.now();
  try {
    await Promise.all(Array.from({ length: clients }, grant));
  } finally {
    client.close();
  }
  return (count / (performance.now() - startMs)) * 1000;
}
