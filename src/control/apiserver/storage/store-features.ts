import type { Client } from '../../../client/index.js';

/** What the members of the store can do, asked once. */
export class StoreFeatures {
  readonly #client: Client;
  /** Null: no member has answered yet. */
  #isExact: boolean | null = null;
  #asking: Promise<void> | null = null;

  constructor({ client }: { readonly client: Client }) {
    this.#client = client;
  }

  /**
   * Whether progress answers on a watch tell the truth. etcd before 3.4.31 and 3.5.13 may say that a watch has come further than
   * what it has sent (etcd issues 15220 and 17507). The first member that answers decides, and any old one that answers later;
   * false, to be asked again, while none does.
   */
  async hasExactProgress(): Promise<boolean> {
    if (this.#isExact === null) {
      this.#asking ??= this.#ask().finally(() => {
        this.#asking = null;
      });
      await this.#asking;
    }
    return this.#isExact ?? false;
  }

  async #ask(): Promise<void> {
    const { endpoints, maintenance } = this.#client;
    const answers = endpoints.map(async (url) => {
      const { version } = await maintenance.status(url);
      this.#isExact = this.#isExact !== false && isExactProgress(version);
    });
    // All of them failing says nothing yet.
    await Promise.any(answers).catch(() => {});
  }
}

/** Whether a version of etcd (our store names one, too) has exact progress answers. */
export function isExactProgress(version: string): boolean {
  const match = /^(\d+)\.(\d+)\.(\d+)/.exec(version);
  if (match === null) return false;
  const [major, minor, patch] = match.slice(1).map(Number) as [number, number, number];
  if (major !== 3) return major > 3;
  if (minor === 4) return patch >= 31;
  return minor === 5 ? patch >= 13 : minor > 5;
}
