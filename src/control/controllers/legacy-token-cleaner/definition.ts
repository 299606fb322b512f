import type { ControllerDefinition } from '../controller.js';
import { LegacyTokenCleaner, legacyTokenCleanerName } from './controller.js';

/** Tokens in secrets that nobody uses. */
export const legacyTokenCleanerDefinition: ControllerDefinition = {
  name: legacyTokenCleanerName,
  alias: 'legacy-service-account-token-cleaner',
  isOnByDefault: true,
  flags: [
    {
      name: 'legacy-service-account-token-clean-up-period',
      kind: 'duration',
      default: 365 * 24 * 3_600_000,
      help: 'Tokens in secrets that were made by themselves and not used for so long are switched off, and deleted after as long again.',
    },
  ],
  create: (parts, flags) =>
    new LegacyTokenCleaner(parts, {
      periodMs: flags.durationMs('legacy-service-account-token-clean-up-period'),
    }),
};
