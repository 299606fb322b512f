import type { ControllerDefinition } from '../controller.js';
import { TokenCleaner } from './controller.js';

/** `token-cleaner-controller`: for clusters that machines join by tokens. */
export const tokenCleanerDefinition: ControllerDefinition = {
  name: 'token-cleaner-controller',
  alias: 'tokencleaner',
  isOnByDefault: false,
  flags: [],
  create: (parts) => new TokenCleaner(parts),
};
