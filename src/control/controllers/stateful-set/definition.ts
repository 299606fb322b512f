import type { ControllerDefinition } from '../controller.js';
import { StatefulSetController } from './controller.js';

const workersFlag = 'concurrent-statefulset-syncs';

/** Keeps pods that have names, an order and claims of their own. */
export const statefulSetDefinition: ControllerDefinition = {
  name: 'statefulset-controller',
  alias: 'statefulset',
  isOnByDefault: true,
  flags: [
    {
      name: workersFlag,
      help: 'How many StatefulSets are worked on at once.',
      kind: 'integer',
      default: 5,
    },
  ],
  create: (parts, flags) => new StatefulSetController(parts, flags.integer(workersFlag)),
};
