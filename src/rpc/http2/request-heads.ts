import { parseTimeout } from './grpc-fields.js';
import type { HeaderField } from './hpack/field.js';
import {
  type Answerable,
  malformed,
  Refusal,
  type RequestHead,
  readRequestHead,
} from './request-head.js';
import { WebRequestHead } from './web-request-head.js';

/** The SETTINGS_MAX_HEADER_LIST_SIZE announced: bytes of a header list, 32 a field on top (RFC 9113 section 6.5.2). */
export const headerListBytesMax = 64 * 1024;

/**
 * Reads the header lists of a connection's requests. Callers with deadlines say another time with every call, and nothing else
 * that is new: a list that differs from the one before by that alone is not looked at again.
 */
export class RequestHeads {
  readonly #answerable: Answerable;
  #lastFields: readonly HeaderField[] = [];
  #lastHead: RequestHead | null = null;

  constructor(answerable: Answerable) {
    this.#answerable = answerable;
  }

  /** What a list says; null stands for one that is too large. */
  read(fields: readonly HeaderField[] | null): RequestHead {
    if (fields === null) return readRequestHead(null, this.#answerable);
    const head = this.#sameButTimeout(fields) ?? readRequestHead(fields, this.#answerable);
    this.#lastFields = fields;
    this.#lastHead = head;
    return head;
  }

  #sameButTimeout(fields: readonly HeaderField[]): RequestHead | null {
    const last = this.#lastFields;
    const { outcome, contentBytes, encoding, metadata } = this.#lastHead ?? malformed;
    if (outcome === null || outcome instanceof Refusal) return null;
    // Its handler sees every field.
    if (outcome instanceof WebRequestHead) return null;
    if (fields.length !== last.length) return null;
    let timeoutMs: number | null = null;
    for (let i = 0; i < fields.length; i++) {
      // Fields from the tables are the same objects whenever they are mentioned.
      if (fields[i] === last[i]) continue;
      const { name, value } = fields[i] as HeaderField;
      const isOnlyDifference = timeoutMs === null && name === 'grpc-timeout';
      if (!isOnlyDifference || last[i]?.name !== name) return null;
      timeoutMs = parseTimeout(value);
      if (timeoutMs === null) return null;
    }
    if (timeoutMs === null) return this.#lastHead;
    return { outcome, timeoutMs, contentBytes, encoding, metadata };
  }
}
