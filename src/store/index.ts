/** The replicated store with etcd's semantics: the state machine, the member around it, and its gRPC services. */
export { clientHttp } from './api/client-http.js';
export type { ApiContext } from './api/context.js';
export type { HttpAccess } from './api/gateway/access.js';
export { Gateway, type GatewayOptions } from './api/gateway/gateway.js';
export { httpRoutes, metricsRoutes } from './api/http.js';
export { apiServices } from './api/services.js';
export type { Alarm, AlarmReads } from './apply/alarms.js';
export type { Bootstrap } from './apply/replica-state.js';
export type { AuthSettings, TokenScheme } from './auth/auth-settings.js';
export { BcryptPasswords, defaultBcryptCost } from './auth/bcrypt-passwords.js';
export { simpleTokenScheme } from './auth/default-settings.js';
export { defaultTokenTtlSeconds } from './auth/simple-tokens.js';
export { removeBackups } from './backup/backup.js';
export { EtcdDataError, type EtcdDataErrorCode } from './backup/errors.js';
export type { MemberPlace } from './backup/new-member.js';
export { type RestoreOptions, restoreSnapshot } from './backup/restore.js';
export { checkDigest, type SnapshotStatus, snapshotStatus } from './backup/snapshot-file.js';
export { isEtcdDataDir, takeOverEtcdData } from './backup/take-over.js';
export * from './contracts.js';
export { StoreError, type StoreErrorCode } from './errors.js';
export { type AutoCompactionPolicy, AutoCompactor } from './member/auto-compaction.js';
export { defaultLimits } from './member/default-limits.js';
export { LogMissingError, SoleMemberError } from './member/errors.js';
export {
  DataDirError,
  readIdentity,
  type StoredIdentity,
  writeIdentity,
} from './member/identity-file.js';
export {
  InitialClusterError,
  type InitialClusterErrorCode,
  parseInitialCluster,
} from './member/initial-cluster.js';
export { MemberMailbox } from './member/mailbox.js';
export {
  Member,
  type MemberIdentity,
  type MemberLimits,
  type MemberOptions,
} from './member/member.js';
export { computeClusterId, computeMemberId } from './member/member-ids.js';
export { parseMemberUrls, UrlError, type UrlErrorCode } from './member/urls.js';
export { StoreMetrics } from './metrics/store-metrics.js';
export { StoreDataError, type StoreDataErrorCode } from './schema/errors.js';
export { Store, type StoreOptions } from './store.js';
export { separateValues } from './values/separated-db.js';
