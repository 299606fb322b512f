const encoder = new TextEncoder();
const comma = encoder.encode(',');
/** Texts are encoded together, about so many letters at a time: a buffer for each would cost more than the letters do. */
const textLengthMax = 64 * 1024;

/** Collects parts of an answer of which some are bytes and some are texts that are still to be encoded. */
export class MixedParts {
  #parts: Uint8Array[] = [];
  /** What comes after #parts. */
  #text = '';

  addComma(): void {
    if (this.#text === '') this.#parts.push(comma);
    else this.#text += ',';
  }

  add(part: string | readonly Uint8Array[]): void {
    if (typeof part === 'string') {
      this.#text += part;
      if (this.#text.length >= textLengthMax) this.#encode();
      return;
    }
    if (this.#text !== '') this.#encode();
    this.#parts.push(...part);
  }

  /** All of it, as bytes, in order. Nothing can be added any more. */
  take(): readonly Uint8Array[] {
    if (this.#text !== '') this.#encode();
    return this.#parts;
  }

  #encode(): void {
    this.#parts.push(encoder.encode(this.#text));
    this.#text = '';
  }
}
