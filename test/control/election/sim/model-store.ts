import type { ElectionCall, ElectionStore } from '../../../../src/control/election/index.js';
import { ElectionStoreError } from '../../../../src/control/election/index.js';
import type { Fence } from '../../../../src/control/machinery/fence.js';
import type { MachineTime } from '../../../sim/clock.js';

interface Entry {
  readonly value: string;
  readonly createRevision: number;
  readonly lease: bigint;
}

interface LeaseState {
  readonly ttlMs: number;
  /** By the store's clock. */
  endsMs: number;
  isGone: boolean;
}

/** What a store is at one moment: keys, leases, a revision. Every operation takes place whole, at the time it is called. */
export class ModelStore {
  readonly #machine: MachineTime;
  readonly #entries = new Map<string, Entry>();
  readonly #leases = new Map<bigint, LeaseState>();
  readonly #watchers = new Set<() => void>();
  #revision = 1;
  #lastLease = 0n;

  /** The machine whose clock ends leases. */
  constructor(machine: MachineTime) {
    this.#machine = machine;
  }

  get revision(): number {
    return this.#revision;
  }

  holder(key: string): Entry | null {
    return this.#entries.get(key) ?? null;
  }

  /** Whether a write that carries the fence is applied. */
  admits({ key, createRevision }: Fence): boolean {
    return this.#entries.get(key)?.createRevision === createRevision;
  }

  grant(ttlSeconds: number): bigint {
    const lease = ++this.#lastLease;
    const ttlMs = ttlSeconds * 1000;
    this.#leases.set(lease, { ttlMs, endsMs: this.#machine.now() + ttlMs, isGone: false });
    this.#watchEnd(lease);
    return lease;
  }

  claim(key: string, value: string, lease: bigint): number | null {
    if (!this.#leases.has(lease)) throw new ElectionStoreError('requested lease not found');
    const existing = this.#entries.get(key);
    if (existing !== undefined) return existing.lease === lease ? existing.createRevision : null;
    const createRevision = ++this.#revision;
    this.#entries.set(key, { value, createRevision, lease });
    return createRevision;
  }

  renew(lease: bigint): boolean {
    const state = this.#leases.get(lease);
    if (state === undefined) return false;
    state.endsMs = this.#machine.now() + state.ttlMs;
    return true;
  }

  revoke(lease: bigint): void {
    const state = this.#leases.get(lease);
    if (state === undefined) return;
    state.isGone = true;
    this.#leases.delete(lease);
    for (const [key, entry] of this.#entries) {
      if (entry.lease !== lease) continue;
      this.#entries.delete(key);
      this.#revision++;
    }
    for (const onChange of [...this.#watchers]) onChange();
  }

  /** A new leader of the store gives every lease its whole time again. */
  extendLeases(): void {
    for (const state of this.#leases.values()) state.endsMs = this.#machine.now() + state.ttlMs;
  }

  /** Calls back once when the key is not there, or is another's than at `revision`. Returns how to stop. */
  onReleased(key: string, revision: number, callback: () => void): () => void {
    const look = () => {
      const entry = this.#entries.get(key);
      if (entry !== undefined && entry.createRevision <= revision) return;
      this.#watchers.delete(look);
      callback();
    };
    this.#watchers.add(look);
    look();
    return () => this.#watchers.delete(look);
  }

  #watchEnd(lease: bigint): void {
    const state = this.#leases.get(lease);
    if (state === undefined) return;
    const leftMs = (state.endsMs - this.#machine.now()) / this.#machine.rate;
    this.#machine.plan(Math.max(0, leftMs), 'lease', () => {
      if (state.isGone) return;
      if (this.#machine.now() >= state.endsMs) this.revoke(lease);
      else this.#watchEnd(lease);
    });
  }
}

/** What is between a process and the store. */
export interface StoreWay {
  /** Takes a request there and its answer back; either may be lost, late, or come twice. */
  ask<T>(operation: () => T, onAnswer: (answer: T | Error) => void): void;
  setTimer(ms: number, run: () => void): () => void;
}

/** The store as a process sees it. */
export function storeOver(model: ModelStore, way: StoreWay): ElectionStore {
  const asked = <T>(call: ElectionCall, operation: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      const { signal, timeoutMs } = call;
      const late = () => settle(new ElectionStoreError('the store did not answer in time'));
      const stopTimer = way.setTimer(timeoutMs, late);
      const settle = (answer: T | Error) => {
        stopTimer();
        signal?.removeEventListener('abort', onAbort);
        if (answer instanceof Error) reject(answer);
        else resolve(answer);
      };
      const onAbort = () => settle(signal?.reason as Error);
      if (signal?.aborted) return onAbort();
      signal?.addEventListener('abort', onAbort, { once: true });
      way.ask(operation, settle);
    });
  return {
    read: (key, call) =>
      asked(call, () => ({ holder: model.holder(key), revision: model.revision })),
    grant: (ttlSeconds, call) => asked(call, () => model.grant(ttlSeconds)),
    claim: ({ key, value, lease }, call) => asked(call, () => model.claim(key, value, lease)),
    renew: (lease, call) => asked(call, () => model.renew(lease)),
    revoke: (lease, call) => asked(call, () => model.revoke(lease)),
    untilReleased: (key, revision, signal) =>
      new Promise((resolve, reject) => {
        let stop = () => {};
        const onAbort = () => {
          stop();
          reject(signal.reason);
        };
        if (signal.aborted) return onAbort();
        signal.addEventListener('abort', onAbort, { once: true });
        way.ask(
          () => {
            // The event travels as any answer does.
            stop = model.onReleased(key, revision, () =>
              way.ask(
                () => null,
                () => resolve(),
              ),
            );
          },
          () => {},
        );
      }),
  };
}
