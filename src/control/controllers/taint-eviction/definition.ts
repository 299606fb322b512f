import type { ControllerDefinition } from '../controller.js';
import { TaintEvictionController } from './controller.js';

const workers = 8;

/** `taint-eviction-controller`. */
export const taintEvictionDefinition: ControllerDefinition = {
  name: 'taint-eviction-controller',
  isOnByDefault: true,
  flags: [],
  create: (parts) => new TaintEvictionController(parts, workers),
};
