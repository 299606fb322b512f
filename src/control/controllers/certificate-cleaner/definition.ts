import type { ControllerDefinition } from '../controller.js';
import { CertificateCleaner } from './controller.js';

/** `certificatesigningrequest-cleaner-controller`. */
export const certificateCleanerDefinition: ControllerDefinition = {
  name: 'certificatesigningrequest-cleaner-controller',
  alias: 'csrcleaner',
  isOnByDefault: true,
  flags: [],
  create: (parts) => new CertificateCleaner(parts),
};
