import { Gauge, type Registry } from 'prom-client';
import { collectProcessMetrics } from '../../../host/process-metrics.js';
import type { FlowControl } from '../flow-control/flow-control.js';
import type { EndpointTable } from '../registry/endpoint-table.js';

/** Adds what is looked up only when somebody asks for the metrics: the process, the queues, the objects of each resource. */
export function addScrapedMetrics(
  registry: Registry,
  { flows, endpoints }: { readonly flows: FlowControl | null; readonly endpoints: EndpointTable },
): void {
  collectProcessMetrics(registry);
  const registers = [registry];
  if (flows !== null) addFlowMetrics(flows, registers);
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

function addFlowMetrics(flows: FlowControl, registers: Registry[]): void {
  const labelNames = ['priority_level'] as const;
  const gauge = (
    name: string,
    help: string,
    measure: (queues: { running: number; waiting: number; seats: number }) => number,
  ) =>
    new Gauge({
      ...{ name: `apiserver_flowcontrol_${name}`, help, labelNames, registers },
      collect() {
        this.reset();
        for (const [level, queues] of flows.levels())
          this.set({ priority_level: level }, measure(queues));
      },
    });
  gauge(
    'current_executing_requests',
    'Requests of a priority level that are being worked on.',
    ({ running }) => running,
  );
  gauge(
    'current_inqueue_requests',
    'Requests of a priority level that wait for a seat.',
    ({ waiting }) => waiting,
  );
  gauge('nominal_limit_seats', 'Seats that a priority level has of its own.', ({ seats }) => seats);
  gauge(
    'current_limit_seats',
    'Seats that a priority level may use now; those that it may borrow come and go.',
    ({ seats }) => seats,
  );
}
