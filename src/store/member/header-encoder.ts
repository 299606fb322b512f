import { emptyBytes } from '../../base/bytes.js';
import type { ClusterId, MemberId } from '../../base/ids.js';
import type { Term } from '../../raft/core/types.js';
import { ResponseHeader } from '../../wire/gen/etcdserverpb.js';
import { varintBytes, writeVarint } from '../../wire/varint.js';

/** Of ResponseHeader. */
const revisionTag = 24;

/** Encodes response headers of one member. Many responses in a row have the same one, so the last is kept. */
export class HeaderEncoder {
  /** The ids as every header begins, and the term as it ends. */
  readonly #ids: Uint8Array;
  #termField: Uint8Array = emptyBytes;
  readonly #term: () => Term;
  /** What #bytes says; -1 before there are any. */
  #lastRevision = -1;
  #lastTerm: Term = -1;
  #bytes: Uint8Array = emptyBytes;

  /** `term` tells the current one. */
  constructor(
    identity: { readonly clusterId: ClusterId; readonly memberId: MemberId },
    term: () => Term,
  ) {
    this.#ids = ResponseHeader.encode(identity);
    this.#term = term;
  }

  /** The header with ids, the current term and this revision. The bytes are shared and never change. */
  encode(revision: number): Uint8Array {
    const term = this.#term();
    if (term !== this.#lastTerm) this.#termField = ResponseHeader.encode({ raftTerm: term });
    else if (revision === this.#lastRevision) return this.#bytes;
    this.#bytes = this.#join(revision);
    this.#lastRevision = revision;
    this.#lastTerm = term;
    return this.#bytes;
  }

  #join(revision: number): Uint8Array {
    const ids = this.#ids;
    const termField = this.#termField;
    const revisionBytes = revision === 0 ? 0 : 1 + varintBytes(revision);
    const bytes = new Uint8Array(ids.length + revisionBytes + termField.length);
    let at = 0;
    for (let i = 0; i < ids.length; i++) bytes[at++] = ids[i] as number;
    if (revision !== 0) {
      bytes[at++] = revisionTag;
      at = writeVarint(bytes, at, revision);
    }
    for (let i = 0; i < termField.length; i++) bytes[at++] = termField[i] as number;
    return bytes;
  }
}
