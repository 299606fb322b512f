import type { Clock } from '../../../base/clock.js';
import {
  type Client,
  ClientError,
  compare,
  type KeyValue,
  put,
  range,
  remove,
} from '../../../client/index.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import type { Fence } from '../../machinery/fence.js';
import type { GroupResource, KubeObject } from '../../machinery/object.js';
import { alreadyExists, notFound } from '../../machinery/status-errors.js';
import type {
  ObjectStorage,
  Preconditions,
  StorageCreateOptions,
  StorageDeleteOptions,
  StorageUpdateOptions,
} from './contracts.js';
import { fenceGuards, fenceReads, requireFence } from './fence-guard.js';
import type { LeasePool } from './lease-pool.js';
import type { ObjectCodec } from './object-codec.js';
import { checkPreconditions } from './preconditions.js';
import type { ResourceKeys } from './resource-keys.js';
import { outOfTime, type StoreAction, storeFailure } from './store-failure.js';
import type { StoreReader } from './store-reader.js';
import type { StoreTimer } from './store-timer.js';
import type { StoredItem } from './stored-item.js';

/** How long a write that others keep overtaking goes on trying. */
const contendedMsMax = 60_000;

/** What a write starts from. */
interface Basis {
  /** Null: nothing is there. */
  readonly item: StoredItem | null;
  /** Read from the store for this write; else it is what a cache had, and a refusal based on it must be looked at again. */
  readonly isConfirmed: boolean;
}

/** An attempt of a write: done, or to be made again from here. */
type Attempt = { readonly done: StoredItem } | { readonly again: Basis };

/** A compare-and-swap: done, or lost to somebody who left the key like this. */
type Swap = { readonly done: StoredItem } | { readonly lostTo: readonly KeyValue[] };

interface Target {
  readonly key: string;
  readonly name: string;
  readonly fence: Fence | undefined;
}

/** The new state of an object. */
interface Written {
  readonly object: KubeObject;
  readonly ttlSeconds: number | null;
}

/**
 * Compare-and-swap writes, one round trip an attempt: who loses a race is told the winner's state in the same answer. A write whose
 * outcome is unknown is never repeated.
 */
export class StoreWriter implements Pick<ObjectStorage, 'create' | 'update' | 'delete'> {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #keys: ResourceKeys;
  readonly #codec: ObjectCodec;
  readonly #reader: StoreReader;
  readonly #leases: LeasePool;
  readonly #resource: GroupResource;
  readonly #timer: StoreTimer;
  /** What a cache holds for a key; may be behind. */
  readonly #suggest: (key: string) => StoredItem | undefined;

  constructor(options: {
    readonly client: Client;
    readonly clock: Clock;
    readonly keys: ResourceKeys;
    readonly codec: ObjectCodec;
    readonly reader: StoreReader;
    readonly leases: LeasePool;
    readonly resource: GroupResource;
    readonly timer: StoreTimer;
    readonly suggest: (key: string) => StoredItem | undefined;
  }) {
    this.#client = options.client;
    this.#clock = options.clock;
    this.#keys = options.keys;
    this.#codec = options.codec;
    this.#reader = options.reader;
    this.#leases = options.leases;
    this.#resource = options.resource;
    this.#timer = options.timer;
    this.#suggest = options.suggest;
  }

