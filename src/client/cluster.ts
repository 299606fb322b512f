import {
  Cluster,
  MemberAddRequest,
  type MemberAddResponse,
  MemberListRequest,
  type MemberListResponse,
  MemberPromoteRequest,
  type MemberPromoteResponse,
  MemberRemoveRequest,
  type MemberRemoveResponse,
  MemberUpdateRequest,
  type MemberUpdateResponse,
} from '../wire/index.js';
import type { Caller, RequestOptions, WithHeader, WriteOptions } from './caller.js';

/** The membership requests. */
export class ClusterClient {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** The members. By default as the asked member knows them; linearizable on request. */
  list(
    options: { readonly isLinearizable?: boolean } & RequestOptions = {},
  ): Promise<WithHeader<MemberListResponse>> {
    const request = MemberListRequest.create({ linearizable: options.isLinearizable });
    return this.#caller.read(Cluster.methods.MemberList, request, options);
  }

  add(
    peerUrls: readonly string[],
    options: { readonly isLearner?: boolean } & WriteOptions = {},
  ): Promise<WithHeader<MemberAddResponse>> {
    const { isLearner } = options;
    const request = MemberAddRequest.create({ peerURLs: peerUrls, isLearner });
    return this.#caller.write(Cluster.methods.MemberAdd, request, options);
  }

  remove(id: bigint, options: WriteOptions = {}): Promise<WithHeader<MemberRemoveResponse>> {
    const request = MemberRemoveRequest.create({ ID: id });
    return this.#caller.write(Cluster.methods.MemberRemove, request, options);
  }

  /** Replaces a member's peer URLs. */
  update(
    id: bigint,
    peerUrls: readonly string[],
    options: WriteOptions = {},
  ): Promise<WithHeader<MemberUpdateResponse>> {
    const request = MemberUpdateRequest.create({ ID: id, peerURLs: peerUrls });
    return this.#caller.write(Cluster.methods.MemberUpdate, request, options);
  }

  /** Makes a learner that has caught up a voter. */
  promote(id: bigint, options: WriteOptions = {}): Promise<WithHeader<MemberPromoteResponse>> {
    const request = MemberPromoteRequest.create({ ID: id });
    return this.#caller.write(Cluster.methods.MemberPromote, request, options);
  }
}
