import type { ControllerDefinition } from '../controller.js';
import { AttachDetachController } from './controller.js';

/** Kubernetes' patience with a node that does not let go of a volume. */
const forceAfterMs = 6 * 60_000;

/** `persistentvolume-attach-detach-controller`. */
export const attachDetachDefinition: ControllerDefinition = {
  name: 'persistentvolume-attach-detach-controller',
  alias: 'attachdetach',
  eventSource: 'attachdetach-controller',
  isOnByDefault: true,
  flags: [
    {
      name: 'attach-detach-reconcile-sync-period',
      help: 'How often volumes in use are looked at again.',
      ...{ kind: 'duration', default: 60_000, min: 1000 },
    },
    {
      name: 'disable-force-detach-on-timeout',
      help: 'Never take a volume from an unhealthy node that says that it uses it.',
      ...{ kind: 'boolean', default: false },
    },
  ],
  create: (parts, flags) =>
    new AttachDetachController(parts, {
      resyncMs: flags.durationMs('attach-detach-reconcile-sync-period'),
      forceAfterMs: flags.boolean('disable-force-detach-on-timeout') ? null : forceAfterMs,
    }),
};
