import { BcryptBusyError, BcryptThread } from '../../host/bcrypt-thread.js';
import { StoreError } from '../errors.js';
import type { PasswordHasher } from './auth-settings.js';

/** etcd's --bcrypt-cost. */
export const defaultBcryptCost = 10;

/** What bcrypt takes in of a password. */
const passwordBytesMax = 72;

/** Passwords hashed with bcrypt, on a thread of their own that starts with the first: etcd reads the hashes, and we read etcd's. */
export class BcryptPasswords implements PasswordHasher {
  readonly #cost: number;
  readonly #thread = new BcryptThread();

  /** `cost` is 4 to 31; each step takes twice as long. */
  constructor(cost = defaultBcryptCost) {
    this.#cost = cost;
  }

  async hash(password: string): Promise<Uint8Array> {
    if (Buffer.byteLength(password) > passwordBytesMax) throw new StoreError('password-too-long');
    const hash = await notBusy(this.#thread.hash(password, this.#cost));
    return new TextEncoder().encode(hash);
  }

  matches(password: string, hash: Uint8Array): Promise<boolean> {
    return notBusy(this.#thread.matches(password, new TextDecoder().decode(hash)));
  }
}

async function notBusy<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if (!(error instanceof BcryptBusyError)) throw error;
    throw new StoreError('too-many-requests', { cause: error });
  }
}
