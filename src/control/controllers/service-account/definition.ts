import type { ControllerDefinition } from '../controller.js';
import { ServiceAccountController, serviceAccountControllerName } from './controller.js';

/** Service accounts named `default`. */
export const serviceAccountDefinition: ControllerDefinition = {
  name: serviceAccountControllerName,
  alias: 'serviceaccount',
  isOnByDefault: true,
  flags: [
    {
      name: 'concurrent-serviceaccount-token-syncs',
      kind: 'integer',
      default: 5,
      help: 'Namespaces that are looked after at once for their service accounts.',
    },
  ],
  create(parts, flags) {
    const workers = flags.integer('concurrent-serviceaccount-token-syncs');
    return new ServiceAccountController(parts, { workers });
  },
};
