import type { PersistentVolume } from '../../api/gen/core-v1.js';
import { resources } from '../../client/index.js';
import type { Controller, ControllerParts } from '../controller.js';
import { Protection } from './protection.js';

/** A volume stays as long as it is bound. */
export function volumeProtection(parts: ControllerParts): Controller {
  const isBound = ({ status }: PersistentVolume) => status?.phase === 'Bound';
  return new Protection(parts, {
    name: 'persistentvolume-protection-controller',
    queueName: 'pvprotection',
    resource: resources.persistentVolumes,
    finalizer: 'kubernetes.io/pv-protection',
    isUsed: isBound,
    // Its update is refused when the phase has changed since.
    isUsedForSure: async (volume) => isBound(volume),
    informers: [],
  });
}
