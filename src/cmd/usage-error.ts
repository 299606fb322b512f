/** The command line is wrong. The message names the flag, quotes the value and says what to do. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
