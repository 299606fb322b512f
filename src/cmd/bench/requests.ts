import { assert } from '../../base/assert.js';
import type { Prng } from '../../base/prng.js';
import {
  CompareResult,
  CompareTarget,
  PutRequest,
  RangeRequest,
  TxnRequest,
} from '../../wire/index.js';
import { keyOf, writeKeyNumber } from './keys.js';
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

  constructor(encoded: Uint8Array, keyEnds: readonly number[], valueSizeBytes: number) {
    this.bytes = encoded.slice();
    this.valueStart = encoded.length - valueSizeBytes;
    this.#keyEnds = keyEnds;
  }

  /** Number of keys that can be set. */
  get keyCount(): number {
    return this.#keyEnds.length;
  }

  setKey(index: number, number: number): void {
    writeKeyNumber(this.bytes, this.#keyEnds[index] as number, number);
  }
}

/** A Put of a key and a value of random bytes, which do not compress. */
export function putTemplate(spec: LoadSpec, prng: Prng): RequestTemplate {
  const key = keyOf(0, spec.keySizeBytes);
  const value = prng.bytes(spec.valueSizeBytes);
  return templateOf(PutRequest.encode({ key, value }), {
    key,
    keyCount: 1,
    valueSizeBytes: value.length,
  });
}

/** A Range of one key. */
export function rangeTemplate(spec: LoadSpec): RequestTemplate {
  const key = keyOf(0, spec.keySizeBytes);
  const { isSerializable: serializable } = spec;
  return templateOf(RangeRequest.encode({ key, serializable }), {
    key,
    keyCount: 1,
    valueSizeBytes: 0,
  });
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
  return templateOf(encoded, { key, keyCount: 1 + spec.putsPerTxn, valueSizeBytes: value.length });
}

/** Finds the keys, which are alike, in the encoded message. */
function templateOf(
  encoded: Uint8Array,
  {
    key,
    keyCount,
    valueSizeBytes,
  }: { readonly key: Uint8Array; readonly keyCount: number; readonly valueSizeBytes: number },
): RequestTemplate {
  const bytes = Buffer.from(encoded);
  const ends: number[] = [];
  for (let from = 0; ends.length < keyCount; from = ends.at(-1) as number) {
    const at = bytes.indexOf(key, from);
    assert(at >= 0, 'the key is in the message');
    ends.push(at + key.length);
  }
  return new RequestTemplate(encoded, ends, valueSizeBytes);
}
