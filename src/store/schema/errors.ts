/** Why what a database or a snapshot image holds is not a state that this member can take on. */
export type StoreDataErrorCode =
  /** Another format, or not a store's database at all. */
  | 'format'
  /** The state of another cluster. */
  | 'other-cluster'
  /** A record that is not well-formed, or that contradicts another. */
  | 'damaged'
  /** A snapshot image that ends early, or is not the one that was promised. */
  | 'image';

/** The stored state cannot be used. The message says what to do. */
export class StoreDataError extends Error {
  override readonly name = 'StoreDataError';
  readonly code: StoreDataErrorCode;
  constructor(code: StoreDataErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
