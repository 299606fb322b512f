/** Bytes that are not the certificate, or the request for one, that they were said to be. */
export class DerError extends Error {
  override readonly name = 'DerError';
}
