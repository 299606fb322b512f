import type { KeyValue, ResponseHeader } from '../../wire/index.js';
import type { BytesLike } from '../bytes.js';
import { toBytes, toText } from '../bytes.js';
import type { RequestOptions } from '../caller.js';
import { compare } from '../compare.js';
import { ClientError } from '../errors.js';
import { put, remove } from '../operation.js';
import {
  firstCreated,
  placeKey,
  queuePrefix,
  type RecipeClient,
  takePlace,
  waitForTurn,
} from './key-queue.js';
import { linkSignals } from './link-signals.js';
import type { Session } from './session.js';

/** Who leads, as others see it. */
export interface Leader {
  readonly key: string;
  /** What the leader proclaimed last. */
  readonly value: Uint8Array;
  /** The leader's fencing token: the creation revision of its key. */
  readonly createRevision: number;
  readonly modRevision: number;
  /** The leader's key, and the header of the answer that told of it. */
  readonly kv: KeyValue;
  readonly header: ResponseHeader;
}

/**
 * An election by the name of a key prefix. Candidates lead in the order in which they campaigned. Compatible with etcd's
 * concurrency package (and so `etcdctl elect`).
 */
export class Election {
  readonly name: string;
  readonly #client: RecipeClient;

  constructor(client: RecipeClient, name: string) {
    this.#client = client;
    this.name = name;
  }

  /** Waits until the session leads, with `value` as what the others see. */
  async campaign(
    value: BytesLike,
    { session, signal }: { readonly session: Session; readonly signal?: AbortSignal },
  ): Promise<Leadership> {
    const link = linkSignals([session.lost, signal]);
    const key = placeKey(this.name, session);
    try {
      const call = { signal: link.signal };
      const place = await takePlace(this.#client, { name: this.name, session, value, call });
      const { createRevision } = place;
      const leadership = new Leadership(this.#client, session, key, createRevision);
      // The place is from an earlier campaign of this session: say the new value.
      if (createRevision !== place.header.revision && !isSame(place.value, toBytes(value))) {
        await leadership.proclaim(value, call);
      }
      await waitForTurn(this.#client, { name: this.name, createRevision, signal: link.signal });
      return leadership;
    } catch (error) {
      if (!session.lost.aborted) {
        await this.#client.kv.delete(key, { isRepeatable: true }).catch(() => {});
      }
      session.assertAlive();
      throw error;
    } finally {
      link.dispose();
    }
  }

  /** Who leads now. Throws `no-election-leader` when nobody does. */
  async leader(options: RequestOptions = {}): Promise<Leader> {
    const { kvs, header } = await this.#client.kv.range(
      { prefix: queuePrefix(this.name) },
      { ...options, ...firstCreated },
    );
    const kv = kvs[0];
    if (kv === undefined) {
      throw new ClientError('no-election-leader', `election ${this.name} has no leader`);
    }
    return leaderOf(kv, header);
  }

  /**
   * Tells who leads, and every change of the leader or its value, until the signal is aborted. Changes that follow each
   * other fast may be skipped; the latest never is.
   */
  async *observe({ signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<Leader> {
    const prefix = queuePrefix(this.name);
    const call = signal === undefined ? {} : { signal };
    while (!signal?.aborted) {
      const { kvs, header } = await this.#client.kv.range({ prefix }, { ...call, ...firstCreated });
      const leader = kvs[0];
      const startRevision = header.revision + 1;
      if (leader === undefined) {
        await this.#waitForCandidate(startRevision, signal);
        continue;
      }
      yield leaderOf(leader, header);
      yield* this.#observeUntilDeleted(leader, startRevision, signal);
    }
  }

  async #waitForCandidate(startRevision: number, signal: AbortSignal | undefined): Promise<void> {
    const prefix = queuePrefix(this.name);
    const options = { startRevision, without: ['delete'] as const };
    const watcher = this.#client.watches.watch({ prefix }, withSignal(options, signal));
    await untilCompacted(async () => {
      for await (const { events } of watcher) if (events.length > 0) return;
    });
  }

  async *#observeUntilDeleted(
    { key }: KeyValue,
    startRevision: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Leader> {
    const watcher = this.#client.watches.watch(key, withSignal({ startRevision }, signal));
    try {
      for await (const { events, header } of watcher) {
        for (const { kv } of events) {
          if (kv === undefined || kv.createRevision === 0) return;
          yield leaderOf(kv, header);
        }
      }
    } catch (error) {
      if (!isCompacted(error)) throw error;
    }
  }
}

/** The leadership that a campaign won. */
export class Leadership {
  readonly key: string;
  /** The creation revision of the key; see {@link Lock.fencingToken}. */
  readonly fencingToken: number;
  /** Aborted when the leadership may be lost because the session's lease is. */
  readonly lost: AbortSignal;
  readonly #client: RecipeClient;
  readonly #session: Session;

  constructor(client: RecipeClient, session: Session, key: string, createRevision: number) {
    this.#client = client;
    this.#session = session;
    this.key = key;
    this.fencingToken = createRevision;
    this.lost = session.lost;
  }

  /** Changes what the others see. Throws `not-elected` when the leadership is over. */
  async proclaim(value: BytesLike, options: RequestOptions = {}): Promise<void> {
    const { succeeded } = await this.#client.kv
      .txn()
      .if(compare(this.key).createRevision('=', this.fencingToken))
      .then(put(this.key, value, { lease: this.#session.lease }))
      .commit({ ...options, isRepeatable: true });
    if (!succeeded) throw new ClientError('not-elected', `the leadership by ${this.key} is over`);
  }

  /** Gives the leadership up. */
  async resign(options: RequestOptions = {}): Promise<void> {
    await this.#client.kv
      .txn()
      .if(compare(this.key).createRevision('=', this.fencingToken))
      .then(remove(this.key))
      .commit({ ...options, isRepeatable: true });
  }
}

function leaderOf(kv: KeyValue, header: ResponseHeader): Leader {
  const { key, value, createRevision, modRevision } = kv;
  return { key: toText(key), value, createRevision, modRevision, kv, header };
}

function withSignal<T extends object>(options: T, signal: AbortSignal | undefined) {
  return signal === undefined ? options : { ...options, signal };
}

/** A watch whose start is compacted has missed something: its reader looks again. */
async function untilCompacted(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isCompacted(error)) throw error;
  }
}

function isCompacted(error: unknown): boolean {
  return error instanceof ClientError && error.code === 'compacted';
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
