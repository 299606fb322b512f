/** Client library for the store, and for any server with etcd's v3 API. */
export type {
  AlarmMember,
  Compare,
  DeleteRangeResponse,
  Event,
  KeyValue,
  Member,
  PutResponse,
  RangeResponse,
  ResponseHeader,
  StatusResponse,
  TxnResponse,
} from '../wire/index.js';
export { AlarmType, EventType } from '../wire/index.js';
export type { Access, AuthClient } from './auth.js';
export {
  type BytesLike,
  type KeyTarget,
  keyAfter,
  keyRange,
  prefixEnd,
  toBytes,
  toText,
} from './bytes.js';
export type { RequestOptions, WithHeader, WriteOptions } from './caller.js';
export type { Client } from './client.js';
export type { ClusterClient } from './cluster.js';
export { type Comparable, compare, type Relation } from './compare.js';
export { type ConnectOptions, connect } from './connect.js';
export type { UserPassword } from './credentials.js';
export { ClientError, type ClientErrorCode } from './errors.js';
export type { GetResult, KvClient, Page } from './kv.js';
export type { PutOptions } from './kv-requests.js';
export type { LeaseClient } from './lease/lease-client.js';
export type { KeepAliveOptions, LeaseKeeper } from './lease/lease-keeper.js';
export type { MaintenanceClient } from './maintenance.js';
export {
  nested,
  type Operation,
  put,
  type ResultsOf,
  range,
  remove,
  type TxnOutcome,
  type TxnPlan,
} from './operation.js';
export type { RangeOptions, SortBy } from './range.js';
export type { Election, Leader, Leadership } from './recipes/election.js';
export type { Lock, LockOptions } from './recipes/lock.js';
export type { Session, SessionOptions } from './recipes/session.js';
export type { TxnBuilder, TxnResult } from './txn.js';
export type { WatchBatch, WatchOptions } from './watch/types.js';
export type { Watcher } from './watch/watcher.js';
