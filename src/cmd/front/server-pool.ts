/** A server of a pool. */
export interface PooledServer {
  readonly name: string;
  /** Whether it says that it is ready; at first nobody knows, which counts as no. */
  isReady: boolean;
  /** Connections that it has. */
  connections: number;
}

/**
 * The servers to try for a connection, in order: those that are ready, the one with the fewest connections first; then the others, as
 * what is known of them may be old.
 */
export function inOrder<T extends PooledServer>(servers: readonly T[]): readonly T[] {
  return [...servers].sort(
    (a, b) => Number(b.isReady) - Number(a.isReady) || a.connections - b.connections,
  );
}
