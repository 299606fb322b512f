import type { ControllerDefinition } from '../controller.js';
import { VolumeBinder } from './controller.js';

/** `persistentvolume-binder-controller`. */
export const volumeBinderDefinition: ControllerDefinition = {
  name: 'persistentvolume-binder-controller',
  alias: 'persistentvolume-binder',
  eventSource: 'persistentvolume-controller',
  isOnByDefault: true,
  flags: [
    {
      name: 'pvclaimbinder-sync-period',
      help: 'How often claims that wait for a volume are looked at again.',
      ...{ kind: 'duration', default: 15_000, min: 1 },
    },
    {
      name: 'enable-dynamic-provisioning',
      help: 'Have volumes made for claims with a storage class.',
      ...{ kind: 'boolean', default: true },
    },
    {
      name: 'enable-hostpath-provisioner',
      help: 'Make host-path volumes for storage classes of the provisioner flotilla.dev/host-path. For tests and single machines.',
      ...{ kind: 'boolean', default: false },
    },
  ],
  create: (parts, flags) =>
    new VolumeBinder(parts, {
      resyncMs: flags.durationMs('pvclaimbinder-sync-period'),
      isDynamic: flags.boolean('enable-dynamic-provisioning'),
      hasHostPath: flags.boolean('enable-hostpath-provisioner'),
    }),
};
