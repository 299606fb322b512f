/** A program of the cluster, as it is run. */
export interface ProgramSpec {
  /** `scheduler`, `scheduler-2`, `kubelet-node-1`: in the lines for the reader, and of its log. */
  readonly name: string;
  /** A program and its arguments. */
  readonly command: readonly string[];
  /** Names of certificates that it reads at its start: it is started again when one of them was renewed. */
  readonly certificates: readonly string[];
}