  async create(object: KubeObject, options: StorageCreateOptions): Promise<StoredItem> {
    const { namespace = '', name = '' } = object.metadata;
    const key = this.#keys.keyOf(namespace, name);
    const { fence, ttlSeconds } = options;
    const written = { object, ttlSeconds };
    const swap = await this.#swap({ key, name, fence }, null, written, 'create');
    if ('done' in swap) return swap.done;
    throw alreadyExists(this.#resource, name);
  }

  async update(
    namespace: string,
    name: string,
    change: (current: KubeObject | undefined) => Promise<Written>,
    options: StorageUpdateOptions,
  ): Promise<StoredItem> {
    const target = { key: this.#keys.keyOf(namespace, name), name, fence: options.fence };
    return await this.#untilDone(target, async (basis) => {
      const written = await this.#onBasis(target, basis, async (item) => {
        if (item === null && !options.mayCreate) throw notFound(this.#resource, name);
        this.#check(options.preconditions, item, target);
        return await change(item?.object);
      });
      if ('again' in written) return written;
      if (basis.item !== null && isSame(basis.item, written.value.object)) {
        return await this.#confirmed(target, basis, basis.item);
      }
      const swap = await this.#swap(target, basis.item, written.value, 'update');
      return 'done' in swap ? swap : this.#overtaken(swap.lostTo);
    });
  }

  async delete(
    namespace: string,
    name: string,
    options: StorageDeleteOptions,
  ): Promise<StoredItem> {
    const target = { key: this.#keys.keyOf(namespace, name), name, fence: options.fence };
    return await this.#untilDone(target, async (basis) => {
      const checked = await this.#onBasis(target, basis, async (item) => {
        if (item === null) throw notFound(this.#resource, name);
        this.#check(options.preconditions, item, target);
        await options.check(item.object);
        return item;
      });
      if ('again' in checked) return checked;
      const swap = await this.#remove(target, checked.value);
      return 'done' in swap ? swap : this.#overtaken(swap.lostTo);
    });
  }

  async #untilDone(
    target: Target,
    attempt: (basis: Basis) => Promise<Attempt>,
  ): Promise<StoredItem> {
    const endMs = this.#clock.now() + contendedMsMax;
    const suggested = this.#suggest(target.key);
    let basis: Basis =
      suggested === undefined ? await this.#read(target) : { item: suggested, isConfirmed: false };
    for (;;) {
      const outcome = await attempt(basis);
      if ('done' in outcome) return outcome.done;
      basis = outcome.again;
      if (this.#clock.now() >= endMs) throw outOfTime();
    }
  }

  /** Runs what may refuse. A refusal that rests on a state that has passed is no refusal. */
  async #onBasis<T>(
    target: Target,
    basis: Basis,
    step: (item: StoredItem | null) => Promise<T>,
  ): Promise<{ readonly value: T } | { readonly again: Basis }> {
    try {
      return { value: await step(basis.item) };
    } catch (error) {
      if (basis.isConfirmed) throw error;
      const fresh = await this.#read(target);
      if (fresh.item?.revision === basis.item?.revision) throw error;
      return { again: fresh };
    }
  }

  /** A write that changes nothing is done, if that is still so. */
  async #confirmed(target: Target, basis: Basis, item: StoredItem): Promise<Attempt> {
    if (basis.isConfirmed) return { done: item };
    const fresh = await this.#read(target);
    return fresh.item?.revision === item.revision ? { done: item } : { again: fresh };
  }

  async #read({ key }: Target): Promise<Basis> {
    const reuse = this.#suggest(key);
    return { item: await this.#reader.get(key, { at: 'latest' }, reuse), isConfirmed: true };
  }

  #check(preconditions: Preconditions, item: StoredItem | null, { key, name }: Target): void {
    const storeKey = this.#keys.textOf(key);
    checkPreconditions(preconditions, item?.object, { resource: this.#resource, name, storeKey });
  }

  /** Writes if the key still is as in `before` (null: not there). */
  async #swap(
    target: Target,
    before: StoredItem | null,
    { object, ttlSeconds }: Written,
    action: StoreAction,
  ): Promise<Swap> {
    const { key, fence } = target;
    const { text, value } = this.#codec.encode(key, object, { isNew: before === null });
    return await this.#leased(ttlSeconds, action, async (lease) => {
      const storeKey = this.#keys.toStore(key);
      const writing = this.#client.kv
        .txn()
        .if(compare(storeKey).modRevision('=', before?.revision ?? 0), ...fenceGuards(fence))
        .then(put(storeKey, value, lease === null ? {} : { lease }))
        .else(range(storeKey), ...fenceReads(fence))
        .commit();
      const result = await this.#timer.measure(before === null ? 'create' : 'update', writing);
      if (!result.succeeded) return this.#lost(target, result.results);
      const { revision } = result.header;
      const size = value.length;
      return { done: this.#codec.written(key, object, { text, revision, size }) };
    });
  }

  async #remove(target: Target, item: StoredItem): Promise<Swap> {
    const { key, fence } = target;
    const storeKey = this.#keys.toStore(key);
    try {
      const removing = this.#client.kv
        .txn()
        .if(compare(storeKey).modRevision('=', item.revision), ...fenceGuards(fence))
        .then(remove(storeKey))
        .else(range(storeKey), ...fenceReads(fence))
        .commit();
      const result = await this.#timer.measure('delete', removing);
      if (!result.succeeded) return this.#lost(target, result.results);
      return { done: item.at(result.header.revision) };
    } catch (error) {
      throw storeFailure(error, { action: 'delete', resource: this.#resource });
    }
  }

  /** Why a transaction had no effect: the key is as it was read then, unless the fence is broken. */
  #lost(
    { name, fence }: Target,
    [read, fenced]: readonly { readonly kvs: readonly KeyValue[] }[],
  ): Swap {
    if (fence !== undefined)
      requireFence(fence, fenced?.kvs ?? [], { resource: this.#resource, name });
    return { lostTo: read?.kvs ?? [] };
  }

  /** Somebody else was faster: the state that they left. */
  async #overtaken(kvs: readonly KeyValue[]): Promise<Attempt> {
    const missing = this.#codec.prepare(kvs);
    if (missing !== null) await missing;
    const [kv] = kvs;
    const item = kv === undefined ? null : this.#codec.decode(kv);
    return { again: { item, isConfirmed: true } };
  }

  /** Writes with a lease where the object has a time to live; once more with a new one when the shared one is gone. */
  async #leased<T>(
    ttlSeconds: number | null,
    action: StoreAction,
    write: (lease: bigint | null) => Promise<T>,
  ): Promise<T> {
    try {
      if (ttlSeconds === null) return await write(null);
      const lease = await this.#leases.leaseFor(ttlSeconds);
      try {
        return await write(lease);
      } catch (error) {
        if (!(error instanceof ClientError) || error.code !== 'lease-not-found') throw error;
        this.#leases.forget(lease);
      }
      return await write(await this.#leases.leaseFor(ttlSeconds));
    } catch (error) {
      throw storeFailure(error, { action, resource: this.#resource });
    }
  }
}

/** Whether writing `object` would change nothing. */
function isSame(item: StoredItem, object: KubeObject): boolean {
  if (item.isStale) return false;
  const { resourceVersion } = item.object.metadata;
  const metadata = { ...object.metadata, resourceVersion };
  return deepEqual({ ...object, metadata }, item.object);
}
