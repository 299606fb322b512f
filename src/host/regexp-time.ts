import { setFlagsFromString } from 'node:v8';

/**
 * Has expressions that take too long change over to an engine whose time grows with the text alone, wherever the engine knows what
 * they use. For programs that match patterns of clients; to be called before any of them is used.
 */
export function boundRegExpTime(): void {
  setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
}
