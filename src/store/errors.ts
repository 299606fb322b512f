import { Status, type StatusCode } from '../rpc/service.js';

/**
 * Every operating error of the store that goes to a client, with the gRPC code and text that etcd fixes for it. Clients
 * compare the texts, so they are exact (etcd api/v3rpc/rpctypes).
 */
const table = {
  'empty-key': [Status.invalidArgument, 'etcdserver: key is not provided'],
  'key-not-found': [Status.invalidArgument, 'etcdserver: key not found'],
  'value-provided': [Status.invalidArgument, 'etcdserver: value is provided'],
  'lease-provided': [Status.invalidArgument, 'etcdserver: lease is provided'],
  'too-many-ops': [Status.invalidArgument, 'etcdserver: too many operations in txn request'],
  'duplicate-key': [Status.invalidArgument, 'etcdserver: duplicate key given in txn request'],
  'invalid-sort-option': [Status.invalidArgument, 'etcdserver: invalid sort option'],
  compacted: [Status.outOfRange, 'etcdserver: mvcc: required revision has been compacted'],
  'future-revision': [
    Status.outOfRange,
    'etcdserver: mvcc: required revision is a future revision',
  ],
  'no-space': [Status.resourceExhausted, 'etcdserver: mvcc: database space exceeded'],
  'lease-not-found': [Status.notFound, 'etcdserver: requested lease not found'],
  'lease-exists': [Status.failedPrecondition, 'etcdserver: lease already exists'],
  'lease-ttl-too-large': [Status.outOfRange, 'etcdserver: too large lease TTL'],
  'watch-canceled': [Status.cancelled, 'etcdserver: watch canceled'],
  'member-exists': [Status.failedPrecondition, 'etcdserver: member ID already exist'],
  'peer-url-exists': [Status.failedPrecondition, 'etcdserver: Peer URLs already exists'],
  'member-not-enough-started': [
    Status.failedPrecondition,
    'etcdserver: re-configuration failed due to not enough started members',
  ],
  'member-bad-urls': [Status.invalidArgument, 'etcdserver: given member URLs are invalid'],
  'member-not-found': [Status.notFound, 'etcdserver: member not found'],
  'member-not-learner': [
    Status.failedPrecondition,
    'etcdserver: can only promote a learner member',
  ],
  'learner-not-ready': [
    Status.failedPrecondition,
    'etcdserver: can only promote a learner member which is in sync with leader',
  ],
  'too-many-learners': [
    Status.failedPrecondition,
    'etcdserver: too many learner members in cluster',
  ],
  'downgrade-version-format': [
    Status.invalidArgument,
    'etcdserver: wrong downgrade target version format',
  ],
  'downgrade-version': [Status.invalidArgument, 'etcdserver: invalid downgrade target version'],
  'no-downgrade': [Status.failedPrecondition, 'etcdserver: no inflight downgrade job'],
  'cluster-id-mismatch': [Status.failedPrecondition, 'etcdserver: cluster ID mismatch'],
  'request-too-large': [Status.invalidArgument, 'etcdserver: request is too large'],
  'too-many-requests': [Status.resourceExhausted, 'etcdserver: too many requests'],
  'auth-not-enabled': [Status.failedPrecondition, 'etcdserver: authentication is not enabled'],
  'auth-failed': [
    Status.invalidArgument,
    'etcdserver: authentication failed, invalid user ID or password',
  ],
  'auth-old-revision': [Status.invalidArgument, 'etcdserver: revision of auth store is old'],
  'invalid-auth-token': [Status.unauthenticated, 'etcdserver: invalid auth token'],
  'invalid-auth-mgmt': [Status.invalidArgument, 'etcdserver: invalid auth management'],
  'permission-denied': [Status.permissionDenied, 'etcdserver: permission denied'],
  'permission-not-given': [Status.invalidArgument, 'etcdserver: permission not given'],
  'permission-not-granted': [
    Status.failedPrecondition,
    'etcdserver: permission is not granted to the role',
  ],
  'root-user-missing': [Status.failedPrecondition, 'etcdserver: root user does not exist'],
  'root-role-missing': [Status.failedPrecondition, 'etcdserver: root user does not have root role'],
  'user-empty': [Status.invalidArgument, 'etcdserver: user name is empty'],
  'user-exists': [Status.failedPrecondition, 'etcdserver: user name already exists'],
  'user-not-found': [Status.failedPrecondition, 'etcdserver: user name not found'],
  'role-empty': [Status.invalidArgument, 'etcdserver: role name is empty'],
  'role-exists': [Status.failedPrecondition, 'etcdserver: role name already exists'],
  'role-not-found': [Status.failedPrecondition, 'etcdserver: role name not found'],
  'role-not-granted': [Status.failedPrecondition, 'etcdserver: role is not granted to the user'],
  // For these etcd has no code, and passes on the words of where they arise.
  'no-password-user': [
    Status.unknown,
    'auth: authentication failed, password was given for no password user',
  ],
  'password-too-long': [Status.unknown, 'bcrypt: password length exceeds 72 bytes'],
  'token-verify-only': [Status.unknown, 'auth: token signing attempted with verify-only key'],
  'no-leader': [Status.unavailable, 'etcdserver: no leader'],
  'not-leader': [Status.failedPrecondition, 'etcdserver: not leader'],
  'leader-changed': [Status.unavailable, 'etcdserver: leader changed'],
  stopped: [Status.unavailable, 'etcdserver: server stopped'],
  timeout: [Status.unavailable, 'etcdserver: request timed out'],
  'timeout-leader-lost': [
    Status.unavailable,
    'etcdserver: request timed out, possibly due to previous leader failure',
  ],
  'timeout-waiting-applied': [
    Status.unavailable,
    'etcdserver: request timed out, waiting for the applied index took too long',
  ],
  unhealthy: [Status.unavailable, 'etcdserver: unhealthy cluster'],
  corrupt: [Status.dataLoss, 'etcdserver: corrupt cluster'],
  // As 3.4 and 3.5 have it, whose clients go to another member then only for this code; later ones answer failedPrecondition.
  'not-supported-for-learner': [Status.unavailable, 'etcdserver: rpc not supported for learner'],
  'bad-leader-transferee': [Status.failedPrecondition, 'etcdserver: bad leader transferee'],
  // Not one of etcd's: only a broken or a newer member can have put such an entry into the log.
  'malformed-entry': [Status.internal, 'etcdserver: log entry cannot be decoded'],
  canceled: [Status.cancelled, 'etcdserver: request canceled'],
  'deadline-exceeded': [Status.deadlineExceeded, 'etcdserver: context deadline exceeded'],
} as const satisfies Record<string, readonly [StatusCode, string]>;

/** Stable code of a {@link StoreError}. */
export type StoreErrorCode = keyof typeof table;

/** All codes. */
export const storeErrorCodes = Object.keys(table) as readonly StoreErrorCode[];

/** An operating error of the store. Its gRPC status follows from its code. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  readonly status: StatusCode;
  constructor(code: StoreErrorCode, options?: ErrorOptions) {
    super(table[code][1], options);
    this.code = code;
    this.status = table[code][0];
  }
}
