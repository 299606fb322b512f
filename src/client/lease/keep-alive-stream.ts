import { Lease, LeaseKeepAliveRequest, type LeaseKeepAliveResponse } from '../../wire/index.js';
import type { Caller } from '../caller.js';
import { DurableStream, type StreamOwner } from '../durable-stream.js';
import { clientErrorOf, closedError } from '../errors.js';
import { type KeepAliveOptions, type KeeperHost, LeaseKeeper } from './lease-keeper.js';

/** The keep-alive stream that all leases of a client share. */
export class KeepAliveStream implements KeeperHost, StreamOwner<LeaseKeepAliveResponse> {
  readonly #caller: Caller;
  /** Aborted when the client closes. */
  readonly #closed: AbortSignal;
  readonly #stream: DurableStream<LeaseKeepAliveRequest, LeaseKeepAliveResponse>;
  /** Every lease kept; one lease may have several keepers. */
  readonly #keepers = new Set<LeaseKeeper>();
  /** Who sent the renewals that are unanswered on this stream, oldest first. Answers come in this order. */
  #asked: LeaseKeeper[] = [];

  constructor(caller: Caller, closed: AbortSignal) {
    this.#caller = caller;
    this.#closed = closed;
    this.#stream = new DurableStream<LeaseKeepAliveRequest, LeaseKeepAliveResponse>({
      caller,
      method: Lease.methods.LeaseKeepAlive,
      owner: this,
      closed,
    });
    closed.addEventListener('abort', () => this.#failAll(), { once: true });
  }

  /** Starts to keep a lease. */
  keep(id: bigint, options: KeepAliveOptions): LeaseKeeper {
    const keeper = new LeaseKeeper(id, options, this.#caller.clock, this);
    if (this.#closed.aborted) keeper.fail(closedError());
    if (options.signal?.aborted || this.#closed.aborted) {
      keeper.close();
      return keeper;
    }
    this.#keepers.add(keeper);
    // With a stream at hand it renews at once; else when the stream is open.
    keeper.onStreamOpen();
    this.#stream.open();
    return keeper;
  }

  isNeeded(): boolean {
    return this.#keepers.size > 0;
  }

  onOpen(): void {
    this.#asked = [];
    for (const keeper of this.#keepers) keeper.onStreamOpen();
  }

  onDown(error: unknown): void {
    this.#asked = [];
    for (const keeper of this.#keepers) keeper.onStreamDown();
    const failure = error === null ? null : clientErrorOf(error, { mayWrite: false });
    if (failure === null || !finalCodes.has(failure.code)) return;
    for (const keeper of [...this.#keepers]) keeper.fail(failure);
  }

  onResponse(response: LeaseKeepAliveResponse): void {
    const index = this.#asked.findIndex((keeper) => keeper.id === response.ID);
    const keeper = this.#asked[index];
    if (keeper === undefined) return;
    this.#asked.splice(index, 1);
    keeper.onResponse(response);
  }

  sendRenewal(keeper: LeaseKeeper): boolean {
    const isSent = this.#stream.send(LeaseKeepAliveRequest.create({ ID: keeper.id }));
    if (isSent) this.#asked.push(keeper);
    return isSent;
  }

  onSilence(): void {
    this.#stream.drop({ isEndpointAtFault: true });
  }

  onClosed(keeper: LeaseKeeper): void {
    this.#keepers.delete(keeper);
    if (!this.isNeeded()) this.#stream.drop({ isEndpointAtFault: false });
  }

  #failAll(): void {
    for (const keeper of [...this.#keepers]) keeper.fail(closedError());
  }
}

/** Errors of the stream that concern what was asked, not who was asked. */
const finalCodes: ReadonlySet<string> = new Set([
  'permission-denied',
  'unauthenticated',
  'unimplemented',
]);
