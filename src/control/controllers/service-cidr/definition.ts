import type { ControllerDefinition } from '../controller.js';
import { ServiceCidrController } from './controller.js';

/** `service-cidr-controller`. */
export const serviceCidrDefinition: ControllerDefinition = {
  name: 'service-cidr-controller',
  isOnByDefault: true,
  flags: [],
  create: (parts) => new ServiceCidrController(parts),
};
