import type { LogFile } from '../../../host/log-files.js';
import { endsContainerLine } from './log-line.js';

const newline = 0x0a;
const blockBytes = 64 * 1024;

/** Where the last `lines` lines of the container's begin in a log file, which has `size` bytes. Reads from the end, and no more than it must. */
export async function tailStart(file: LogFile, size: number, lines: number): Promise<number> {
  /** The ends of lines of the file (behind their newline) that end a line of the container's; one more is before the wanted ones. */
  let missing = lines + 1;
  let position = size;
  /** The beginning of the line whose rest is behind `position`: what has been read and not been looked at. */
  let carry: Buffer = Buffer.alloc(0);
  /** Behind the newline of the line that is in `carry`; null: it has none yet, since it is still being written. */
  let lineEnd: number | null = null;
  while (position > 0) {
    const start = Math.max(0, position - blockBytes);
    const block = Buffer.concat([await file.read(start, position - start), carry]);
    let end = block.length;
    for (;;) {
      const at = end === 0 ? -1 : block.lastIndexOf(newline, end - 1);
      if (at < 0) break;
      if (lineEnd !== null && endsContainerLine(block.subarray(at + 1, end))) {
        missing -= 1;
        if (missing === 0) return lineEnd;
      }
      lineEnd = start + at + 1;
      end = at;
    }
    carry = block.subarray(0, end);
    position = start;
  }
  if (lineEnd !== null && endsContainerLine(carry)) missing -= 1;
  return missing === 0 && lineEnd !== null ? lineEnd : 0;
}
