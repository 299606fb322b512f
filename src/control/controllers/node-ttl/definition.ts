import type { ControllerDefinition } from '../controller.js';
import { NodeTtlController } from './controller.js';

/** `ttl-controller`. */
export const nodeTtlDefinition: ControllerDefinition = {
  name: 'ttl-controller',
  alias: 'ttl',
  isOnByDefault: true,
  flags: [],
  create: (parts) => new NodeTtlController(parts),
};
