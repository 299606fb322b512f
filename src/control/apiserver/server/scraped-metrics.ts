import { Gauge, type Registry } from 'prom-client';
import { collectProcessMetrics } from '../../../host/process-metrics.js';
import type { FlowControl } from '../flow-control/flow-control.js';
import type { EndpointTable } from '../registry/endpoint-table.js';
import { addCacheMetrics } from './cache-metrics.js';
import { addFlowMetrics } from './flow-metrics.js';

/** Adds what is looked up only when somebody asks for the metrics: the process, the queues, the objects of each resource. */
export function addScrapedMetrics(
  registry: Registry,
  { flows, endpoints }: { readonly flows: FlowControl | null; readonly endpoints: EndpointTable },
): void {
  collectProcessMetrics(registry);
  const registers = [registry];
  if (flows !== null) addFlowMetrics(flows, registry);
  addCacheMetrics(registry, endpoints);
  new Gauge({
    name: 'apiserver_storage_objects',
    help: 'Objects of a resource that are stored; -1 when that could not be found out.',
    labelNames: ['resource'],
    registers,
    async collect() {
      this.reset();
      await Promise.all(
        [...endpoints.opened()].map(async ({ row: { group, resource }, storage }) => {
          const count = await storage.count().catch(() => -1);
          this.set({ resource: group === '' ? resource : `${resource}.${group}` }, count);
        }),
      );
    },
  });
}
