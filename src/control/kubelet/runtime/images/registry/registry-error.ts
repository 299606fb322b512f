import { RuntimeError } from '../../runtime-error.js';

/** A registry that cannot be used or refuses. `isBroken`: the connection broke, and may be taken up again. */
export class RegistryError extends RuntimeError {
  readonly isBroken: boolean;

  constructor(message: string, options: ErrorOptions & { readonly isBroken?: boolean } = {}) {
    super('image-pull', message, options);
    this.isBroken = options.isBroken === true;
  }
}
