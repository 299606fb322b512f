import { spawnSync } from 'node:child_process';
import { Cluster } from '../e2e/cluster.js';

/** A real etcd with an empty store, asked through its JSON gateway. */
export class EtcdOracle {
  readonly #cluster: Cluster;

  private constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Whether the machine has one. */
  static isInstalled(): boolean {
    return spawnSync('etcd', ['--version']).status === 0;
  }

  static async start(): Promise<EtcdOracle> {
    const flags = ['--max-txn-ops', '1000'];
    return new EtcdOracle(await Cluster.start({ kind: 'etcd', size: 1, flags }));
  }

  /** One request; the response as JSON, `{ error }` when refused. */
  async ask(path: string, body: unknown): Promise<Record<string, unknown>> {
    const url = this.#cluster.member(0).spec.clientUrl + path;
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
    return (await response.json()) as Record<string, unknown>;
  }

  stop(): Promise<void> {
    return this.#cluster.stop();
  }
}
