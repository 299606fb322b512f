import { assert } from '../../base/assert.js';
import type { Prng } from '../../base/prng.js';
import {
  CompareResult,
  CompareTarget,
  PutRequest,
  RangeRequest,
  TxnRequest,
} from '../../wire/index.js';
import { digitsOf, keyOf, writeKeyNumber } from './keys.js';
import type { LoadSpec } from './spec.js';

/**
 * An encoded request whose keys are changed in place. A client has one of its own: the transport is done with it when the
 * answer is there.
 */
export class RequestTemplate {
  readonly bytes: Uint8Array;
  /** Where the value begins when it is the last of the message. */
  readonly valueStart: number;
  /** Where the keys end. */
  readonly #keyEnds: readonly number[];
  readonly #digits: number;

  /** The message has so many keys with number 0. */
  constructor(encoded: Uint8Array, spec: LoadSpec, keyCount: number) {
    this.bytes = encoded.slice();
    this.valueStart = encoded.length - spec.valueSizeBytes;
    this.#keyEnds = findEnds(this.bytes, keyOf(0, spec.keySizeBytes), keyCount);
    this.#digits = digitsOf(spec.keySpace);
  }

  /** Number of keys that can be set. */
  get keyCount(): number {
    return this.#keyEnds.length;
  }

  setKey(index: number, number: number): void {
    writeKeyNumber(this.bytes, this.#keyEnds[index] as number, { number, digits: this.#digits });
  }
}

/** A Put of a key and a value of random bytes, which do not compress. */
export function putTemplate(spec: LoadSpec, prng: Prng): RequestTemplate {
  const key = keyOf(0, spec.keySizeBytes);
  const value = prng.bytes(spec.valueSizeBytes);
  return new RequestTemplate(PutRequest.encode({ key, value }), spec, 1);
}

/** A Range of one key. */
export function rangeTemplate(spec: LoadSpec): RequestTemplate {
  const key = keyOf(0, spec.keySizeBytes);
  const { isSerializable: serializable } = spec;
  return new RequestTemplate(RangeRequest.encode({ key, serializable }), spec, 1);
}

/** A Txn that compares the first of its keys with what is always so, and puts all of them: key 0 is the compared one. */
export function txnTemplate(spec: LoadSpec, prng: Prng): RequestTemplate {
  const key = keyOf(0, spec.keySizeBytes);
  const value = prng.bytes(spec.valueSizeBytes);
  const encoded = TxnRequest.encode({
    compare: [
      { key, target: CompareTarget.CREATE, result: CompareResult.GREATER, createRevision: -1 },
    ],
    success: Array.from({ length: spec.putsPerTxn }, () => ({ requestPut: { key, value } })),
  });
  return new RequestTemplate(encoded, spec, 1 + spec.putsPerTxn);
}

/** Where the first so many copies of a key end. In these messages keys come before values, which might look like one. */
function findEnds(bytes: Uint8Array, key: Uint8Array, count: number): number[] {
  const haystack = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const ends: number[] = [];
  for (let from = 0; ends.length < count; from = ends.at(-1) as number) {
    const at = haystack.indexOf(key, from);
    assert(at >= 0, 'the key is in the message');
    ends.push(at + key.length);
  }
  return ends;
}
