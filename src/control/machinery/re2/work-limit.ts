/** A search took more steps than it may. */
export class WorkLimitError extends Error {
  override readonly name = 'WorkLimitError';

  constructor() {
    super('the regular expression takes too long on this text');
  }
}

/** Steps that are left to a search. Time grows only with text and expression, but both may be long. */
export class WorkLimit {
  #left: number;

  constructor(steps: number) {
    this.#left = steps;
  }

  /** Throws {@link WorkLimitError} when there are not so many left. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new WorkLimitError();
  }
}
