import { parseTime } from '../../machinery/time.js';
import { type LogLine, parseLogLine } from './log-line.js';
import type { LogQuery } from './log-query.js';

const newline = Buffer.from('\n');

/** Makes of the lines of a log file what a container wrote, as far as it is wanted. */
export class LogText {
  readonly #query: LogQuery;
  /** Bytes that may still be given. */
  #bytesLeft: number;
  /** What comes next begins a line of the container's. */
  #isAtLineStart = true;

  constructor(query: LogQuery) {
    this.#query = query;
    this.#bytesLeft = query.limitBytes ?? Number.POSITIVE_INFINITY;
  }

  /** As much has been given as was wanted. */
  get isFull(): boolean {
    return this.#bytesLeft <= 0;
  }

  /** What a line of the file, without its end, adds. Lines of other formats add nothing. */
  add(bytes: Buffer): readonly Buffer[] {
    const line = parseLogLine(bytes);
    if (line === null || !this.#isWanted(line)) return [];
    const pieces: Buffer[] = [];
    if (this.#query.hasTimestamps && this.#isAtLineStart) {
      pieces.push(Buffer.from(`${withNanoseconds(line.time)} `));
    }
    pieces.push(line.text);
    if (!line.isPartial) pieces.push(newline);
    this.#isAtLineStart = !line.isPartial;
    return pieces.map((piece) => this.#cut(piece)).filter(({ length }) => length > 0);
  }

  #isWanted({ stream, time }: LogLine): boolean {
    const { stream: wanted, sinceMs } = this.#query;
    if (wanted !== 'All' && stream !== wanted.toLowerCase()) return false;
    if (sinceMs === null) return true;
    const timeMs = parseTime(time);
    return timeMs !== null && timeMs >= sinceMs;
  }

  #cut(piece: Buffer): Buffer {
    const cut = piece.length > this.#bytesLeft ? piece.subarray(0, this.#bytesLeft) : piece;
    this.#bytesLeft -= cut.length;
    return cut;
  }
}

/** All times with nine digits of the second, so that lines stand one under the other. */
function withNanoseconds(time: string): string {
  const [, until = time, fraction = '', zone = ''] =
    /^([^.Z+]*?\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(time) ?? [];
  return zone === '' ? time : `${until}.${fraction.padEnd(9, '0').slice(0, 9)}${zone}`;
}
