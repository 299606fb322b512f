import { DeleteRangeRequest, PutRequest } from '../wire/index.js';
import { type BytesLike, type KeyTarget, keyRange, toBytes } from './bytes.js';

/** Options of a put. */
export interface PutOptions {
  /** Attaches the key to this lease; without it the key loses its lease. */
  readonly lease?: bigint;
  /** Returns the key's state before the put. */
  readonly prevKv?: boolean;
  /** Keeps the value; the given one must be empty, the key must exist. */
  readonly ignoreValue?: boolean;
  /** Keeps the lease; none may be given, the key must exist. */
  readonly ignoreLease?: boolean;
}

/** The wire's request for a put. */
export function putRequest(key: BytesLike, value: BytesLike, options: PutOptions = {}): PutRequest {
  return PutRequest.create({
    key: toBytes(key),
    value: toBytes(value),
    lease: options.lease,
    prevKv: options.prevKv,
    ignoreValue: options.ignoreValue,
    ignoreLease: options.ignoreLease,
  });
}

/** The wire's request for a deletion. */
export function deleteRequest(
  target: KeyTarget,
  options: { readonly prevKv?: boolean } = {},
): DeleteRangeRequest {
  return DeleteRangeRequest.create({ ...keyRange(target), prevKv: options.prevKv });
}
