import { formatGoDuration } from '../../../base/go-duration.js';
import {
  AlarmResponse,
  CompactionResponse,
  DeleteRangeResponse,
  Event,
  HashKVResponse,
  LeaseRevokeResponse,
  MemberAddResponse,
  MemberListResponse,
  MemberPromoteResponse,
  MemberRemoveResponse,
  MemberUpdateResponse,
  type MessageCodec,
  PutResponse,
  RangeResponse,
  ResponseHeader,
  StatusResponse,
  TxnResponse,
} from '../../../wire/index.js';
import { type GoJson, messageToGoJson, stringifyGoJson } from '../go/json.js';
import type { Printer } from './printer.js';

/** One line of JSON for each answer, in the form of etcd's Go structs. */
export const jsonPrinter: Printer = {
  put: message(PutResponse),
  get: message(RangeResponse),
  del: message(DeleteRangeResponse),
  txn: message(TxnResponse),
  compaction: ({ response }) => message(CompactionResponse)(response),
  watch: (response) =>
    line({
      Header: header(response.header),
      Events: response.events.map((event) => messageToGoJson(Event, event)),
      CompactRevision: response.compactRevision,
      Canceled: response.canceled,
      Created: response.created,
    }),
  leaseGrant: (response) =>
    line({ ...header(response.header), ID: response.ID, TTL: response.TTL, Error: response.error }),
  leaseRevoke: ({ response }) => message(LeaseRevokeResponse)(response),
  leaseKeepAlive: (response) =>
    line({ ...header(response.header), ID: response.ID, TTL: response.TTL }),
  leaseTimeToLive: ({ response }) =>
    line({
      ...header(response.header),
      id: response.ID,
      ttl: response.TTL,
      'granted-ttl': response.grantedTTL,
      keys:
        response.keys.length === 0
          ? null
          : response.keys.map((key) => Buffer.from(key).toString('base64')),
    }),
  leaseList: ({ header: head, leases }) =>
    line({ ...header(head), leases: leases.map(({ ID }) => ({ id: ID })) }),
  memberAdd: message(MemberAddResponse),
  memberRemove: ({ response }) => message(MemberRemoveResponse)(response),
  memberUpdate: ({ response }) => message(MemberUpdateResponse)(response),
  memberPromote: ({ response }) => message(MemberPromoteResponse)(response),
  memberList: message(MemberListResponse),
  endpointStatus: (answers) =>
    line(
      answers.map(({ endpoint, response }) => ({
        Endpoint: endpoint,
        Status: messageToGoJson(StatusResponse, response),
      })),
    ),
  endpointHashKv: (answers) =>
    line(
      answers.map(({ endpoint, response }) => ({
        Endpoint: endpoint,
        HashKV: messageToGoJson(HashKVResponse, response),
      })),
    ),
  endpointHealth: (answers) =>
    line(
      answers.map(({ endpoint, isHealthy, tookMs, error }) => ({
        endpoint,
        health: isHealthy,
        took: formatGoDuration(tookMs),
        ...(error === '' ? {} : { error }),
      })),
    ),
  alarm: message(AlarmResponse),
  auth: ({ json }) => line(json),
  snapshotStatus: ({ hash, revision, totalKeys, totalBytes }) =>
    line({ hash, revision, totalKey: totalKeys, totalSize: totalBytes }),
};

function message<T, Init>(codec: MessageCodec<T, Init>): (value: T) => string {
  return (value) => line(messageToGoJson(codec, value));
}

function header(value: ResponseHeader | undefined): { readonly [key: string]: GoJson } {
  return value === undefined ? {} : messageToGoJson(ResponseHeader, value);
}

function line(value: GoJson): string {
  return `${stringifyGoJson(value)}\n`;
}
