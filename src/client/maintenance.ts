import {
  AlarmAction,
  AlarmRequest,
  type AlarmResponse,
  AlarmType,
  DefragmentRequest,
  type DefragmentResponse,
  HashKVRequest,
  type HashKVResponse,
  Maintenance,
  MoveLeaderRequest,
  type MoveLeaderResponse,
  type PartialMessage,
  SnapshotRequest,
  type SnapshotResponse,
  StatusRequest,
  type StatusResponse,
} from '../wire/index.js';
import { type Caller, type RequestOptions, requireHeader, type WithHeader } from './caller.js';
import { clientErrorOf } from './errors.js';

import type { CallKind } from './retry.js';

/** What a server may take to say who the client is, before a call that has no time limit. */
const logInMsMax = 5000;

/** Requests about single members, named by their endpoint (one of the client's), and about alarms. */
export class MaintenanceClient {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** What one member says of itself. */
  async status(
    endpoint: string,
    options: RequestOptions = {},
  ): Promise<WithHeader<StatusResponse>> {
    const { Status } = Maintenance.methods;
    const call = { ...options, mayWrite: false };
    const response = await this.#caller.at(endpoint, Status, StatusRequest.create(), call);
    return requireHeader(response, Status.path);
  }

  /** The hash of one member's keys up to `revision` (0: the latest), to be compared between members. */
  async hashKv(
    endpoint: string,
    options: { readonly revision?: number } & RequestOptions = {},
  ): Promise<WithHeader<HashKVResponse>> {
    const { HashKV } = Maintenance.methods;
    const request = HashKVRequest.create({ revision: options.revision });
    const call = { ...options, mayWrite: false };
    return requireHeader(await this.#caller.at(endpoint, HashKV, request, call), HashKV.path);
  }

  /** Reclaims the disk space that a member has freed. The member may not serve meanwhile. */
  defragment(endpoint: string, options: RequestOptions = {}): Promise<DefragmentResponse> {
    const call = { ...options, mayWrite: true };
    const { Defragment } = Maintenance.methods;
    return this.#caller.at(endpoint, Defragment, DefragmentRequest.create(), call);
  }

  /** Hands the leadership to `target`. The endpoint must be the leader's: others answer `not-leader`. */
  moveLeader(
    endpoint: string,
    target: bigint,
    options: RequestOptions = {},
  ): Promise<MoveLeaderResponse> {
    const request = MoveLeaderRequest.create({ targetID: target });
    const call = { ...options, mayWrite: true };
    return this.#caller.at(endpoint, Maintenance.methods.MoveLeader, request, call);
  }

  /**
   * The snapshot of one member, piece by piece: a database file of etcd's, and as the last piece its SHA-256. Leaving the loop ends
   * the call; there is no time limit but the signal.
   */
  async *snapshot(
    endpoint: string,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<SnapshotResponse> {
    const { credentials, pool } = this.#caller;
    const { channel } = pool.at(endpoint);
    const call = signal === undefined ? {} : { signal };
    let cancel = () => {};
    try {
      const metadata = await credentials?.metadata(channel, { ...call, timeoutMs: logInMsMax });
      const known = metadata === undefined ? call : { ...call, metadata };
      const stream = channel.stream(Maintenance.methods.Snapshot, known);
      cancel = () => stream.cancel();
      stream.send(SnapshotRequest.create());
      stream.end();
      yield* stream.responses;
    } catch (error) {
      throw clientErrorOf(error, { mayWrite: false });
    } finally {
      cancel();
    }
  }

  /** The alarms raised. (Some answers of etcd to alarm requests have no header.) */
  alarms(options: RequestOptions = {}): Promise<AlarmResponse> {
    return this.#alarm('read', { action: AlarmAction.GET, alarm: AlarmType.NONE }, options);
  }

  /** Clears one alarm of one member; all alarms of all members with member 0 and alarm NONE. */
  disarm(
    alarm: { readonly member: bigint; readonly alarm: AlarmType },
    options: RequestOptions = {},
  ): Promise<AlarmResponse> {
    const request = {
      action: AlarmAction.DEACTIVATE,
      memberID: alarm.member,
      alarm: alarm.alarm,
    };
    return this.#alarm('repeatable-write', request, options);
  }

  #alarm(
    kind: CallKind,
    request: PartialMessage<AlarmRequest>,
    options: RequestOptions,
  ): Promise<AlarmResponse> {
    return this.#caller.attempt(kind, options, (channel, call) =>
      channel.unary(Maintenance.methods.Alarm, AlarmRequest.create(request), call),
    );
  }
}
