import { CallError, RpcError, Status, type StatusCode } from '../rpc/index.js';

/** Stable code of a {@link ClientError}. */
export type ClientErrorCode =
  /** No endpoint answered, or the cluster cannot serve now (no leader, shutting down). */
  | 'unavailable'
  /** The deadline of the call passed. */
  | 'timeout'
  /** The caller's signal was aborted. */
  | 'cancelled'
  /** The client is closed. */
  | 'closed'
  /** The revision is no longer kept; `compactRevision` has the oldest readable one when the server told. */
  | 'compacted'
  /** The revision is ahead of the store. */
  | 'future-revision'
  | 'lease-not-found'
  | 'lease-exists'
  | 'lease-ttl-too-large'
  /** The lease ran out or was revoked while it was being kept alive. */
  | 'lease-lost'
  /** A campaign's leadership is over: resigned, or its lease is gone. */
  | 'not-elected'
  | 'no-election-leader'
  | 'key-not-found'
  | 'no-space'
  | 'too-many-requests'
  | 'request-too-large'
  | 'not-leader'
  | 'member-not-found'
  | 'permission-denied'
  | 'unauthenticated'
  | 'unimplemented'
  /** The request is malformed in a way that no retry mends. */
  | 'invalid-argument'
  /** The request is fine, the state of the cluster is not. */
  | 'failed-precondition'
  /** The server ended a watch for a reason without a code of its own. */
  | 'watch-cancelled'
  /** The server's answer breaks the protocol. */
  | 'protocol'
  /** Anything else that a server said. */
  | 'server';

/** Details of a {@link ClientError}. */
export interface ClientErrorDetails extends ErrorOptions {
  /** gRPC status of the answer; null when the error arose in the client. */
  readonly grpcCode?: StatusCode | null;
  readonly maybeApplied?: boolean;
  readonly compactRevision?: number;
}

/** Every operating error of the client library. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;
  /** gRPC status of the answer, or null when the error arose in the client. */
  readonly grpcCode: StatusCode | null;
  /** Whether the request may have taken effect although it failed. Never true for reads. */
  readonly maybeApplied: boolean;
  /** The oldest revision that can still be read or watched; null unless `code` is `compacted` and the server told. */
  readonly compactRevision: number | null;

  constructor(code: ClientErrorCode, message: string, details: ClientErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.grpcCode = details.grpcCode ?? null;
    this.maybeApplied = details.maybeApplied ?? false;
    this.compactRevision = details.compactRevision ?? null;
  }
}

/** Texts that etcd fixes, where they say more than the status (etcd api/v3rpc/rpctypes). */
const codeByText: ReadonlyMap<string, ClientErrorCode> = new Map([
  ['etcdserver: mvcc: required revision has been compacted', 'compacted'],
  ['etcdserver: mvcc: required revision is a future revision', 'future-revision'],
  ['etcdserver: mvcc: database space exceeded', 'no-space'],
  ['etcdserver: requested lease not found', 'lease-not-found'],
  ['etcdserver: lease already exists', 'lease-exists'],
  ['etcdserver: too large lease TTL', 'lease-ttl-too-large'],
  ['etcdserver: key not found', 'key-not-found'],
  ['etcdserver: too many requests', 'too-many-requests'],
  ['etcdserver: request is too large', 'request-too-large'],
  ['etcdserver: not leader', 'not-leader'],
  ['etcdserver: member not found', 'member-not-found'],
  ['etcdserver: authentication failed, invalid user ID or password', 'unauthenticated'],
  ['etcdserver: revision of auth store is old', 'unauthenticated'],
  ['etcdserver: user name is empty', 'unauthenticated'],
]);

const codeByStatus: ReadonlyMap<StatusCode, ClientErrorCode> = new Map([
  [Status.unavailable, 'unavailable'],
  [Status.deadlineExceeded, 'timeout'],
  [Status.cancelled, 'cancelled'],
  [Status.permissionDenied, 'permission-denied'],
  [Status.unauthenticated, 'unauthenticated'],
  [Status.unimplemented, 'unimplemented'],
  [Status.invalidArgument, 'invalid-argument'],
  [Status.failedPrecondition, 'failed-precondition'],
]);

/** The code of a server's status and text. */
export function errorCodeOf(status: StatusCode, text: string): ClientErrorCode {
  return codeByText.get(text) ?? codeByStatus.get(status) ?? 'server';
}

/** What is known of a call besides how its last attempt ended. */
export interface CallFacts {
  /** The request changes something. */
  readonly mayWrite: boolean;
  /** An earlier attempt of the same call may have been applied. Default false. */
  readonly maybeApplied?: boolean;
}

/**
 * Translates how a call ended; a failure after which nobody knows the outcome of a write is marked `maybeApplied`. Errors
 * that are not of a call are bugs, and thrown on.
 */
export function clientErrorOf(error: unknown, facts: CallFacts): ClientError {
  if (error instanceof ClientError) return error;
  if (!(error instanceof RpcError)) throw error;
  const wasSent = !(error instanceof CallError) || error.sent;
  const maybeApplied = facts.maybeApplied || (facts.mayWrite && wasSent && isOutcomeUnknown(error));
  const { code, message } = error;
  return new ClientError(errorCodeOf(code, message), message, {
    cause: error,
    grpcCode: code,
    maybeApplied,
  });
}

/** The error of everything that is asked of a closed client, or under way when it closes. */
export function closedError(details: { readonly maybeApplied?: boolean } = {}): ClientError {
  return new ClientError('closed', 'the client is closed; connect() again to go on', details);
}

/** Statuses that a server, or the transport in its place, gives without having decided the request. */
const undecided: ReadonlySet<StatusCode> = new Set([
  Status.cancelled,
  Status.unknown,
  Status.deadlineExceeded,
  Status.aborted,
  Status.internal,
  Status.unavailable,
]);

function isOutcomeUnknown(error: RpcError): boolean {
  return undecided.has(error.code) && !refusedBeforeEffect.has(error.message);
}

/**
 * Answers by which a member says that it did nothing with the request and that another member, or the same one a moment
 * later, may do it. Each is here for a reason; any other text leaves the outcome open ("server stopped", "leader
 * changed" and the timeouts can all follow a proposal that is committed later).
 */
export const refusedBeforeEffect: ReadonlySet<string> = new Set([
  // MoveLeader and lease renewal check who leads before they do anything.
  'etcdserver: not leader',
  // The check for a leader comes before the request is proposed; a proposal that lost its leader times out instead.
  'etcdserver: no leader',
  // A learner looks at the kind of request before it looks at the request.
  'etcdserver: rpc not supported for learner',
  // The backlog of unapplied entries is measured before a request is proposed.
  'etcdserver: too many requests',
  // The member's own raft refused the entry: it was neither appended nor forwarded.
  'raft proposal dropped',
]);
