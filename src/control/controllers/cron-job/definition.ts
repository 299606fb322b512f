import type { ControllerDefinition } from '../controller.js';
import { CronJobController, cronJobControllerName } from './controller.js';

/** CronJobs. */
export const cronJobDefinition: ControllerDefinition = {
  name: cronJobControllerName,
  alias: 'cronjob',
  isOnByDefault: true,
  flags: [
    {
      name: 'concurrent-cron-job-syncs',
      kind: 'integer',
      default: 5,
      help: 'CronJobs that are worked on at once.',
    },
  ],
  create: (parts, flags) =>
    new CronJobController(parts, { workers: flags.integer('concurrent-cron-job-syncs') }),
};
