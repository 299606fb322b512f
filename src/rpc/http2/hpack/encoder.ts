import { DynamicTable } from './dynamic-table.js';
import { HeaderField } from './field.js';
import { huffmanEncode, huffmanEncodedBytes } from './huffman.js';
import { dynamicIndexMin, staticIndexOfField, staticIndexOfName } from './static-table.js';

/**
 * A field to send. `indexed` fields enter the table, so that mentioning them again costs one octet: for those that recur.
 * The others are sent in full. Secrets are `sensitive`: no intermediary may put them into a table (RFC 7541 section 7.1.3).
 */
export interface OutgoingField {
  readonly name: string;
  /** Latin1. */
  readonly value: string;
  readonly kind: 'indexed' | 'literal' | 'sensitive';
}

/** We never use more, whatever the peer allows: the fields worth indexing are few. */
const tableBytesMax = 4096;

/** Encodes the header blocks of one direction of a connection (RFC 7541). They are to be sent in the order of encoding. */
export class HpackEncoder {
  readonly table = new DynamicTable(tableBytesMax);
  /** The lowest size since the last block, when the size changed: what has to be announced (section 4.2). */
  #announceBytes: number | null = null;
  #target = new Uint8Array(256);
  #length = 0;

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  setPeerTableSize(bytes: number): void {
    const maxBytes = Math.min(bytes, tableBytesMax);
    if (maxBytes === this.table.maxBytes) return;
    this.#announceBytes = Math.min(this.#announceBytes ?? maxBytes, maxBytes);
    this.table.resize(maxBytes);
  }

  /**
   * Encodes one header list. The result is the caller's to keep. `before` is a block that begins the list, encoded just now or
   * with the table as it is.
   */
  encode(fields: Iterable<OutgoingField>, before?: Uint8Array): Uint8Array {
    this.#length = 0;
    if (before === undefined) this.#announceSize();
    else this.#append(before);
    for (const field of fields) this.#field(field);
    return this.#target.slice(0, this.#length);
  }

  #append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#target.set(bytes, 0);
    this.#length = bytes.length;
  }

  #announceSize(): void {
    if (this.#announceBytes === null) return;
    if (this.#announceBytes < this.table.maxBytes) this.#integer(0x20, 5, this.#announceBytes);
    this.#integer(0x20, 5, this.table.maxBytes);
    this.#announceBytes = null;
    // Blocks encoded earlier lack nothing, but this one must not be taken for repeatable.
    this.table.version++;
  }

  #field({ name, value, kind }: OutgoingField): void {
    const index = kind === 'sensitive' ? 0 : this.#indexOf(name, value);
    if (index > 0) {
      this.#integer(0x80, 7, index);
      return;
    }
    const nameIndex = staticIndexOfName(name);
    const entry = kind === 'indexed' ? new HeaderField(name, value) : null;
    const isIndexed = entry !== null && entry.sizeBytes <= this.table.maxBytes;
    if (isIndexed) this.#integer(0x40, 6, nameIndex);
    else this.#integer(kind === 'sensitive' ? 0x10 : 0, 4, nameIndex);
    if (nameIndex === 0) this.#string(name);
    this.#string(value);
    if (isIndexed) this.table.insert(entry);
  }

  #indexOf(name: string, value: string): number {
    const index = staticIndexOfField(name, value);
    if (index > 0) return index;
    for (let i = 0; i < this.table.count; i++) {
      const entry = this.table.at(i);
      if (entry?.name === name && entry.value === value) return dynamicIndexMin + i;
    }
    return 0;
  }

  /** Section 5.1. */
  #integer(flags: number, prefixBits: number, value: number): void {
    this.#reserve(8);
    const mask = (1 << prefixBits) - 1;
    if (value < mask) {
      this.#target[this.#length++] = flags | value;
      return;
    }
    this.#target[this.#length++] = flags | mask;
    let rest = value - mask;
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) {
      this.#target[this.#length++] = (rest % 128) | 0x80;
    }
    this.#target[this.#length++] = rest;
  }

  /** Section 5.2: Huffman-coded where that is shorter. */
  #string(text: string): void {
    const codedBytes = huffmanEncodedBytes(text);
    const isShorter = codedBytes < text.length;
    this.#integer(isShorter ? 0x80 : 0, 7, isShorter ? codedBytes : text.length);
    this.#reserve(Math.max(codedBytes, text.length));
    if (isShorter) {
      this.#length = huffmanEncode(text, this.#target, this.#length);
      return;
    }
    for (let i = 0; i < text.length; i++) this.#target[this.#length++] = text.charCodeAt(i);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#target.length) return;
    const larger = new Uint8Array((this.#length + bytes) * 2);
    larger.set(this.#target.subarray(0, this.#length));
    this.#target = larger;
  }
}

/** A header list that is sent again and again: encoded anew only when the encoder's table has changed. */
export class RecurringBlock {
  readonly #encoder: HpackEncoder;
  readonly #fields: readonly OutgoingField[];
  #bytes: Uint8Array = new Uint8Array(0);
  /** The table's version before and after which the bytes are right, or -1. */
  #version = -1;

  constructor(encoder: HpackEncoder, fields: readonly OutgoingField[]) {
    this.#encoder = encoder;
    this.#fields = fields;
  }

  /** The block to send now. */
  encode(): Uint8Array {
    const { table } = this.#encoder;
    if (this.#version === table.version) return this.#bytes;
    const before = table.version;
    const bytes = this.#encoder.encode(this.#fields);
    if (table.version === before) {
      this.#bytes = bytes;
      this.#version = before;
    }
    return bytes;
  }
}
