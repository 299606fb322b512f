import type { ControllerDefinition } from '../controller.js';
import { volumeBinderDefinition } from '../persistent-volume-binder/definition.js';
import { HostPathCleaner } from './controller.js';

const provisions = 'enable-hostpath-provisioner';

/** `host-path-volume-cleaner-controller`, which is Flotilla's own: it works where the binder makes host-path volumes. */
export const hostPathCleanerDefinition: ControllerDefinition = {
  name: 'host-path-volume-cleaner-controller',
  isOnByDefault: true,
  flags: volumeBinderDefinition.flags.filter(({ name }) => name === provisions),
  create: (parts, flags) => (flags.boolean(provisions) ? new HostPathCleaner(parts) : null),
};
