import { toLatin1 } from '../../../base/bytes.js';
import { DynamicTable } from './dynamic-table.js';
import { HeaderField } from './field.js';
import { decodedBytesMax, huffmanDecode } from './huffman.js';
import { dynamicIndexMin, staticTable } from './static-table.js';

/** A header block that is malformed; the connection cannot go on (RFC 9113 section 4.3: COMPRESSION_ERROR). */
export class HpackError extends Error {
  override readonly name = 'HpackError';
}

/** Takes the fields of a block in order. */
export type FieldSink = (field: HeaderField) => void;

/** Larger integers are refused (RFC 7541 section 5.1); nothing in a header block is this large. */
const integerMax = 2 ** 28;

/** Where Huffman-coded strings are decoded into. Its content matters only within one call. */
let scratch = new Uint8Array(1024);

/** Decodes the header blocks of one direction of a connection (RFC 7541). Blocks come in the order they were sent in. */
export class HpackDecoder {
  readonly table: DynamicTable;
  /** SETTINGS_HEADER_TABLE_SIZE as we announced it: the most that the peer's encoder may ask for. */
  readonly #tableBytesLimit: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #pos = 0;
  #end = 0;

  constructor(tableBytesLimit: number) {
    this.#tableBytesLimit = tableBytesLimit;
    this.table = new DynamicTable(tableBytesLimit);
  }

  /** Decodes `bytes[start, end)`. Throws {@link HpackError}; the decoder is of no more use then. */
  decode(bytes: Uint8Array, start: number, end: number, sink: FieldSink): void {
    this.#bytes = bytes;
    this.#pos = start;
    this.#end = end;
    this.#readSizeUpdates();
    while (this.#pos < end) sink(this.#readField());
    this.#bytes = staleBytes;
  }

  /** Section 4.2: changes of the table's size stand at the beginning of a block, and there are at most two. */
  #readSizeUpdates(): void {
    for (let count = 0; this.#pos < this.#end; count++) {
      const first = this.#bytes[this.#pos] as number;
      if (first >> 5 !== 0b001) return;
      if (count === 2) throw new HpackError('more than two table size updates in a header block');
      const maxBytes = this.#integer(5);
      if (maxBytes > this.#tableBytesLimit) {
        throw new HpackError(`table size ${maxBytes} is above the limit ${this.#tableBytesLimit}`);
      }
      this.table.resize(maxBytes);
    }
  }

  /** Section 6: the representations are told apart by their first bits. */
  #readField(): HeaderField {
    const first = this.#bytes[this.#pos] as number;
    if (first >= 0x80) return this.#fieldAt(this.#integer(7));
    if (first >= 0x40) {
      const field = this.#literal(6);
      this.table.insert(field);
      return field;
    }
    if (first >= 0x20) throw new HpackError('a table size update after the first field');
    return this.#literal(4);
  }

  #literal(prefixBits: number): HeaderField {
    const nameIndex = this.#integer(prefixBits);
    const name = nameIndex === 0 ? this.#string() : this.#fieldAt(nameIndex).name;
    return new HeaderField(name, this.#string());
  }

  #fieldAt(index: number): HeaderField {
    const field =
      index < dynamicIndexMin ? staticTable[index - 1] : this.table.at(index - dynamicIndexMin);
    if (field === undefined) throw new HpackError(`index ${index} is not in the tables`);
    return field;
  }

  /** Section 5.1: an integer whose first bits are the low ones of the current octet. */
  #integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1;
    let value = this.#octet() & mask;
    if (value < mask) return value;
    for (let factor = 1; factor < integerMax; factor *= 128) {
      const octet = this.#octet();
      value += (octet & 0x7f) * factor;
      if (octet < 0x80) {
        if (value > integerMax) break;
        return value;
      }
    }
    throw new HpackError('an integer is too large');
  }

  /** Section 5.2. */
  #string(): string {
    const isHuffman = this.#pos < this.#end && (this.#bytes[this.#pos] as number) >= 0x80;
    const length = this.#integer(7);
    const start = this.#pos;
    const end = start + length;
    if (end > this.#end) throw new HpackError('a string runs over the end of its header block');
    this.#pos = end;
    if (!isHuffman) return toLatin1(this.#bytes.subarray(start, end));
    const room = decodedBytesMax(length);
    if (room > scratch.length) scratch = new Uint8Array(room * 2);
    const decoded = huffmanDecode(this.#bytes, start, end, scratch);
    if (decoded < 0) throw new HpackError('a string is not Huffman-coded as it claims');
    return toLatin1(scratch.subarray(0, decoded));
  }

  #octet(): number {
    if (this.#pos >= this.#end)
      throw new HpackError('the header block ends in the middle of a field');
    return this.#bytes[this.#pos++] as number;
  }
}

/** Held between calls, so that no decoder pins the network chunk it read last. */
const staleBytes = new Uint8Array(0);
