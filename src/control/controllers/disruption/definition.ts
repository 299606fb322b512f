import type { ControllerDefinition } from '../controller.js';
import { DisruptionController, disruptionControllerName } from './controller.js';

/** PodDisruptionBudgets. */
export const disruptionDefinition: ControllerDefinition = {
  name: disruptionControllerName,
  alias: 'disruption',
  eventSource: 'controllermanager',
  isOnByDefault: true,
  flags: [],
  create: (parts) => new DisruptionController(parts),
};
