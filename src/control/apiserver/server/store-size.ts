import { Gauge, type Registry } from 'prom-client';

/** Adds how much disk each member of the store has taken, which `sizeOf` asks it for when somebody looks. */
export function addStoreSize(
  registry: Registry,
  endpoints: readonly string[],
  sizeOf: (endpoint: string) => Promise<number>,
): void {
  new Gauge({
    name: 'apiserver_storage_size_bytes',
    help: 'Bytes of disk that a member of the store has taken for its data, by its place in --etcd-servers.',
    labelNames: ['storage_cluster_id'],
    registers: [registry],
    async collect() {
      this.reset();
      await Promise.all(
        endpoints.map(async (endpoint, at) => {
          // Who does not answer is left out: that it does not is told by the health of the store.
          const size = await sizeOf(endpoint).catch(() => null);
          if (size !== null) this.set({ storage_cluster_id: `etcd-${at}` }, size);
        }),
      );
    },
  });
}
