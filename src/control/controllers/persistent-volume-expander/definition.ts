import type { ControllerDefinition } from '../controller.js';
import { VolumeExpander } from './controller.js';

/** `persistentvolume-expander-controller`. */
export const volumeExpanderDefinition: ControllerDefinition = {
  name: 'persistentvolume-expander-controller',
  alias: 'persistentvolume-expander',
  eventSource: 'volume_expand',
  isOnByDefault: true,
  flags: [],
  create: (parts) => new VolumeExpander(parts),
};
