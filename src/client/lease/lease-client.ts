import {
  Lease,
  LeaseGrantRequest,
  type LeaseGrantResponse,
  LeaseKeepAliveRequest,
  type LeaseKeepAliveResponse,
  LeaseLeasesRequest,
  type LeaseLeasesResponse,
  LeaseRevokeRequest,
  type LeaseRevokeResponse,
  LeaseTimeToLiveRequest,
  type LeaseTimeToLiveResponse,
} from '../../wire/index.js';
import {
  type Caller,
  type RequestOptions,
  requireHeader,
  type WithHeader,
  type WriteOptions,
} from '../caller.js';
import { ClientError } from '../errors.js';
import { KeepAliveStream } from './keep-alive-stream.js';
import type { KeepAliveOptions, LeaseKeeper } from './lease-keeper.js';

/** The lease requests. Lease ids are signed 64-bit; etcd prints them in hex. */
export class LeaseClient {
  readonly #caller: Caller;
  readonly #keepAlives: KeepAliveStream;

  constructor(caller: Caller, closed: AbortSignal) {
    this.#caller = caller;
    this.#keepAlives = new KeepAliveStream(caller, closed);
  }

  /**
   * Grants a lease. `TTL` in the response is the time to live granted, in seconds, at least what the server's minimum is.
   * Repeated when its outcome is unknown, as a lease that nobody heard of only runs out; not with an `id` of your own.
   */
  async grant(
    ttlSeconds: number,
    options: { readonly id?: bigint } & WriteOptions = {},
  ): Promise<WithHeader<LeaseGrantResponse>> {
    const request = LeaseGrantRequest.create({ TTL: ttlSeconds, ID: options.id });
    const isRepeatable = options.isRepeatable ?? options.id === undefined;
    return this.#caller.write(Lease.methods.LeaseGrant, request, { ...options, isRepeatable });
  }

  /** Ends a lease and deletes its keys. Throws `lease-not-found`. */
  revoke(id: bigint, options: WriteOptions = {}): Promise<WithHeader<LeaseRevokeResponse>> {
    const request = LeaseRevokeRequest.create({ ID: id });
    return this.#caller.write(Lease.methods.LeaseRevoke, request, options);
  }

  /** How long a lease has left, in seconds; -1 when there is none with this id. */
  timeToLive(
    id: bigint,
    options: { readonly keys?: boolean } & RequestOptions = {},
  ): Promise<WithHeader<LeaseTimeToLiveResponse>> {
    const request = LeaseTimeToLiveRequest.create({ ID: id, keys: options.keys });
    return this.#caller.read(Lease.methods.LeaseTimeToLive, request, options);
  }

  /** All leases. */
  list(options: RequestOptions = {}): Promise<WithHeader<LeaseLeasesResponse>> {
    return this.#caller.read(Lease.methods.LeaseLeases, LeaseLeasesRequest.create(), options);
  }

  /** Renews a lease once. Throws `lease-not-found` when it is gone. */
  async keepAliveOnce(
    id: bigint,
    options: RequestOptions = {},
  ): Promise<WithHeader<LeaseKeepAliveResponse>> {
    const response = await this.#caller.attempt(
      'repeatable-write',
      options,
      async (channel, call) => {
        const stream = channel.stream(Lease.methods.LeaseKeepAlive, call);
        try {
          stream.send(LeaseKeepAliveRequest.create({ ID: id }));
          for await (const answer of stream.responses) return answer;
        } finally {
          stream.cancel();
        }
        throw new ClientError('protocol', 'the keep-alive stream ended without an answer');
      },
    );
    if (response.TTL > 0) return requireHeader(response, 'LeaseKeepAlive');
    throw new ClientError('lease-not-found', 'etcdserver: requested lease not found');
  }

  /**
   * Keeps a lease alive until `signal` is aborted or the keeper closed, renewing it every third of its time to live. All
   * leases of a client share one stream, which moves to another endpoint when it breaks or the server goes silent.
   */
  keepAlive(id: bigint, options: KeepAliveOptions = {}): LeaseKeeper {
    return this.#keepAlives.keep(id, options);
  }
}
