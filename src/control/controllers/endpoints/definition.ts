import type { ControllerDefinition } from '../controller.js';
import { EndpointsController } from './controller.js';

/** `endpoints-controller`. */
export const endpointsDefinition: ControllerDefinition = {
  name: 'endpoints-controller',
  alias: 'endpoint',
  eventSource: 'endpoint-controller',
  isOnByDefault: true,
  flags: [
    {
      name: 'concurrent-endpoint-syncs',
      help: 'How many services have their Endpoints worked on at once.',
      ...{ kind: 'integer', default: 5 },
    },
    {
      name: 'endpoint-updates-batch-period',
      help: 'Changes of pods are collected for so long before Endpoints are written.',
      ...{ kind: 'duration', default: 0 },
    },
  ],
  create: (parts, flags) =>
    new EndpointsController(parts, {
      workers: flags.integer('concurrent-endpoint-syncs'),
      batchMs: flags.durationMs('endpoint-updates-batch-period'),
    }),
};
