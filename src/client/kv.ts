import {
  CompactionRequest,
  type CompactionResponse,
  type DeleteRangeResponse,
  type KeyValue,
  KV,
  type PutResponse,
  type RangeResponse,
  type ResponseHeader,
} from '../wire/index.js';
import { type BytesLike, type KeyTarget, keyAfter, keyRange } from './bytes.js';
import type { Caller, RequestOptions, WithHeader, WriteOptions } from './caller.js';
import { ClientError } from './errors.js';
import { deleteRequest, type PutOptions, putRequest } from './kv-requests.js';
import { type RangeOptions, rangeRequest } from './range.js';
import { TxnBuilder } from './txn.js';

/** One key as it was at `header.revision` (or at the revision asked for). */
export interface GetResult {
  readonly header: ResponseHeader;
  /** Undefined when the key does not exist. */
  readonly kv: KeyValue | undefined;
}

/** A page of {@link KvClient.getAll}. */
export interface Page {
  readonly header: ResponseHeader;
  /** The revision that all pages are read at. */
  readonly revision: number;
  readonly kvs: readonly KeyValue[];
}

const pageSizeDefault = 500;

/**
 * The key-value requests. Bytes in responses share the memory of the response: copy what is kept for long from a large
 * one. Every method throws {@link ClientError}.
 */
export class KvClient {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Reads one key. */
  async get(
    key: BytesLike,
    options: Pick<RangeOptions, 'revision' | 'isSerializable' | 'keysOnly'> & RequestOptions = {},
  ): Promise<GetResult> {
    const { header, kvs } = await this.range(key, options);
    return { header, kv: kvs[0] };
  }

  /** Reads keys in one request. `count` counts all of the range, whatever `limit` says. */
  range(
    target: KeyTarget,
    options: RangeOptions & RequestOptions = {},
  ): Promise<WithHeader<RangeResponse>> {
    return this.#caller.read(KV.methods.Range, rangeRequest(target, options), options);
  }

  /**
   * Reads all keys of a range in key order, a page at a time, every page at the revision of the first (or at
   * `options.revision`). Throws `compacted` when that revision is compacted on the way.
   */
  async *getAll(
    target: KeyTarget,
    options: Pick<RangeOptions, 'revision' | 'isSerializable' | 'keysOnly'> &
      RequestOptions & { readonly pageSize?: number } = {},
  ): AsyncGenerator<Page, void, undefined> {
    const limit = options.pageSize ?? pageSizeDefault;
    const { rangeEnd, ...from } = keyRange(target);
    let { key } = from;
    let { revision } = options;
    for (;;) {
      const page = await this.range({ key, rangeEnd }, pageOptions(options, limit, revision));
      revision ??= page.header.revision;
      yield { header: page.header, revision, kvs: page.kvs };
      const last = page.kvs.at(-1);
      if (!page.more || last === undefined) return;
      key = keyAfter(last.key);
    }
  }

  /** Writes one key. */
  put(
    key: BytesLike,
    value: BytesLike,
    options: PutOptions & WriteOptions = {},
  ): Promise<WithHeader<PutResponse>> {
    return this.#caller.write(KV.methods.Put, putRequest(key, value, options), options);
  }

  /** Deletes keys; deleting what is not there is no error and makes no revision. */
  delete(
    target: KeyTarget,
    options: { readonly prevKv?: boolean } & WriteOptions = {},
  ): Promise<WithHeader<DeleteRangeResponse>> {
    return this.#caller.write(KV.methods.DeleteRange, deleteRequest(target, options), options);
  }

  /** Starts a transaction: `txn().if(...).then(...).else(...).commit()`. */
  txn(): TxnBuilder {
    return new TxnBuilder(this.#caller);
  }

  /** Forgets all history before `revision`. With `isPhysical` it answers once the space is free for reuse. */
  compact(
    revision: number,
    options: { readonly isPhysical?: boolean } & WriteOptions = {},
  ): Promise<WithHeader<CompactionResponse>> {
    const request = CompactionRequest.create({ revision, physical: options.isPhysical });
    return this.#caller.write(KV.methods.Compact, request, options);
  }
}

function pageOptions(
  options: Pick<RangeOptions, 'isSerializable' | 'keysOnly'> & RequestOptions,
  limit: number,
  revision: number | undefined,
): RangeOptions & RequestOptions {
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new ClientError('invalid-argument', `page size ${limit} is not a positive integer`);
  }
  return { ...options, limit, ...(revision === undefined ? {} : { revision }) };
}
