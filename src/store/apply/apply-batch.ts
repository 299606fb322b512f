import type { DbWrite } from '../../base/ordered-db.js';
import type { AppliedHash } from './applied-hash.js';

/**
 * What entries applied together write to the database. All of it is replicated state, so the running hash takes it in.
 * Revision records go there with the write queue, from the tail.
 */
export class ApplyBatch {
  readonly writes: DbWrite[] = [];
  readonly #hash: AppliedHash;
  /** Bytes of keys and values, records included. */
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

  /** Takes in revision records, back to back. However they are cut, the hash comes out the same. */
  addRecords(records: Uint8Array): void {
    this.bytes += records.length;
    this.#hash.addRecords(records);
  }
}
