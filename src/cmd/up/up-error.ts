/** The cluster cannot be started. The message says why and what to do. */
export class UpError extends Error {
  override readonly name = 'UpError';
}
