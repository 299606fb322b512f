import type { Test } from 'tap';
import type { Client } from '../../../../src/client/index.js';
import type {
  OpenStorage,
  StorageOptions,
  StoreConnection,
} from '../../../../src/control/apiserver/storage/index.js';
import { fenceContract } from './fence-contract.js';
import { readContract } from './read-contract.js';
import { watchContract } from './watch-contract.js';
import { writeContract } from './write-contract.js';

/** What a contract test works with. */
export interface Subject {
  readonly client: Client;
  readonly store: StoreConnection;
  /** A fresh storage of things, filled, until the test ends. */
  open(t: Test, options?: Partial<StorageOptions>): Promise<OpenStorage>;
}

/** What every storage does, whatever it remembers. */
export function storageContract(t: Test, subject: Subject): void {
  t.test('writes', (t) => writeContract(t, subject));
  t.test('fenced writes', (t) => fenceContract(t, subject));
  t.test('reads', (t) => readContract(t, subject));
  t.test('watches', (t) => watchContract(t, subject));
}
