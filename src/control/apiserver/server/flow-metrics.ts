import { Counter, Gauge, type Registry } from 'prom-client';
import { registerDistributions } from '../distribution.js';
import type { FlowControl } from '../flow-control/flow-control.js';
import type { SchemaCounts } from '../flow-control/flow-counts.js';

const labelNames = ['flow_schema', 'priority_level'] as const;

/** Adds what priority and fairness count, under Kubernetes' names. */
export function addFlowMetrics(flows: FlowControl, registry: Registry): void {
  const registers = [registry];
  const bySchema = (name: string, help: string, measure: (counts: SchemaCounts) => number) =>
    new Gauge({
      ...{ name: `apiserver_flowcontrol_${name}`, help, labelNames, registers },
      collect() {
        for (const counts of flows.counts.all()) this.set(labelsOf(counts), measure(counts));
      },
    });
  bySchema(
    'current_executing_requests',
    'Requests that are being worked on, by FlowSchema and level.',
    ({ executing }) => executing,
  );
  bySchema(
    'current_executing_seats',
    'Seats that requests have which are being worked on, by FlowSchema and level.',
    ({ seats }) => seats,
  );
  bySchema(
    'current_inqueue_requests',
    'Requests that wait for a seat, by FlowSchema and level.',
    ({ waiting }) => waiting,
  );
  new Counter({
    ...{ name: 'apiserver_flowcontrol_dispatched_requests_total', labelNames, registers },
    help: 'Requests that were let in, by FlowSchema and level.',
    collect() {
      this.reset();
      for (const counts of flows.counts.all()) this.inc(labelsOf(counts), counts.dispatched);
    },
  });
  new Counter({
    ...{ name: 'apiserver_flowcontrol_rejected_requests_total', registers },
    labelNames: [...labelNames, 'reason'],
    help: 'Requests that were not let in, by FlowSchema, level and why.',
    collect() {
      this.reset();
      for (const counts of flows.counts.all())
        for (const [reason, count] of counts.rejected)
          this.inc({ ...labelsOf(counts), reason }, count);
    },
  });
  registerDistributions(
    registry,
    {
      name: 'apiserver_flowcontrol_request_wait_duration_seconds',
      help: 'Seconds that requests waited for a seat, by whether they got one.',
    },
    function* () {
      for (const counts of flows.counts.all()) {
        yield [{ ...labelsOf(counts), execute: 'true' }, counts.waitsBeforeRun];
        yield [{ ...labelsOf(counts), execute: 'false' }, counts.waitsInVain];
      }
    },
  );
  addSeatMetrics(flows, registers);
}

function addSeatMetrics(flows: FlowControl, registers: Registry[]): void {
  for (const [name, help] of [
    ['nominal_limit_seats', 'Seats that a level has of its own.'],
    [
      'current_limit_seats',
      'Seats that a level may use now; those that it may borrow come and go.',
    ],
  ] as const)
    new Gauge({
      ...{ name: `apiserver_flowcontrol_${name}`, help, registers },
      labelNames: ['priority_level'],
      collect() {
        this.reset();
        for (const [priority_level, { seats }] of flows.levels())
          this.set({ priority_level }, seats);
      },
    });
}

function labelsOf({ schema, level }: SchemaCounts) {
  return { flow_schema: schema, priority_level: level };
}
