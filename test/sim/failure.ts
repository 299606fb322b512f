/** A property of the system did not hold. The message says which, the details say where. */
export class SimFailure extends Error {
  override readonly name = 'SimFailure';
  readonly property: string;
  readonly details: string;
  constructor(property: string, details: string, options?: ErrorOptions) {
    super(`${property}: ${details}`, options);
    this.property = property;
    this.details = details;
  }
}
