import type { ControllerDefinition } from '../controller.js';
import { attributesClassProtection } from './attributes-class-protection.js';
import { claimProtection } from './claim-protection.js';
import { volumeProtection } from './volume-protection.js';

/** `persistentvolumeclaim-protection-controller`. */
export const claimProtectionDefinition: ControllerDefinition = {
  name: 'persistentvolumeclaim-protection-controller',
  alias: 'pvc-protection',
  isOnByDefault: true,
  flags: [],
  create: (parts) => claimProtection(parts),
};

/** `persistentvolume-protection-controller`. */
export const volumeProtectionDefinition: ControllerDefinition = {
  name: 'persistentvolume-protection-controller',
  alias: 'pv-protection',
  isOnByDefault: true,
  flags: [],
  create: (parts) => volumeProtection(parts),
};

/** `volumeattributesclass-protection-controller`. */
export const attributesClassProtectionDefinition: ControllerDefinition = {
  name: 'volumeattributesclass-protection-controller',
  isOnByDefault: true,
  flags: [],
  create: (parts) => attributesClassProtection(parts),
};
