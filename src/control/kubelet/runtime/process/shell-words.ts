import { RuntimeError } from '../runtime-error.js';

/** A word as a POSIX shell takes it for itself. Throws RuntimeError for what no argument can hold. */
export function shellWord(text: string): string {
  if (text.includes('\0')) {
    throw new RuntimeError('start-failed', `argument ${JSON.stringify(text)} holds a zero byte`);
  }
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Words with spaces between. */
export function shellWords(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}
