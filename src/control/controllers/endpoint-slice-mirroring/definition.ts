import type { ControllerDefinition } from '../controller.js';
import { EndpointSliceMirroringController } from './controller.js';

/** `endpointslice-mirroring-controller`. */
export const endpointSliceMirroringDefinition: ControllerDefinition = {
  name: 'endpointslice-mirroring-controller',
  alias: 'endpointslicemirroring',
  eventSource: 'endpoint-slice-mirroring-controller',
  isOnByDefault: true,
  flags: [
    {
      name: 'mirroring-concurrent-service-endpoint-syncs',
      help: 'How many Endpoints are mirrored at once. 1 to 50.',
      ...{ kind: 'integer', default: 5, max: 50 },
    },
    {
      name: 'mirroring-max-endpoints-per-subset',
      help: 'The most addresses of a subset that are mirrored. 1 to 1000.',
      ...{ kind: 'integer', default: 1000, max: 1000 },
    },
    {
      name: 'mirroring-endpointslice-updates-batch-period',
      help: 'Changes of Endpoints are collected for so long before slices are written.',
      ...{ kind: 'duration', default: 0 },
    },
  ],
  create: (parts, flags) =>
    new EndpointSliceMirroringController(parts, {
      workers: flags.integer('mirroring-concurrent-service-endpoint-syncs'),
      addressesMax: flags.integer('mirroring-max-endpoints-per-subset'),
      batchMs: flags.durationMs('mirroring-endpointslice-updates-batch-period'),
    }),
};
