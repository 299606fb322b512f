import { latin1Between, toLatin1 } from '../../base/bytes.js';
import type {
  Compare,
  DeleteRangeRequest,
  PutRequest,
  RequestOp,
  TxnRequest,
} from '../../wire/gen/etcdserverpb.js';
import type { LeaseReads } from '../contracts.js';
import { StoreError } from '../errors.js';
import { boundsOf } from '../mvcc/range-options.js';
import type { PlainPut } from '../schema/plain-put.js';
import type { AuthInfo } from './auth-info.js';
import type { AuthReads } from './auth-state.js';
import type { Access, Grants } from './grants.js';

type Range = Pick<Compare, 'key' | 'rangeEnd'>;

/**
 * Whether users may do what they ask for, while authentication is enabled: etcd's rules, in its order. All methods throw
 * StoreError: `user-empty` for nobody, `auth-old-revision` when users or roles have changed since the user was identified,
 * `permission-denied`; `user-not-found` only where the root role is asked for.
 */
export class AccessCheck {
  readonly #auth: AuthReads;
  readonly #leases: Pick<LeaseReads, 'keys'>;

  constructor(auth: AuthReads, leases: Pick<LeaseReads, 'keys'>) {
    this.#auth = auth;
    this.#leases = leases;
  }

  /** What changes users, members or all data is for those who have the root role. */
  root(user: AuthInfo): void {
    if (user.userName === '') throw new StoreError('user-empty');
    const grants = this.#auth.grantsOf(user.userName);
    if (grants === undefined) throw new StoreError('user-not-found');
    if (!grants.isRoot) throw new StoreError('permission-denied');
  }

  read(user: AuthInfo, range: Range): void {
    this.#range(user, range, 'read');
  }

  put(user: AuthInfo, { key, lease, prevKv }: PutRequest): void {
    const name = toLatin1(key);
    this.#key(user, name, 'write');
    if (lease !== 0n) this.writeLease(user, lease);
    if (prevKv) this.#key(user, name, 'read');
  }

  putPlainly(user: AuthInfo, { data, keyFrom, keyTo }: PlainPut): void {
    const grants = this.#grants(user);
    if (grants !== null && !grants.write.contains(latin1Between(data, keyFrom, keyTo))) {
      throw new StoreError('permission-denied');
    }
  }

  deleteRange(user: AuthInfo, request: DeleteRangeRequest): void {
    this.#range(user, request, 'write');
    if (request.prevKv) this.#range(user, request, 'read');
  }

  /** Of both branches, whichever is taken: what a txn may do must not tell what it compares. */
  txn(user: AuthInfo, { compare, success, failure }: TxnRequest): void {
    for (const range of compare) this.#range(user, range, 'read');
    for (const op of success) this.#op(user, op);
    for (const op of failure) this.#op(user, op);
  }

  /**
   * A lease's end deletes its keys, and being attached to one that others' keys are attached to lets them do so: whoever attaches
   * to, renews or ends a lease may write all its keys.
   */
  writeLease(user: AuthInfo, lease: bigint): void {
    if (this.#isRoot(user)) return;
    for (const key of this.#leases.keys(lease)) this.#key(user, toLatin1(key), 'write');
  }

  /** Whoever is told the keys of a lease may read them. */
  readLease(user: AuthInfo, lease: bigint): void {
    if (this.#isRoot(user)) return;
    for (const key of this.#leases.keys(lease)) this.#key(user, toLatin1(key), 'read');
  }

  #op(user: AuthInfo, op: RequestOp): void {
    if (op.requestRange !== undefined) this.read(user, op.requestRange);
    else if (op.requestPut !== undefined) this.put(user, op.requestPut);
    else if (op.requestDeleteRange !== undefined) this.deleteRange(user, op.requestDeleteRange);
    else if (op.requestTxn !== undefined) this.txn(user, op.requestTxn);
  }

  #range(user: AuthInfo, { key, rangeEnd }: Range, access: Access): void {
    const grants = this.#grants(user);
    if (grants === null) return;
    const { lower, upper } = boundsOf(key, rangeEnd);
    if (!grants[access].covers({ begin: lower, end: upper })) {
      throw new StoreError('permission-denied');
    }
  }

  #key(user: AuthInfo, key: string, access: Access): void {
    const grants = this.#grants(user);
    if (grants !== null && !grants[access].contains(key)) {
      throw new StoreError('permission-denied');
    }
  }

  /** What the user may do; null: everything. */
  #grants({ userName, revision }: AuthInfo): Grants | null {
    if (revision === 0) throw new StoreError('user-empty');
    if (revision < this.#auth.revision) throw new StoreError('auth-old-revision');
    const grants = this.#auth.grantsOf(userName);
    if (grants === undefined) throw new StoreError('permission-denied');
    return grants.isRoot ? null : grants;
  }

  /** Of root, leases are not looked at, nor, as in etcd, when it was identified. */
  #isRoot({ userName }: AuthInfo): boolean {
    return userName !== '' && this.#auth.grantsOf(userName)?.isRoot === true;
  }
}
