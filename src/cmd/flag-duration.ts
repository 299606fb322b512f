import { parseGoDuration } from '../base/go-duration.js';

/** Milliseconds of a flag's duration (`1h30m`, `500ms`, `0`); undefined when it is none, or less than nothing. */
export function parseDurationMs(text: string): number | undefined {
  return text.startsWith('-') ? undefined : (parseGoDuration(text) ?? undefined);
}
