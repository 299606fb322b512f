import type { DbWrite } from '../../base/ordered-db.js';
import type { WriteSink } from '../mvcc/write-txn.js';
import type { AppliedHash } from './applied-hash.js';

/** The database writes of the entries applied together. All of them are replicated state, so the running hash has them. */
export class ApplyBatch implements WriteSink {
  readonly writes: DbWrite[] = [];
  readonly #hash: AppliedHash;
  /** Bytes of keys and values. */
  bytes = 0;

  constructor(hash: AppliedHash) {
    this.#hash = hash;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.writes.push({ kind: 'put', key, value });
    this.bytes += key.length + value.length;
    this.#hash.addNumber(1);
    this.#hash.addBytes(key);
    this.#hash.addBytes(value);
  }

  delete(key: Uint8Array): void {
    this.writes.push({ kind: 'delete', key });
    this.bytes += key.length;
    this.#hash.addNumber(2);
    this.#hash.addBytes(key);
  }
}
