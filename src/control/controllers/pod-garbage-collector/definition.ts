import type { ControllerDefinition } from '../controller.js';
import { PodGarbageCollector, podGarbageCollectorName } from './controller.js';

/** Pods that are left over. */
export const podGarbageCollectorDefinition: ControllerDefinition = {
  name: podGarbageCollectorName,
  alias: 'podgc',
  isOnByDefault: true,
  flags: [
    {
      name: 'terminated-pod-gc-threshold',
      kind: 'integer',
      default: 12_500,
      min: Number.MIN_SAFE_INTEGER,
      help: 'Pods that have ended and may stay; the oldest beyond it are deleted. 0 or less: all stay.',
    },
  ],
  create: (parts, flags) =>
    new PodGarbageCollector(parts, {
      terminatedMax: flags.integer('terminated-pod-gc-threshold'),
    }),
};
