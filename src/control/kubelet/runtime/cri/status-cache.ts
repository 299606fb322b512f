/** What a listing says of a thing. */
export interface Listed {
  readonly id: string;
  /** What is known of the thing is good for as long as this stays. */
  readonly state: number;
}

/**
 * Statuses by id, of which listings give the beginning only. A status is asked for again when the listed state is another: times, exit
 * codes and addresses change with it and never without.
 */
export class StatusCache<Status> {
  readonly #stateOf: (status: Status) => number;
  readonly #fetch: (id: string) => Promise<Status | null>;
  #known: ReadonlyMap<string, Status> = new Map();

  /** `fetch` gives null for what is gone. */
  constructor(stateOf: (status: Status) => number, fetch: (id: string) => Promise<Status | null>) {
    this.#stateOf = stateOf;
    this.#fetch = fetch;
  }

  /** The statuses of all that is listed; others are forgotten. Rejects as `fetch` does. */
  async all(listed: readonly Listed[]): Promise<readonly Status[]> {
    const before = this.#known;
    const found = await Promise.all(
      listed.map(async ({ id, state }): Promise<readonly [string, Status] | null> => {
        const known = before.get(id);
        const isCurrent = known !== undefined && this.#stateOf(known) === state;
        const status = isCurrent ? known : await this.#fetch(id);
        return status === null ? null : [id, status];
      }),
    );
    const statuses = found.filter((each) => each !== null);
    this.#known = new Map(statuses);
    return statuses.map(([, status]) => status);
  }
}
