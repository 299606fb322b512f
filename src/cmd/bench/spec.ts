/** What a load does; each has a file in `loads/`. */
export const loadKinds = [
  'put',
  'range',
  'txn',
  'mixed',
  'watch',
  'lease-keepalive',
  'fill',
  'failover',
] as const;
export type LoadKind = (typeof loadKinds)[number];

/** Which client carries the calls: our own HTTP/2 layer, or one that is not ours. */
export const channelKinds = ['http2', 'grpc-js'] as const;
export type ChannelKind = (typeof channelKinds)[number];

/** `stream`: each client keeps one stream. `once`: a stream for each renewal, as etcd's KeepAliveOnce makes them. */
export const leaseKeepAliveModes = ['stream', 'once'] as const;
export type LeaseKeepAliveMode = (typeof leaseKeepAliveModes)[number];

/** What each call before the load may take, milliseconds. */
export const setUpMsMax = 10_000;

/** PEM texts for `https` endpoints. */
export interface TlsTexts {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** A load in full: plain data, so that it can be given to another process and written into a report. */
export interface LoadSpec {
  readonly kind: LoadKind;
  /** URLs of the members that are called. */
  readonly endpoints: readonly string[];
  readonly tls: TlsTexts | null;
  readonly channel: ChannelKind;
  /** Call the leader alone, whichever of the endpoints that is. */
  readonly isLeaderOnly: boolean;
  /** Connections, spread over the endpoints. */
  readonly connections: number;
  /** Calls in progress at most, spread over the connections. */
  readonly clients: number;
  /** Calls a second (open loop), or null: each client calls again once it is answered (closed loop). */
  readonly ratePerSecond: number | null;
  /** Length of the measurement, or null when `total` ends it. */
  readonly durationMs: number | null;
  /** Calls to measure, or null when `durationMs` ends it. */
  readonly total: number | null;
  /** Load before the measurement that is not measured. */
  readonly warmUpMs: number;
  /** What a call may take: at the end of the measurement, or for `failover` each attempt. */
  readonly timeoutMs: number;
  /** Processes that make the load. */
  readonly processes: number;
  readonly keySizeBytes: number;
  readonly valueSizeBytes: number;
  /** Number of different keys. */
  readonly keySpace: number;
  readonly isSequential: boolean;
  /** First key of this process and distance to its next, for sequential keys. */
  readonly keyOffset: number;
  readonly keyStride: number;
  readonly seed: number;
  /** Reads of the member's own state, without asking for a quorum. */
  readonly isSerializable: boolean;
  /** Share of reads in `mixed`, 0 to 1. */
  readonly readShare: number;
  /** Puts in a transaction (`txn`, `fill`). */
  readonly putsPerTxn: number;
  /** `watch`: watchers in all, spread over the key space. */
  readonly watchers: number;
  readonly leaseMode: LeaseKeepAliveMode;
}

/** The part of a load that one of its processes makes. */
export function shareOf(spec: LoadSpec, index: number): LoadSpec {
  const part = (count: number) => partOf(count, spec.processes, index);
  return {
    ...spec,
    connections: Math.max(1, part(spec.connections)),
    clients: part(spec.clients),
    watchers: part(spec.watchers),
    total: spec.total === null ? null : part(spec.total),
    ratePerSecond: spec.ratePerSecond === null ? null : spec.ratePerSecond / spec.processes,
    keyOffset: index,
    keyStride: spec.processes,
    seed: spec.seed + index,
  };
}

/** The size of part `index` when `count` things are dealt out to `parts`. */
export function partOf(count: number, parts: number, index: number): number {
  return Math.floor((count + parts - 1 - index) / parts);
}
