import { implementService } from '../../rpc/implement.js';
import type { ServiceImplementation } from '../../rpc/service.js';
import {
  Lease,
  type LeaseGrantRequest,
  LeaseGrantRequest as LeaseGrantRequestCodec,
  type LeaseGrantResponse,
} from '../../wire/gen/etcdserverpb.js';
import { CommandKind } from '../contracts.js';
import { StoreError } from '../errors.js';
import type { ApiContext } from './context.js';
import { currentHeader, withHeader } from './header.js';
import { KeepAliveStream } from './keep-alive-stream.js';
import { leaseBytes, propose, refuseWhenCorrupt, refuseWithoutSpace } from './propose.js';

/** A lease that no member knows. */
const unknownLeaseTtl = -1;

/** etcdserverpb.Lease. */
export function leaseService(context: ApiContext): ServiceImplementation {
  return implementService(Lease, {
    async LeaseGrant(request, { signal }) {
      return withHeader(context, await grantLease(context, request, signal));
    },

    async LeaseRevoke(_request, { requestBytes: payload, signal }) {
      refuseWhenCorrupt(context);
      const command = { kind: CommandKind.leaseRevoke, payload, response: 'leaseRevoke' } as const;
      return withHeader(context, (await propose(context, command, signal)).value);
    },

    LeaseKeepAlive: (stream) => new KeepAliveStream(context, stream),

    async LeaseTimeToLive(request, { signal }) {
      await context.readBarrier(signal);
      const lease = context.leases.lookup(request.ID);
      const header = currentHeader(context);
      if (lease === undefined) return { header, ID: request.ID, TTL: unknownLeaseTtl };
      return {
        header,
        ID: request.ID,
        TTL: lease.remainingTtlSeconds,
        grantedTTL: lease.grantedTtlSeconds,
        keys: request.keys ? context.leases.keys(request.ID) : [],
      };
    },

    async LeaseLeases(_request, { signal }) {
      await context.readBarrier(signal);
      const leases = context.leases.list().map((ID) => ({ ID }));
      return { header: currentHeader(context), leases };
    },
  });
}

/** Grants a lease; with id 0 under an id of our choice, which clients read as a positive number. */
export async function grantLease(
  context: ApiContext,
  request: LeaseGrantRequest,
  signal: AbortSignal,
): Promise<LeaseGrantResponse> {
  refuseWhenCorrupt(context);
  await refuseWithoutSpace(context, leaseBytes);
  for (;;) {
    const ID = request.ID === 0n ? freeLeaseId(context) : request.ID;
    const payload = LeaseGrantRequestCodec.encode({ ID, TTL: request.TTL });
    const command = { kind: CommandKind.leaseGrant, payload, response: 'leaseGrant' } as const;
    try {
      return (await propose(context, command, signal)).value;
    } catch (error) {
      const isTaken = error instanceof StoreError && error.code === 'lease-exists';
      if (!isTaken || request.ID !== 0n) throw error;
    }
  }
}

function freeLeaseId(context: ApiContext): bigint {
  for (;;) {
    const id = BigInt.asUintN(63, context.prng.uint64());
    if (id !== 0n && context.leases.lookup(id) === undefined) return id;
  }
}
