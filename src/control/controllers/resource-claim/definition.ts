import type { ControllerDefinition } from '../controller.js';
import { ResourceClaimController } from './controller.js';

/** `resourceclaim-controller`. */
export const resourceClaimDefinition: ControllerDefinition = {
  name: 'resourceclaim-controller',
  alias: 'resource-claim-controller',
  eventSource: 'resource_claim',
  isOnByDefault: true,
  flags: [
    {
      name: 'concurrent-resource-claim-syncs',
      help: 'How many resource claims and pods are worked on at once.',
      ...{ kind: 'integer', default: 50 },
    },
  ],
  create: (parts, flags) =>
    new ResourceClaimController(parts, flags.integer('concurrent-resource-claim-syncs')),
};
