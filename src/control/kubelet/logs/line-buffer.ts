const newline = 0x0a;
/** A line that is longer is cut: no runtime writes such. */
const lineBytesMax = 1 << 20;

/** Cuts bytes that come in blocks into lines. */
export class LineBuffer {
  /** The beginning of a line whose end has not come. */
  #rest: Buffer = Buffer.alloc(0);

  /** The lines that are complete now, without their ends. */
  add(block: Buffer): readonly Buffer[] {
    const bytes = this.#rest.length === 0 ? block : Buffer.concat([this.#rest, block]);
    const lines: Buffer[] = [];
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(newline, start);
      if (end < 0) break;
      lines.push(bytes.subarray(start, end));
      start = end + 1;
    }
    this.#rest = bytes.subarray(start, start + lineBytesMax);
    return lines;
  }
}
