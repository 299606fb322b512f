/**
 * Why a file of etcd's cannot be used. `format`: it is none; `damaged`: it contradicts itself; `checksum`: it is not what was
 * saved; `unfinished`: etcd has left work that only etcd can do.
 */
export type EtcdDataErrorCode = 'format' | 'damaged' | 'checksum' | 'unfinished';

/** Data of etcd's that cannot be taken over. The message says why, and what to do. */
export class EtcdDataError extends Error {
  override readonly name = 'EtcdDataError';
  readonly code: EtcdDataErrorCode;

  constructor(code: EtcdDataErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The error for what makes no sense in a file of bbolt's. */
export function damagedFile(what: string): EtcdDataError {
  return new EtcdDataError('damaged', `the database file is damaged: ${what}`);
}
