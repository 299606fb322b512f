import type { ControllerDefinition } from '../controller.js';
import { NodeLifecycleController } from './controller.js';

/** `node-lifecycle-controller`. */
export const nodeLifecycleDefinition: ControllerDefinition = {
  name: 'node-lifecycle-controller',
  alias: 'nodelifecycle',
  eventSource: 'node-controller',
  isOnByDefault: true,
  flags: [
    {
      name: 'node-monitor-period',
      help: 'How often nodes are looked at.',
      ...{ kind: 'duration', default: 5000, min: 1 },
    },
    {
      name: 'node-monitor-grace-period',
      help: 'A node that shows no sign of life for so long is taken for lost.',
      ...{ kind: 'duration', default: 50_000 },
    },
    {
      name: 'node-startup-grace-period',
      help: 'A node that has never written its status is waited for so long.',
      ...{ kind: 'duration', default: 60_000 },
    },
    {
      name: 'node-eviction-rate',
      help: 'Lost nodes a second that are given up, in a zone that does well.',
      ...{ kind: 'number', default: 0.1 },
    },
    {
      name: 'secondary-node-eviction-rate',
      help: 'Lost nodes a second that are given up, in a large zone of which too much is lost; in a small one none.',
      ...{ kind: 'number', default: 0.01 },
    },
    {
      name: 'large-cluster-size-threshold',
      help: 'A zone with more nodes is large.',
      ...{ kind: 'integer', default: 50, min: 0 },
    },
    {
      name: 'unhealthy-zone-threshold',
      help: 'The part of its nodes, three at least, from which on too much of a zone is lost.',
      ...{ kind: 'number', default: 0.55 },
    },
  ],
  create: (parts, flags) =>
    new NodeLifecycleController(parts, {
      monitorMs: flags.durationMs('node-monitor-period'),
      graceMs: flags.durationMs('node-monitor-grace-period'),
      startupGraceMs: flags.durationMs('node-startup-grace-period'),
      rates: {
        normal: flags.number('node-eviction-rate'),
        secondary: flags.number('secondary-node-eviction-rate'),
        largeZoneMin: flags.integer('large-cluster-size-threshold'),
        unhealthyPart: flags.number('unhealthy-zone-threshold'),
      },
    }),
};
