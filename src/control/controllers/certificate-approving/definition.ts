import type { ControllerDefinition } from '../controller.js';
import { CertificateApprovingController } from './controller.js';

/** `certificatesigningrequest-approving-controller`. */
export const certificateApprovingDefinition: ControllerDefinition = {
  name: 'certificatesigningrequest-approving-controller',
  alias: 'csrapproving',
  isOnByDefault: true,
  flags: [],
  create: (parts) => new CertificateApprovingController(parts),
};
