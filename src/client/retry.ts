import { CallError, RpcError, Status } from '../rpc/index.js';
import { refusedBeforeEffect } from './errors.js';

/** What repeating a request does, and so when it may be repeated. */
export type CallKind =
  /** It changes nothing: repeated freely. */
  | 'read'
  /** Its second application is as good as its first: repeated freely, but its failure may leave it applied. */
  | 'repeatable-write'
  /** It might be applied twice: repeated only when it surely was not applied. */
  | 'write';

/** What a failed attempt means for the call and for the endpoint. */
export interface Verdict {
  /** Whether the call may be tried again, elsewhere or later. */
  readonly retry: boolean;
  /** Whether the endpoint is to be avoided by other calls too. */
  readonly isEndpointAtFault: boolean;
}

/** Refusals that say nothing against the member: another request to it may do well. */
const refusedForRequest: ReadonlySet<string> = new Set([
  'etcdserver: not leader',
  'etcdserver: rpc not supported for learner',
  'etcdserver: too many requests',
  'etcdserver: leader changed',
  'raft proposal dropped',
]);

/** Judges how an attempt ended. Errors that are not of a call (bugs, bad input) are never retried. */
export function judgeFailure(error: unknown, kind: CallKind): Verdict {
  if (!(error instanceof RpcError)) return { retry: false, isEndpointAtFault: false };
  const isTransient = error.code === Status.unavailable || error.code === Status.deadlineExceeded;
  const isRefused = refusedBeforeEffect.has(error.message);
  const isUnsent = error instanceof CallError && !error.sent;
  return {
    retry: isRefused || (isTransient && (kind !== 'write' || isUnsent)),
    isEndpointAtFault: isTransient && !refusedForRequest.has(error.message),
  };
}
