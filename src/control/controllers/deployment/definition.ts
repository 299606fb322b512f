import type { ControllerDefinition } from '../controller.js';
import { DeploymentController } from './controller.js';

const workersFlag = 'concurrent-deployment-syncs';

/** Brings Deployments from one template of their pods to the next. */
export const deploymentDefinition: ControllerDefinition = {
  name: 'deployment-controller',
  alias: 'deployment',
  isOnByDefault: true,
  flags: [
    {
      name: workersFlag,
      help: 'How many Deployments are worked on at once.',
      kind: 'integer',
      default: 5,
    },
  ],
  create: (parts, flags) => new DeploymentController(parts, flags.integer(workersFlag)),
};
