import type { ControllerDefinition } from '../controller.js';
import { GarbageCollector, garbageCollectorName } from './controller.js';

/** Deletion of what is owned by what is gone. */
export const garbageCollectorDefinition: ControllerDefinition = {
  name: garbageCollectorName,
  alias: 'garbagecollector',
  isOnByDefault: true,
  flags: [
    {
      name: 'enable-garbage-collector',
      kind: 'boolean',
      default: true,
      help: 'Whether it runs; must match the flag of the API server.',
    },
    {
      name: 'concurrent-gc-syncs',
      kind: 'integer',
      default: 20,
      help: 'Objects that are looked at at once.',
    },
  ],
  create(parts, flags) {
    if (!flags.boolean('enable-garbage-collector')) return null;
    return new GarbageCollector(parts, { workers: flags.integer('concurrent-gc-syncs') });
  },
};
