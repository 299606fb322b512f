import { parseTime } from '../../machinery/time.js';

/** Which part of a log is wanted, and how. */
export interface LogQuery {
  /** The container that ended before this one. */
  readonly isPrevious: boolean;
  /** And what comes, as long as the container runs. */
  readonly isFollowing: boolean;
  /** Lines from the end; null: all. */
  readonly tailLines: number | null;
  /** Milliseconds since the epoch: nothing from before that; null: all. */
  readonly sinceMs: number | null;
  readonly hasTimestamps: boolean;
  readonly limitBytes: number | null;
  readonly stream: 'All' | 'Stdout' | 'Stderr';
}

/** A query that cannot be read (400), or asks what makes no sense (422). */
export class LogQueryError extends Error {
  override readonly name = 'LogQueryError';
  readonly status: 400 | 422;
  constructor(status: 400 | 422) {
    super(`{"message": "${status === 400 ? 'Unable to decode query' : 'Invalid request'}."}`);
    this.status = status;
  }
}

/** Reads the query of `/containerLogs`. Throws LogQueryError. */
export function parseLogQuery(query: URLSearchParams, nowMs: number): LogQuery {
  const stream = query.get('stream') ?? 'All';
  const tailText = query.get('tail') ?? query.get('tailLines');
  const tailLines = tailText === 'all' ? null : wholeOf(tailText, 0);
  const sinceSeconds = wholeOf(query.get('sinceSeconds'), 1);
  const sinceTime = query.get('sinceTime');
  const sinceTimeMs = sinceTime === null ? null : parseTime(sinceTime);
  if (sinceTime !== null && sinceTimeMs === null) throw new LogQueryError(400);
  if (sinceSeconds !== null && sinceTimeMs !== null) throw new LogQueryError(422);
  if (stream !== 'All' && stream !== 'Stdout' && stream !== 'Stderr') throw new LogQueryError(422);
  if (stream !== 'All' && tailLines !== null) throw new LogQueryError(422);
  return {
    isPrevious: isTrue(query.get('previous')),
    isFollowing: isTrue(query.get('follow')),
    tailLines,
    sinceMs: sinceSeconds === null ? sinceTimeMs : nowMs - sinceSeconds * 1000,
    hasTimestamps: isTrue(query.get('timestamps')),
    limitBytes: wholeOf(query.get('limitBytes'), 1),
    stream,
  };
}

function wholeOf(text: string | null, min: number): number | null {
  if (text === null || text === '') return null;
  const value = Number(text);
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(value)) throw new LogQueryError(400);
  if (value < min) throw new LogQueryError(422);
  return value;
}

/** As all APIs of Kubernetes read booleans in queries: everything but a clear no is a yes. */
function isTrue(text: string | null): boolean {
  return text !== null && text !== '0' && text.toLowerCase() !== 'false';
}
