import { assert } from '../../base/assert.js';
import { varintBytes, writeVarint } from '../../wire/varint.js';
import { recordHeaderBytes, writeHeader } from './revision-record.js';

/** Longer keys are copied natively, shorter ones byte by byte: making a view costs more than that. */
const shortKeyBytes = 64;

/**
 * A PutRequest as nearly all are: a key, then a value, and nothing else. It is read where it lies: what is kept is where in
 * `data` its parts are. One reader is used again and again.
 */
export class PlainPut {
  data: Uint8Array = new Uint8Array(0);
  keyFrom = 0;
  keyTo = 0;
  valueFrom = 0;
  valueTo = 0;
  /** Where the last field begins and ends. */
  #from = 0;
  #to = 0;

  /**
   * Reads the request that begins at `offset` of `data` and ends with it. False when it is anything but plain: the generated
   * codec is to read it then, and to say whether it is malformed.
   */
  read(data: Uint8Array, offset: number): boolean {
    this.data = data;
    this.#to = offset;
    if (!this.#readBytes(10)) return false;
    this.keyFrom = this.#from;
    this.keyTo = this.#to;
    if (!this.#readBytes(18)) return false;
    this.valueFrom = this.#from;
    this.valueTo = this.#to;
    return this.keyTo > this.keyFrom && this.#to === data.length;
  }

  /** The same for a TxnRequest that has no condition, and of operations one put that is plain. */
  readTxn(data: Uint8Array, offset: number): boolean {
    this.data = data;
    this.#to = offset;
    // TxnRequest.success, and in it RequestOp.requestPut: either is all that there is.
    if (!this.#readBytes(18) || this.#to !== data.length) return false;
    this.#to = this.#from;
    if (!this.#readBytes(18) || this.#to !== data.length) return false;
    return this.read(data, this.#from);
  }

  /** Goes on to the next field; false when that has another tag than this or is cut off. */
  #readBytes(tag: number): boolean {
    const { data } = this;
    let at = this.#to;
    if (data[at++] !== tag) return false;
    let length = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = data[at++];
      if (byte === undefined || factor > 2 ** 21) return false;
      length += (byte % 128) * factor;
      if (byte < 128) break;
    }
    this.#from = at;
    this.#to = at + length;
    return this.#to <= data.length;
  }
}

/**
 * Writes the record of a plain put, the only change of revision `main`, at `offset`, and returns where it ends: the same
 * bytes as `writePutRecord`. All of the request is copied at once, so that its value comes to lie in its place, and what
 * belongs before the value is written over the rest. No view, no object.
 */
export function writePlainPut(
  target: Uint8Array,
  offset: number,
  put: PlainPut,
  main: number,
  create: number,
  version: number,
): number {
  const { data, keyFrom, keyTo, valueFrom, valueTo } = put;
  const keyBytes = keyTo - keyFrom;
  const valueBytes = valueTo - valueFrom;
  const from = offset + recordHeaderBytes;
  const countersAt = from + 1 + varintBytes(keyBytes) + keyBytes;
  const valueFieldAt =
    countersAt + 3 + varintBytes(create) + varintBytes(main) + varintBytes(version);
  const valueAt = valueBytes === 0 ? valueFieldAt : valueFieldAt + 1 + varintBytes(valueBytes);
  const end = valueAt + valueBytes;
  // The request begins with at most 11 bytes beside key and value, and the record with at least 22.
  assert(valueAt - valueFrom >= offset, 'a request is longer than its record');
  if (valueBytes > 0) target.set(data, valueAt - valueFrom);
  target[from] = 10;
  const keyAt = writeVarint(target, from + 1, keyBytes);
  if (keyBytes > shortKeyBytes) target.set(data.subarray(keyFrom, keyTo), keyAt);
  else for (let i = 0; i < keyBytes; i++) target[keyAt + i] = data[keyFrom + i] as number;
  let at = writeCounter(target, countersAt, 16, create);
  at = writeCounter(target, at, 24, main);
  at = writeCounter(target, at, 32, version);
  if (valueBytes > 0) {
    target[at] = 42;
    writeVarint(target, at + 1, valueBytes);
  }
  writeHeader(target, offset, main, 0, end - from);
  return end;
}

/** Writes a counter that is not zero, as none of a put is. */
function writeCounter(target: Uint8Array, at: number, tag: number, value: number): number {
  target[at] = tag;
  return writeVarint(target, at + 1, value);
}
