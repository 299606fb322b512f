import { randomInt } from 'node:crypto';

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** So many letters that nobody can foresee. */
export function randomLetters(count: number): string {
  let text = '';
  for (let i = 0; i < count; i++) text += letters[randomInt(letters.length)];
  return text;
}
