import type { ControllerDefinition } from './controller.js';

/** Every controller of the controller manager, in the order in which they start. One row a controller. */
export const controllerTable: readonly ControllerDefinition[] = [];
