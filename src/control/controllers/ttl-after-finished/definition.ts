import type { ControllerDefinition } from '../controller.js';
import { TtlAfterFinishedController, ttlAfterFinishedControllerName } from './controller.js';

/** Jobs with `ttlSecondsAfterFinished`. */
export const ttlAfterFinishedDefinition: ControllerDefinition = {
  name: ttlAfterFinishedControllerName,
  alias: 'ttl-after-finished',
  isOnByDefault: true,
  flags: [
    {
      name: 'concurrent-ttl-after-finished-syncs',
      kind: 'integer',
      default: 5,
      help: 'Jobs whose time to live is looked at at once.',
    },
  ],
  create: (parts, flags) =>
    new TtlAfterFinishedController(parts, {
      workers: flags.integer('concurrent-ttl-after-finished-syncs'),
    }),
};
