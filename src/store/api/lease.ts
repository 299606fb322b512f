import { implementService } from '../../rpc/implement.js';
import type { ServerStream, ServiceImplementation } from '../../rpc/service.js';
import {
  Lease,
  type LeaseGrantRequest,
  LeaseGrantRequest as LeaseGrantRequestCodec,
  type LeaseGrantResponse,
  type LeaseKeepAliveRequest,
  type LeaseKeepAliveResponseInit,
} from '../../wire/gen/etcdserverpb.js';
import { CommandKind } from '../contracts.js';
import { StoreError } from '../errors.js';
import type { ApiContext } from './context.js';
import { currentHeader, withHeader } from './header.js';
import { leaseBytes, propose, refuseWhenCorrupt, refuseWithoutSpace } from './propose.js';

/** Keep-alives of one stream that are under way together; further requests wait unread. */
const keepAlivesInFlightMax = 256;

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

    LeaseKeepAlive: (stream) => new KeepAliveStream(context, stream).run(),

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

/** Renewals run together, so that they share log entries, and are answered in the order they were asked for. */
class KeepAliveStream {
  readonly #context: ApiContext;
  readonly #stream: ServerStream<LeaseKeepAliveRequest, LeaseKeepAliveResponseInit>;
  /** Resolves when all answers so far are sent; rejects when one could not be had. */
  #answered: Promise<void> = Promise.resolve();
  #inFlight = 0;

  constructor(
    context: ApiContext,
    stream: ServerStream<LeaseKeepAliveRequest, LeaseKeepAliveResponseInit>,
  ) {
    this.#context = context;
    this.#stream = stream;
  }

  /** Ends when all requests are answered, or with the first renewal that fails. */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#serve(reject).then(resolve, reject);
    });
  }

  async #serve(fail: (error: unknown) => void): Promise<void> {
    for await (const request of this.#stream.requests) {
      this.#start(request.ID);
      this.#answered.catch(fail);
      if (this.#inFlight >= keepAlivesInFlightMax) await this.#answered;
    }
    await this.#answered;
  }

  #start(id: bigint): void {
    this.#inFlight++;
    const previous = this.#answered;
    const answer = this.#renew(id);
    // Whoever awaits the chain sees a failure once its turn comes.
    answer.catch(() => {});
    this.#answered = previous.then(() => answer).then((response) => this.#send(response));
  }

  /** The header is taken before the renewal: its revision is one that the renewal certainly comes after. */
  async #renew(ID: bigint): Promise<LeaseKeepAliveResponseInit> {
    const header = currentHeader(this.#context);
    const TTL = await this.#context.keepAlive(ID, this.#stream.signal);
    return { header, ID, TTL };
  }

  async #send(response: LeaseKeepAliveResponseInit): Promise<void> {
    this.#inFlight--;
    if (!this.#stream.send(response)) await this.#stream.drained();
  }
}
