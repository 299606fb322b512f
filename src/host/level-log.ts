import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32c } from '../base/crc32c.js';

/**
 * Reads LevelDB's own files, as its documents "Log format" and "Implementation notes" (doc/log_format.md, doc/impl.md in
 * google/leveldb) describe them, to find out what LevelDB does not look for when it opens: it takes whatever it can read
 * of its log files, also when something in the middle is lost.
 */

const blockBytes = 32 * 1024;
/** A physical record: checksum u32, length u16, type u8, then data; little-endian, as all here. */
const headerBytes = 7;
const recordType = { full: 1, first: 2, middle: 3, last: 4 } as const;
/** A batch begins with its sequence number u64 and how many numbers it takes u32. */
const batchHeaderBytes = 12;
const checksumMaskDelta = 0xa282_ead8;

/**
 * Whether the log files that LevelDB would replay hold an unbroken sequence of batches. A torn end is none of our business:
 * the last batches are lost then, which is allowed. False when there is a batch behind a loss. The database is not open.
 * Throws when the files cannot be read; says true when there is no readable manifest, for LevelDB refuses that itself.
 */
export async function logsAreUnbroken(dir: string): Promise<boolean> {
  const current = await readFile(join(dir, 'CURRENT'), 'latin1');
  const manifest = await readFile(join(dir, current.trim())).catch(() => new Uint8Array(0));
  const firstLog = newestLogNumber(manifest);
  if (firstLog === null) return true;
  const logs = (await readdir(dir))
    .filter((name) => /^\d+\.log$/.test(name) && Number.parseFloat(name) >= firstLog)
    .sort((a, b) => Number.parseFloat(a) - Number.parseFloat(b));
  // LevelDB makes the file before the manifest names it.
  if (logs.length > 0 && Number.parseFloat(logs[0] as string) !== firstLog) return false;
  const sequence = new Sequence();
  for (const name of logs) {
    const log = await readFile(join(dir, name));
    if (!sequence.takes(log)) return false;
  }
  return true;
}

/** Follows the numbers of batches over one log file after the other. */
class Sequence {
  /** What the next batch must begin with; null before the first. */
  #next: bigint | null = null;
  /** Something was lost: no batch may follow. */
  #isBroken = false;

  /** Goes through a log file; false when a batch in it comes after a loss. */
  takes(log: Uint8Array): boolean {
    for (const record of readLog(log)) {
      if (record === null || record.length < batchHeaderBytes) {
        this.#isBroken = true;
        continue;
      }
      const view = new DataView(record.buffer, record.byteOffset, batchHeaderBytes);
      const number = view.getBigUint64(0, true);
      if (this.#isBroken || (this.#next !== null && number !== this.#next)) return false;
      this.#next = number + BigInt(view.getUint32(8, true));
    }
    return true;
  }
}

/** The number of the oldest log file that is still needed, as the manifest says last; null when it says nothing. */
function newestLogNumber(manifest: Uint8Array): number | null {
  let number: number | null = null;
  for (const record of readLog(manifest, { isWhole: true })) {
    if (record === null) break;
    number = new EditReader(record).logNumber() ?? number;
  }
  return number;
}

/**
 * The records of a log file, or null for a stretch that is damaged. The end is not told from damage. Of each record at least
 * the first bytes are there, as many as a batch's header has, and all of it with `isWhole`.
 */
function* readLog(
  log: Uint8Array,
  options: { readonly isWhole?: boolean } = {},
): Generator<Uint8Array | null> {
  /** The parts of the record that is not complete yet. */
  let parts: Uint8Array[] = [];
  for (let block = 0; block < log.length; block += blockBytes) {
    const end = Math.min(block + blockBytes, log.length);
    let at = block;
    while (end - at >= headerBytes) {
      const part = readPart(log, at, end);
      if (part === null) {
        parts = [];
        yield null;
        break;
      }
      at += headerBytes + part.data.length;
      const begins = part.type === recordType.full || part.type === recordType.first;
      if (begins !== (parts.length === 0)) yield null;
      if (begins) parts = [];
      else if (parts.length === 0) continue;
      parts.push(part.data);
      if (part.type === recordType.first || part.type === recordType.middle) continue;
      // The first part may have few bytes or none: what was left of its block.
      const first = parts[0] as Uint8Array;
      const isEnough = parts.length === 1 || (!options.isWhole && first.length >= batchHeaderBytes);
      yield isEnough ? first : Buffer.concat(parts);
      parts = [];
    }
  }
  if (parts.length > 0) yield null;
}

/** The physical record at `at`; null when it is damaged, or the zeros of a part that never reached the disk. */
function readPart(
  log: Uint8Array,
  at: number,
  blockEnd: number,
): { readonly type: number; readonly data: Uint8Array } | null {
  const view = new DataView(log.buffer, log.byteOffset + at, headerBytes);
  const type = view.getUint8(6);
  const dataAt = at + headerBytes;
  const dataEnd = dataAt + view.getUint16(4, true);
  if (type < recordType.full || type > recordType.last || dataEnd > blockEnd) return null;
  const crc = crc32c(log.subarray(at + 6, dataEnd));
  const masked = (((crc >>> 15) | (crc << 17)) + checksumMaskDelta) >>> 0;
  if (masked !== view.getUint32(0, true)) return null;
  return { type, data: log.subarray(dataAt, dataEnd) };
}

/** Reads a record of the manifest: fields, each with a tag before it. */
class EditReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The log number that this record sets; undefined when it sets none. */
  logNumber(): number | undefined {
    let found: number | undefined;
    while (this.#at < this.#bytes.length) {
      const tag = this.#varint();
      if (tag === 2) found = this.#varint();
      else if (!this.#skip(tag)) break;
    }
    return found;
  }

  /** Passes over a field; false when its tag is not known. */
  #skip(tag: number): boolean {
    const shape = editFields[tag];
    for (const kind of shape ?? '') {
      const value = this.#varint();
      if (kind === 's') this.#at += value;
    }
    return shape !== undefined;
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes[this.#at++] ?? 0;
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
  }
}

/** By tag: what a field of the manifest consists of, `n` for a number and `s` for a string with its length before it. */
const editFields: Readonly<Record<number, string>> = {
  1: 's',
  3: 'n',
  4: 'n',
  5: 'ns',
  6: 'nn',
  7: 'nnnss',
  9: 'n',
};
