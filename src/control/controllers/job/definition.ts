import type { ControllerDefinition } from '../controller.js';
import { JobController, jobControllerName } from './controller.js';

/** Jobs. */
export const jobDefinition: ControllerDefinition = {
  name: jobControllerName,
  alias: 'job',
  isOnByDefault: true,
  flags: [
    {
      name: 'concurrent-job-syncs',
      kind: 'integer',
      default: 5,
      help: 'Jobs that are worked on at once.',
    },
  ],
  create: (parts, flags) =>
    new JobController(parts, { workers: flags.integer('concurrent-job-syncs') }),
};
