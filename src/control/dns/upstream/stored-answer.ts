import { responseCodes } from '../server/query.js';

/** Where the times to live of a packet lie, and the shortest of them. */
interface Times {
  readonly offsets: readonly number[];
  readonly ttlSecondsMin: number;
}

const headerBytes = 12;
const optionsType = 41;
const authorityType = 6;
/** Answers without records are kept no longer, whatever they say. */
const negativeSecondsMax = 30;
const answerSecondsMax = 3600;

/** An answer of another server, kept as it came, to be sent again with its remaining times to live. */
export class StoredAnswer {
  readonly #bytes: Uint8Array;
  readonly #offsets: readonly number[];
  readonly #storedMs: number;
  readonly #expiresMs: number;

  /** Null when the answer is not to be kept, or cannot be read. */
  static of(bytes: Uint8Array, nowMs: number): StoredAnswer | null {
    const times = timesOf(bytes);
    if (times === null) return null;
    const code = (bytes[3] ?? 0) & 0xf;
    const isTruncated = ((bytes[2] ?? 0) & 2) !== 0;
    if (isTruncated || (code !== responseCodes.noError && code !== responseCodes.nameError))
      return null;
    const hasAnswers = ((bytes[6] ?? 0) << 8) + (bytes[7] ?? 0) > 0;
    const seconds = Math.min(
      times.ttlSecondsMin,
      hasAnswers ? answerSecondsMax : negativeSecondsMax,
    );
    return seconds <= 0 || times.offsets.length === 0
      ? null
      : new StoredAnswer(bytes, times.offsets, nowMs, seconds);
  }

  private constructor(
    bytes: Uint8Array,
    offsets: readonly number[],
    nowMs: number,
    seconds: number,
  ) {
    this.#bytes = bytes;
    this.#offsets = offsets;
    this.#storedMs = nowMs;
    this.#expiresMs = nowMs + seconds * 1000;
  }

  isFresh(nowMs: number): boolean {
    return nowMs < this.#expiresMs;
  }

  /** The answer as of now, for whoever asks with this id. */
  at(nowMs: number, id: number): Uint8Array {
    const copy = new Uint8Array(this.#bytes);
    const view = new DataView(copy.buffer);
    view.setUint16(0, id);
    const age = Math.floor((nowMs - this.#storedMs) / 1000);
    for (const offset of this.#offsets)
      view.setUint32(offset, Math.max(0, view.getUint32(offset) - age));
    return copy;
  }
}

/** Null when the packet is broken. */
function timesOf(bytes: Uint8Array): Times | null {
  if (bytes.length < headerBytes) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at: number | null = headerBytes;
  for (let left = view.getUint16(4); left > 0; left--) {
    at = afterName(bytes, at);
    if (at === null) return null;
    at += 4;
  }
  const offsets: number[] = [];
  let ttlSecondsMin = Number.POSITIVE_INFINITY;
  for (let left = view.getUint16(6) + view.getUint16(8) + view.getUint16(10); left > 0; left--) {
    at = afterName(bytes, at);
    if (at === null || at + 10 > bytes.length) return null;
    const type = view.getUint16(at);
    const size = view.getUint16(at + 8);
    if (type !== optionsType) {
      offsets.push(at + 4);
      ttlSecondsMin = Math.min(ttlSecondsMin, view.getUint32(at + 4));
      // How long a name stays absent (RFC 2308 section 5).
      if (type === authorityType && size >= 4 && at + 10 + size <= bytes.length)
        ttlSecondsMin = Math.min(ttlSecondsMin, view.getUint32(at + 10 + size - 4));
    }
    at += 10 + size;
  }
  return at > bytes.length ? null : { offsets, ttlSecondsMin };
}

/** Where a name ends; null beyond the end of the packet. */
function afterName(bytes: Uint8Array, start: number): number | null {
  for (let at = start; ; ) {
    const length = bytes[at];
    if (length === undefined) return null;
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    at += length + 1;
  }
}
