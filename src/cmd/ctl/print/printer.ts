import type { SnapshotStatus } from '../../../store/index.js';
import type {
  AlarmResponse,
  CompactionResponse,
  DeleteRangeResponse,
  HashKVResponse,
  LeaseGrantResponse,
  LeaseKeepAliveResponse,
  LeaseLeasesResponse,
  LeaseRevokeResponse,
  LeaseTimeToLiveResponse,
  MemberAddResponse,
  MemberListResponse,
  MemberPromoteResponse,
  MemberRemoveResponse,
  MemberUpdateResponse,
  PutResponse,
  RangeResponse,
  StatusResponse,
  TxnResponse,
  WatchResponse,
} from '../../../wire/index.js';
import type { GoJson } from '../go/json.js';

/** One endpoint's answer, under the name that the user gave it. */
export interface EndpointAnswer<T> {
  readonly endpoint: string;
  readonly response: T;
}

/** What `endpoint health` found. */
export interface EndpointHealth {
  readonly endpoint: string;
  readonly isHealthy: boolean;
  readonly tookMs: number;
  /** Empty when healthy. */
  readonly error: string;
}

/** An answer about users and roles: as a message, and as what people read. */
export interface AuthAnswer {
  readonly json: GoJson;
  readonly text: string;
}

/** The answers that commands print, by the name under which a printer takes them. */
export interface Printable {
  put: PutResponse;
  get: RangeResponse;
  del: DeleteRangeResponse;
  txn: TxnResponse;
  compaction: { readonly response: CompactionResponse; readonly revision: number };
  watch: WatchResponse;
  leaseGrant: LeaseGrantResponse;
  leaseRevoke: { readonly response: LeaseRevokeResponse; readonly id: bigint };
  leaseKeepAlive: LeaseKeepAliveResponse;
  leaseTimeToLive: { readonly response: LeaseTimeToLiveResponse; readonly withKeys: boolean };
  leaseList: LeaseLeasesResponse;
  memberAdd: MemberAddResponse;
  memberRemove: { readonly response: MemberRemoveResponse; readonly id: bigint };
  memberUpdate: { readonly response: MemberUpdateResponse; readonly id: bigint };
  memberPromote: { readonly response: MemberPromoteResponse; readonly id: bigint };
  memberList: MemberListResponse;
  endpointStatus: readonly EndpointAnswer<StatusResponse>[];
  endpointHashKv: readonly EndpointAnswer<HashKVResponse>[];
  endpointHealth: readonly EndpointHealth[];
  alarm: AlarmResponse;
  moveLeader: { readonly from: bigint; readonly to: bigint };
  snapshotStatus: SnapshotStatus;
  auth: AuthAnswer;
}

/** What `--write-out` takes. */
export const outputFormats = ['fields', 'json', 'simple', 'table'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** How a format writes each kind of answer. A kind without an entry is not supported in the format. */
export type Printer = {
  readonly [K in keyof Printable]?: (value: Printable[K], style: PrintStyle) => Output;
};

/** Text, or bytes where keys and values are written as they are. */
export type Output = string | Uint8Array;

/** Options that change how answers look. */
export interface PrintStyle {
  /** Keys and values as hexadecimal escapes. */
  readonly isHex: boolean;
  /** Values without their keys. */
  readonly isValueOnly: boolean;
}
