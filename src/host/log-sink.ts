import { write, writeSync } from 'node:fs';
import type { LogFields, Logger, LogLevel } from '../base/logger.js';

/** How log lines look: one JSON object a line, or text for people. */
export type LogFormat = 'json' | 'text';

/** Where lines go. False means that the destination is full and takes no more for now. */
export interface LogDestination {
  write(line: string): boolean;
  onceDrained(callback: () => void): void;
}

const levelOrder: Readonly<Record<LogLevel, number>> = {
  debug: 0,
  info: 1,
  warn: 2,
  error: 3,
  fatal: 4,
};

/**
 * Makes a logger. Lines below `level` are dropped. When the destination is full, lines are dropped and counted, and one
 * line tells how many once it takes lines again: a stuck reader of stderr never holds the store up (etcd #22214).
 */
export function createLogger(options: {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly destination: LogDestination;
}): Logger {
  const sink = new Sink(options.format, options.destination);
  return new SinkLogger(sink, levelOrder[options.level], {});
}

/** Bytes of lines that may wait for a slow reader. */
const waitingBytesMax = 1 << 20;

/**
 * A destination over a file descriptor, written by a pool thread: a reader that stops reading stops nothing but the log.
 * Lines that arrive during a write leave together in the next.
 */
export function fileDestination(fd: number): LogDestination {
  let waiting: string[] = [];
  let waitingBytes = 0;
  let isWriting = false;
  let onDrained: (() => void) | null = null;
  const writeNext = (text: string): void => {
    isWriting = true;
    write(fd, text, (error, bytesWritten) => {
      const rest = error === null ? Buffer.from(text).subarray(bytesWritten).toString() : '';
      const next = rest + waiting.join('');
      waiting = [];
      waitingBytes = 0;
      isWriting = false;
      if (next !== '') writeNext(next);
      const drained = onDrained;
      onDrained = null;
      drained?.();
    });
  };
  return {
    write(line) {
      if (!isWriting) {
        writeNext(line);
        return true;
      }
      waiting.push(line);
      waitingBytes += line.length;
      return waitingBytes < waitingBytesMax;
    },
    onceDrained(callback) {
      onDrained = callback;
    },
  };
}

/** Writes a last line before the process ends, however slow the reader is. */
export function writeLastLine(fd: number, line: string): void {
  try {
    writeSync(fd, `${line}\n`);
  } catch {
    // Nobody reads it; the process ends all the same.
  }
}

class Sink {
  readonly #format: LogFormat;
  readonly #destination: LogDestination;
  #full = false;
  #dropped = 0;

  constructor(format: LogFormat, destination: LogDestination) {
    this.#format = format;
    this.#destination = destination;
  }

  write(level: LogLevel, message: string, fields: LogFields): void {
    if (this.#full) {
      this.#dropped++;
      return;
    }
    const time = new Date().toISOString();
    const line = this.#format === 'json' ? toJson : toText;
    if (this.#destination.write(`${line(time, level, message, fields)}\n`)) return;
    this.#full = true;
    this.#destination.onceDrained(() => this.#onDrained());
  }

  #onDrained(): void {
    this.#full = false;
    const lines = this.#dropped;
    this.#dropped = 0;
    if (lines > 0) this.write('warn', 'log lines were dropped: the reader was too slow', { lines });
  }
}

class SinkLogger implements Logger {
  readonly #sink: Sink;
  readonly #levelMin: number;
  readonly #fields: LogFields;

  constructor(sink: Sink, levelMin: number, fields: LogFields) {
    this.#sink = sink;
    this.#levelMin = levelMin;
    this.#fields = fields;
  }

  debug(message: string, fields?: LogFields): void {
    this.#log('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#log('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#log('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#log('error', message, fields);
  }

  child(fields: LogFields): Logger {
    return new SinkLogger(this.#sink, this.#levelMin, { ...this.#fields, ...fields });
  }

  #log(level: LogLevel, message: string, fields?: LogFields): void {
    if (levelOrder[level] < this.#levelMin) return;
    this.#sink.write(
      level,
      message,
      fields === undefined ? this.#fields : { ...this.#fields, ...fields },
    );
  }
}

function toJson(time: string, level: LogLevel, message: string, fields: LogFields): string {
  return JSON.stringify({ level, ts: time, msg: message, ...fields }, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

function toText(time: string, level: LogLevel, message: string, fields: LogFields): string {
  let line = `${time} ${level.padEnd(5)} ${message}`;
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) line += ` ${key}=${formatValue(value)}`;
  }
  return line;
}

function formatValue(value: NonNullable<LogFields[string]> | null): string {
  const text = Array.isArray(value) ? value.join(',') : String(value);
  return /^[\w./:@,+-]+$/.test(text) ? text : JSON.stringify(text);
}
