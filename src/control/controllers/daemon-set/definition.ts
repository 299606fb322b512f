import type { ControllerDefinition } from '../controller.js';
import { DaemonSetController } from './controller.js';

const workersFlag = 'concurrent-daemonset-syncs';

/** Keeps a pod on every node that a set wants one on. */
export const daemonSetDefinition: ControllerDefinition = {
  name: 'daemonset-controller',
  alias: 'daemonset',
  isOnByDefault: true,
  flags: [
    {
      name: workersFlag,
      help: 'How many DaemonSets are worked on at once.',
      kind: 'integer',
      default: 2,
    },
  ],
  create: (parts, flags) => new DaemonSetController(parts, flags.integer(workersFlag)),
};
