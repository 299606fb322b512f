/** A line of a container's log in CRI's format: `2026-01-02T03:04:05.123456789Z stdout F text`. */
export interface LogLine {
  /** As it is written, RFC 3339. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  /** The container's line goes on in the next one. */
  readonly isPartial: boolean;
  /** Without the end of the line. */
  readonly text: Buffer;
}

const space = 0x20;
/** Bytes of a line that say when it was written, by what, and whether it is whole. */
const headBytesMax = 80;

/** Reads a line without its end; null: it is none of that format. */
export function parseLogLine(line: Buffer): LogLine | null {
  const head = headOf(line);
  if (head === null) return null;
  const { time, stream, isPartial, bytes } = head;
  return { time, stream, isPartial, text: line.subarray(bytes) };
}

/** Whether a line, of which at least the beginning is given, ends a line of the container's. */
export function endsContainerLine(line: Buffer): boolean {
  return headOf(line)?.isPartial === false;
}

function headOf(line: Buffer) {
  const [first, second] = [line.indexOf(space), line.indexOf(space, line.indexOf(space) + 1)];
  if (first <= 0 || second <= first || second > headBytesMax) return null;
  const time = line.toString('latin1', 0, first);
  const stream = line.toString('latin1', first + 1, second);
  if (stream !== 'stdout' && stream !== 'stderr') return null;
  const third = line.indexOf(space, second + 1);
  const tagsEnd = third < 0 ? line.length : third;
  // Tags are parted by colons; the first is the one that says whether the line is whole.
  const [tag = ''] = line.toString('latin1', second + 1, tagsEnd).split(':');
  if (tag !== 'P' && tag !== 'F') return null;
  const bytes = third < 0 ? line.length : third + 1;
  return { time, stream: stream as 'stdout' | 'stderr', isPartial: tag === 'P', bytes };
}
