import { implementService } from '../../rpc/implement.js';
import type { ServiceImplementation } from '../../rpc/service.js';
import {
  Lease,
  type LeaseGrantRequest,
  LeaseGrantRequest as LeaseGrantRequestCodec,
  type LeaseGrantResponse,
  type LeaseTimeToLiveRequest,
} from '../../wire/gen/etcdserverpb.js';
import type { CallerTraces } from '../auth/authenticator.js';
import { CommandKind } from '../contracts.js';
import { StoreError } from '../errors.js';
import { requireUser } from './access.js';
import type { ApiContext } from './context.js';
import { currentHeader, withHeader } from './header.js';
import { KeepAliveStream } from './keep-alive-stream.js';
import {
  leaseBytes,
  propose,
  proposeAs,
  refuseWhenCorrupt,
  refuseWithoutSpace,
} from './propose.js';

/** A lease that no member knows. */
const unknownLeaseTtl = -1;

/** etcdserverpb.Lease. */
export function leaseService(context: ApiContext): ServiceImplementation {
  return implementService(Lease, {
    async LeaseGrant(request, call) {
      await requireUser(context, call);
      const { signal } = call;
      return withHeader(context, await grantLease(context, request, signal));
    },

    async LeaseRevoke(_request, call) {
      const { requestBytes: payload, signal } = call;
      await requireUser(context, call);
      refuseWhenCorrupt(context);
      const command = { kind: CommandKind.leaseRevoke, payload, response: 'leaseRevoke' } as const;
      return withHeader(context, (await proposeAs(context, call, command, signal)).value);
    },

    LeaseKeepAlive: (stream) => new KeepAliveStream(context, stream),

    async LeaseTimeToLive(request, call) {
      await context.readBarrier(call.signal);
      await requireLeaseReader(context, call, request);
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

    async LeaseLeases(_request, call) {
      await context.readBarrier(call.signal);
      if (context.auth.isEnabled) await requireLeasesReader(context, call);
      const leases = context.leases.list().map((ID) => ({ ID }));
      return { header: currentHeader(context), leases };
    },
  });
}

/** Whoever is told a lease's keys may read them; its time is for everybody who says who he is. */
async function requireLeaseReader(
  context: ApiContext,
  call: CallerTraces,
  { ID, keys }: LeaseTimeToLiveRequest,
): Promise<void> {
  await requireUser(context, call);
  if (!context.auth.isEnabled || !keys) return;
  const user = await context.auth.identify(call);
  context.auth.access.readLease(user, ID);
}

async function requireLeasesReader(context: ApiContext, call: CallerTraces): Promise<void> {
  await requireUser(context, call);
  const user = await context.auth.identify(call);
  for (const id of context.leases.list()) context.auth.access.readLease(user, id);
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
