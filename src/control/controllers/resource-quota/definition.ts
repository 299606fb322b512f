import type { ControllerDefinition } from '../controller.js';
import { ResourceQuotaController, resourceQuotaControllerName } from './controller.js';

/** ResourceQuotas. */
export const resourceQuotaDefinition: ControllerDefinition = {
  name: resourceQuotaControllerName,
  alias: 'resourcequota',
  isOnByDefault: true,
  flags: [
    {
      name: 'concurrent-resource-quota-syncs',
      kind: 'integer',
      default: 5,
      help: 'Quotas that are counted at once.',
    },
    {
      name: 'resource-quota-sync-period',
      kind: 'duration',
      default: 300_000,
      min: 1,
      help: 'How often every quota is counted again.',
    },
  ],
  create: (parts, flags) =>
    new ResourceQuotaController(parts, {
      workers: flags.integer('concurrent-resource-quota-syncs'),
      periodMs: flags.durationMs('resource-quota-sync-period'),
    }),
};
