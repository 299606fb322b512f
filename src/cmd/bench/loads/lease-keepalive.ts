import type { Channel, ClientStream } from '../../../rpc/index.js';
import {
  Lease,
  type LeaseKeepAliveRequestInit,
  type LeaseKeepAliveResponse,
} from '../../../wire/index.js';
import type { Load, LoadClient, LoadContext } from '../load.js';
import { clientsOf } from './unary.js';

/** Long enough that no lease ends while a load pauses. */
const ttlSeconds = 600;
const { LeaseGrant, LeaseKeepAlive, LeaseRevoke } = Lease.methods;
type KeepAliveStream = ClientStream<LeaseKeepAliveRequestInit, LeaseKeepAliveResponse>;

/** Renewals of leases, of which each client has one. */
export async function leaseKeepAliveLoad(context: LoadContext): Promise<Load> {
  const { leaseMode } = context.spec;
  const clients = await Promise.all(
    clientsOf(context, async (channel) => {
      const { ID: id } = await channel.unary(LeaseGrant, { TTL: ttlSeconds });
      return leaseMode === 'stream'
        ? new StreamingClient(channel, id)
        : new OneByOneClient(channel, id);
    }),
  );
  return {
    series: ['keepalive'],
    clients,
    close: async () => {
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}

abstract class KeepAliveClient implements LoadClient {
  readonly series = 0;
  readonly weight = 1;
  protected readonly channel: Channel;
  protected readonly id: bigint;

  constructor(channel: Channel, id: bigint) {
    this.channel = channel;
    this.id = id;
  }

  abstract call(onDone: (error: Error | null) => void): void;

  /** Gives the lease back. A store that is gone has its own way to end leases. */
  async close(): Promise<void> {
    await this.channel.unary(LeaseRevoke, { ID: this.id }, { timeoutMs: 5000 }).catch(() => {});
  }
}

class StreamingClient extends KeepAliveClient {
  #stream: KeepAliveStream | null = null;
  #onDone: ((error: Error | null) => void) | null = null;

  call(onDone: (error: Error | null) => void): void {
    this.#onDone = onDone;
    this.#stream ??= this.#open();
    this.#stream.send({ ID: this.id });
  }

  #open(): KeepAliveStream {
    const stream = this.channel.stream(LeaseKeepAlive);
    void this.#read(stream);
    return stream;
  }

  async #read(stream: KeepAliveStream): Promise<void> {
    try {
      for await (const response of stream.responses) this.#settle(failureOf(response));
      throw new Error('the server has ended the stream');
    } catch (error) {
      this.#stream = null;
      this.#settle(error as Error);
    }
  }

  #settle(error: Error | null): void {
    const onDone = this.#onDone;
    this.#onDone = null;
    onDone?.(error);
  }

  override async close(): Promise<void> {
    this.#onDone = null;
    this.#stream?.cancel();
    await super.close();
  }
}

class OneByOneClient extends KeepAliveClient {
  call(onDone: (error: Error | null) => void): void {
    this.#renew().then(onDone, onDone);
  }

  async #renew(): Promise<Error | null> {
    const stream = this.channel.stream(LeaseKeepAlive);
    stream.send({ ID: this.id });
    for await (const response of stream.responses) {
      stream.cancel();
      return failureOf(response);
    }
    throw new Error('the server has ended the stream');
  }
}

/** A lease that is gone is answered without a time to live. */
function failureOf(response: LeaseKeepAliveResponse): Error | null {
  return response.TTL > 0 ? null : new LeaseGoneError('the lease is gone');
}

class LeaseGoneError extends Error {
  override readonly name = 'LEASE_GONE';
}
