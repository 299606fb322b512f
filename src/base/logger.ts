/** Severity of a log line, in order. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** Values that a log line may carry. Ids are formatted by the caller (`formatId`). */
export type LogFields = Readonly<
  Record<string, string | number | boolean | bigint | null | undefined | readonly string[]>
>;

/** Structured log. Never blocks and never throws; a sink that cannot keep up drops lines and counts them. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose lines all carry `fields` too. */
  child(fields: LogFields): Logger;
}

/** Discards everything. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};
