import type { Prng } from '../../src/base/prng.js';
import { CallError, type Channel } from '../../src/rpc/service.js';
import { Lease } from '../../src/wire/gen/etcdserverpb.js';
import { type ClientWorld, pause } from './client.js';
import { describe, type Operation } from './history.js';
import { isCertainlyWithoutEffect, perform } from './kv-calls.js';
import type { KvOp, KvStep } from './kv-model.js';

/**
 * A client that grants leases, attaches a key to each, keeps some alive for a while, and lets them end or revokes them.
 * A lease may end no earlier than its TTL after the call of the last renewal that was acknowledged; the end is an
 * operation of unknown outcome in the history, so a key that vanishes too early fits nowhere.
 */
export class LeaseClient {
  readonly #name: string;
  readonly #world: ClientWorld;
  readonly #prng: Prng;
  /** How much faster than virtual time a member's clock may run, at the most. */
  readonly #rateMax: number;
  #leases = 0;

  constructor(name: string, world: ClientWorld, options: { prng: Prng; rateMax: number }) {
    this.#name = name;
    this.#world = world;
    this.#prng = options.prng;
    this.#rateMax = options.rateMax;
  }

  async run(): Promise<void> {
    const { scheduler } = this.#world;
    while (!this.#world.isClosing()) {
      await pause(scheduler, this.#name, this.#prng.int(50, 1000));
      await this.#oneLease();
    }
  }

  async #oneLease(): Promise<void> {
    const ttlSeconds = this.#prng.int(2, 6);
    const id = BigInt(this.#prng.uint32()) + 1n;
    const granted = await this.#call((channel) =>
      channel.unary(Lease.methods.LeaseGrant, { ID: id, TTL: ttlSeconds }, this.#options()),
    );
    if (granted === null || this.#world.isClosing()) return;
    this.#world.trace.note(this.#name, 'granted', () => `lease ${id}, ${ttlSeconds} s`);
    const lease = new HeldLease(id.toString(), granted.at, granted.value.TTL, this.#rateMax);
    const key = `${this.#name}.l${this.#leases++ % 2}`;
    this.#addEnd(lease);
    await this.#txn(txn([{ kind: 'put', key, value: `${lease.id}:1~`, lease: lease.id }]));
    for (let renewals = this.#prng.int(0, 6); renewals > 0; renewals--) {
      await pause(this.#world.scheduler, this.#name, this.#prng.int(100, ttlSeconds * 900));
      if (this.#world.isClosing()) break;
      if (!(await this.#renew(lease, id))) break;
      await this.#txn(txn([{ kind: 'get', key }]));
    }
    if (this.#prng.chance(0.3)) {
      lease.mayEndFrom(Math.min(lease.earliestEnd, this.#world.scheduler.now));
      await this.#call((channel) =>
        channel.unary(Lease.methods.LeaseRevoke, { ID: id }, this.#options()),
      );
    }
    await pause(this.#world.scheduler, this.#name, this.#prng.int(100, 2 * ttlSeconds * 1000));
    await this.#txn(txn([{ kind: 'get', key }]));
  }

  /** False: the lease is gone, or nobody answered. */
  async #renew(lease: HeldLease, id: bigint): Promise<boolean> {
    const answer = await this.#call(async (channel) => {
      const stream = channel.stream(Lease.methods.LeaseKeepAlive, this.#options());
      stream.send({ ID: id });
      for await (const response of stream.responses) {
        stream.cancel();
        return response;
      }
      throw new Error('the stream ended without an answer');
    });
    if (answer === null || answer.value.TTL <= 0) return false;
    lease.onRenewed(answer.at, answer.value.TTL);
    this.#world.trace.note(
      this.#name,
      'renewed',
      () =>
        `lease ${id}: asked at ${answer.at.toFixed(3)}, ends from ${lease.earliestEnd.toFixed(3)}`,
    );
    return true;
  }

  /** The end of the lease, as something that happens at some time or never. */
  #addEnd(lease: HeldLease): void {
    lease.end = this.#world.history.begin(
      this.#name,
      lease.earliestEnd,
      { kind: 'expire', lease: lease.id },
      false,
    );
  }

  async #txn(op: KvOp & { kind: 'txn' }): Promise<void> {
    const { history, scheduler, trace } = this.#world;
    const { channel } = this.#world.connect(this.#name, this.#prng);
    const operation = history.begin(this.#name, scheduler.now, op, false);
    try {
      const result = await perform(channel, op, { ...this.#options(), serializable: false });
      history.end(operation, scheduler.now, result);
      trace.note(this.#name, 'answer', () => describe(operation));
    } catch (error) {
      const isRead = op.success.every((step) => step.kind === 'get');
      if (isCertainlyWithoutEffect(error) || isRead) history.refuse(operation);
    }
  }

  /** Null when the call fails. `at` is when it was made. */
  async #call<T>(
    make: (channel: Channel) => Promise<T>,
  ): Promise<{ readonly at: number; readonly value: T } | null> {
    const at = this.#world.scheduler.now;
    try {
      return { at, value: await make(this.#world.connect(this.#name, this.#prng).channel) };
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      this.#world.trace.note(this.#name, 'failed', () => error.message);
      return null;
    }
  }

  #options(): { readonly timeoutMs: number } {
    return { timeoutMs: this.#world.knobs.clients.timeoutMs };
  }
}

/** What its client knows of a lease. */
class HeldLease {
  readonly id: string;
  readonly #rateMax: number;
  /** It does not end before. Virtual milliseconds. */
  earliestEnd: number;
  end: Operation | null = null;

  constructor(id: string, grantedAt: number, ttlSeconds: number, rateMax: number) {
    this.id = id;
    this.#rateMax = rateMax;
    this.earliestEnd = grantedAt + (ttlSeconds * 1000) / rateMax;
  }

  /** A renewal that was called at `at` was acknowledged: the lease was alive then. */
  onRenewed(at: number, ttlSeconds: number): void {
    this.mayEndFrom(at + (ttlSeconds * 1000) / this.#rateMax);
  }

  /** From `at` on, and not before, the lease may end. */
  mayEndFrom(at: number): void {
    this.earliestEnd = at;
    if (this.end !== null) this.end.call = at;
  }
}

function txn(success: readonly KvStep[]): KvOp & { kind: 'txn' } {
  return { kind: 'txn', compares: [], success, failure: [], result: null };
}
