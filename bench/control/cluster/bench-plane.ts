import type { Cluster } from '../../../test/e2e/cluster.js';

/** A store and an API server that run, whoever made them. */
export interface BenchPlane {
  readonly store: Cluster;
  /** `https://127.0.0.1:PORT`. */
  readonly url: string;
  /** Path of an administrator's. */
  readonly kubeconfig: string;
  /** Process id of the API server; undefined or an error when it has ended. */
  readonly pid: number | undefined;
  /** The last lines of their logs. */
  report(): string;
  /** Ends both and removes their data. */
  stop(): Promise<void>;
}
