/** Bytes that are not the DER that was expected. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

/** Tags that certificates and signing requests use (X.690 section 8). */
export const derTag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  t61String: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One element: its tag, its content, and all of its bytes. Both are views of what was read. */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly raw: Uint8Array;
}

/** Reads the elements of a DER value one after the other. Throws {@link DerError}; never reads past its bytes. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The tag of the next element; -1 at the end. */
  get nextTag(): number {
    return this.#bytes[this.#at] ?? -1;
  }

  next(): DerElement {
    const start = this.#at;
    const tag = this.#byte();
    if ((tag & 0x1f) === 0x1f) throw new DerError('tags of several bytes are not used here');
    const size = this.#length();
    const from = this.#at;
    if (size > this.#bytes.length - from) throw new DerError('an element is cut off');
    this.#at = from + size;
    return {
      tag,
      content: this.#bytes.subarray(from, this.#at),
      raw: this.#bytes.subarray(start, this.#at),
    };
  }

  /** The next element, which must have this tag. */
  expect(tag: number): DerElement {
    const element = this.next();
    if (element.tag !== tag) throw new DerError(`tag ${element.tag} where ${tag} was expected`);
    return element;
  }

  /** The next element if it has this tag; it is left where it is otherwise. */
  optional(tag: number): DerElement | undefined {
    return this.nextTag === tag ? this.next() : undefined;
  }

  /** A reader of the elements inside the next one. */
  enter(tag: number): DerReader {
    return new DerReader(this.expect(tag).content);
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new DerError('an element is cut off');
    this.#at++;
    return byte;
  }

  #length(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw new DerError('lengths are definite and of 4 bytes at most');
    let size = 0;
    for (let i = 0; i < count; i++) size = size * 256 + this.#byte();
    return size;
  }
}

/** `2.5.4.3` and the like. */
export function readOid(content: Uint8Array): string {
  if (content.length === 0) throw new DerError('an object identifier is empty');
  const arcs: number[] = [];
  let value = 0;
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f);
    if (!Number.isSafeInteger(value)) throw new DerError('an object identifier is too large');
    if (byte & 0x80) continue;
    arcs.push(value);
    value = 0;
  }
  const first = arcs[0] ?? 0;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...arcs.slice(1)].join('.');
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A string of any of the kinds that names use; undefined when the element is none. */
export function readString({ tag, content }: DerElement): string | undefined {
  switch (tag) {
    case derTag.utf8String:
      try {
        return utf8.decode(content);
      } catch {
        throw new DerError('a string is not UTF-8');
      }
    case derTag.printableString:
    case derTag.numericString:
    case derTag.ia5String:
    case derTag.t61String:
      return Buffer.from(content).toString('latin1');
    case derTag.bmpString:
      if (content.length % 2 === 1) throw new DerError('a BMP string has an odd length');
      return Buffer.from(content).swap16().toString('utf16le');
    default:
      return undefined;
  }
}

/** Milliseconds since the epoch of a UTCTime or GeneralizedTime (RFC 5280 section 4.1.2.5: in UTC, with seconds). */
export function readTime({ tag, content }: DerElement): number {
  const text = Buffer.from(content).toString('latin1');
  const match =
    tag === derTag.utcTime
      ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text)
      : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) throw new DerError(`'${text}' is no time of a certificate`);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map(Number);
  const century = tag === derTag.utcTime ? (year >= 50 ? 1900 : 2000) : 0;
  return Date.UTC(century + year, month - 1, day, hour, minute, second);
}
