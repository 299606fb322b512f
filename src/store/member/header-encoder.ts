import type { ClusterId, MemberId } from '../../base/ids.js';
import type { Term } from '../../raft/core/types.js';
import { ResponseHeader } from '../../wire/gen/etcdserverpb.js';

/** Encodes response headers of one member. Many responses in a row have the same one, so the last is kept. */
export class HeaderEncoder {
  readonly #identity: { readonly clusterId: ClusterId; readonly memberId: MemberId };
  readonly #term: () => Term;
  /** What #bytes says; -1 before there are any. */
  #lastRevision = -1;
  #lastTerm: Term = -1;
  #bytes: Uint8Array = new Uint8Array(0);

  /** `term` tells the current one. */
  constructor(
    identity: { readonly clusterId: ClusterId; readonly memberId: MemberId },
    term: () => Term,
  ) {
    this.#identity = identity;
    this.#term = term;
  }

  /** The header with ids, the current term and this revision. The bytes are shared and never change. */
  encode(revision: number): Uint8Array {
    const term = this.#term();
    if (revision !== this.#lastRevision || term !== this.#lastTerm) {
      const { clusterId, memberId } = this.#identity;
      this.#bytes = ResponseHeader.encode({ clusterId, memberId, revision, raftTerm: term });
      this.#lastRevision = revision;
      this.#lastTerm = term;
    }
    return this.#bytes;
  }
}
