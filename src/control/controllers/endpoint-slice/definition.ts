import type { ControllerDefinition } from '../controller.js';
import { EndpointSliceController } from './controller.js';

/** `endpointslice-controller`. */
export const endpointSliceDefinition: ControllerDefinition = {
  name: 'endpointslice-controller',
  alias: 'endpointslice',
  eventSource: 'endpoint-slice-controller',
  isOnByDefault: true,
  flags: [
    {
      name: 'concurrent-service-endpoint-syncs',
      help: 'How many services have their endpoint slices worked on at once. 1 to 50.',
      ...{ kind: 'integer', default: 5, max: 50 },
    },
    {
      name: 'max-endpoints-per-slice',
      help: 'The most endpoints that are put into one slice. 1 to 1000.',
      ...{ kind: 'integer', default: 100, max: 1000 },
    },
    {
      name: 'endpointslice-updates-batch-period',
      help: 'Changes of pods are collected for so long before slices are written.',
      ...{ kind: 'duration', default: 0 },
    },
  ],
  create: (parts, flags) =>
    new EndpointSliceController(parts, {
      workers: flags.integer('concurrent-service-endpoint-syncs'),
      endpointsMax: flags.integer('max-endpoints-per-slice'),
      batchMs: flags.durationMs('endpointslice-updates-batch-period'),
    }),
};
