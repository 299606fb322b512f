import type { ControllerDefinition } from '../controller.js';
import { EphemeralVolumeController } from './controller.js';

/** `ephemeral-volume-controller`. */
export const ephemeralVolumeDefinition: ControllerDefinition = {
  name: 'ephemeral-volume-controller',
  alias: 'ephemeral-volume',
  eventSource: 'ephemeral_volume',
  isOnByDefault: true,
  flags: [
    {
      name: 'concurrent-ephemeralvolume-syncs',
      help: 'How many pods have the claims of their ephemeral volumes made at once.',
      ...{ kind: 'integer', default: 5 },
    },
  ],
  create: (parts, flags) =>
    new EphemeralVolumeController(parts, flags.integer('concurrent-ephemeralvolume-syncs')),
};
