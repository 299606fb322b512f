import type { ControllerDefinition } from '../controller.js';
import { NamespaceController, namespaceControllerName } from './controller.js';

/** Deletion of namespaces. */
export const namespaceDefinition: ControllerDefinition = {
  name: namespaceControllerName,
  alias: 'namespace',
  isOnByDefault: true,
  flags: [
    {
      name: 'concurrent-namespace-syncs',
      kind: 'integer',
      default: 10,
      help: 'Namespaces that are emptied at once.',
    },
  ],
  create(parts, flags) {
    return new NamespaceController(parts, { workers: flags.integer('concurrent-namespace-syncs') });
  },
};
