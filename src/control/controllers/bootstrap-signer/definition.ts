import type { ControllerDefinition } from '../controller.js';
import { BootstrapSigner } from './controller.js';

/** `bootstrap-signer-controller`: for clusters that machines join by tokens. */
export const bootstrapSignerDefinition: ControllerDefinition = {
  name: 'bootstrap-signer-controller',
  alias: 'bootstrapsigner',
  isOnByDefault: false,
  flags: [],
  create: (parts) => new BootstrapSigner(parts),
};
