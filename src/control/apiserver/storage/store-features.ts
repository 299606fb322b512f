import type { Client } from '../../../client/index.js';

/** What the members of the store can do, asked once they answer. */
export class StoreFeatures {
  readonly #client: Client;
  #hasExactProgress: Promise<boolean> | null = null;

  constructor({ client }: { readonly client: Client }) {
    this.#client = client;
  }

  /**
   * Whether progress answers on a watch tell the truth. etcd before 3.4.31 and 3.5.13 may say that a watch has come further than
   * what it has sent (etcd issues 15220 and 17507). Resolves false, to be asked again, while no member answers.
   */
  async hasExactProgress(): Promise<boolean> {
    this.#hasExactProgress ??= this.#ask();
    return await this.#hasExactProgress;
  }

  async #ask(): Promise<boolean> {
    const { endpoints, maintenance } = this.#client;
    const asked = await Promise.allSettled(endpoints.map((url) => maintenance.status(url)));
    const versions = asked.flatMap((answer) =>
      answer.status === 'fulfilled' ? [answer.value.version] : [],
    );
    if (versions.length < endpoints.length) this.#hasExactProgress = null;
    return versions.length > 0 && versions.every(isExact);
  }
}

/** Whether a version of etcd (which our store names, too) has exact progress answers. */
export function isExact(version: string): boolean {
  const match = /^(\d+)\.(\d+)\.(\d+)/.exec(version);
  if (match === null) return false;
  const [major, minor, patch] = match.slice(1).map(Number) as [number, number, number];
  if (major !== 3) return major > 3;
  if (minor === 4) return patch >= 31;
  return minor === 5 ? patch >= 13 : minor > 5;
}
