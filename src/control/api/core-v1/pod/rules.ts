import type { Pod } from '../../gen/core-v1.js';
import { coreKind } from '../core-kind.js';
import { validatePodCreate } from './content.js';
import { setPodDefaults } from './defaults.js';
import {
  podGracePeriodSeconds,
  preparePodCreate,
  preparePodStatusUpdate,
  preparePodUpdate,
} from './prepare.js';
import { validatePodStatusUpdate } from './status.js';
import { validateEphemeralContainersUpdate, validatePodResize } from './subresources.js';
import { podTable } from './table.js';
import { validatePodUpdate } from './update.js';
import { podWarnings } from './warnings.js';

/** The rules of pods. */
export const podKind = coreKind<Pod>('Pod', {
  setDefaults: setPodDefaults,
  prepareForCreate: preparePodCreate,
  validateCreate: validatePodCreate,
  prepareForUpdate: preparePodUpdate,
  validateUpdate: (pod, old, { subresource }) => {
    if (subresource === 'ephemeralcontainers') return validateEphemeralContainersUpdate(pod, old);
    return subresource === 'resize' ? validatePodResize(pod, old) : validatePodUpdate(pod, old);
  },
  prepareForStatusUpdate: preparePodStatusUpdate,
  validateStatusUpdate: validatePodStatusUpdate,
  warnings: (pod, old) => (old === undefined ? podWarnings(pod) : []),
  gracePeriodSeconds: podGracePeriodSeconds,
  selectableFields: {
    'spec.nodeName': ({ spec }) => spec?.nodeName ?? '',
    'spec.restartPolicy': ({ spec }) => spec?.restartPolicy ?? '',
    'spec.schedulerName': ({ spec }) => spec?.schedulerName ?? '',
    'spec.serviceAccountName': ({ spec }) => spec?.serviceAccountName ?? '',
    'spec.hostNetwork': ({ spec }) => String(spec?.hostNetwork ?? false),
    'status.phase': ({ status }) => status?.phase ?? '',
    'status.podIP': ({ status }) => status?.podIPs?.[0]?.ip ?? '',
    'status.nominatedNodeName': ({ status }) => status?.nominatedNodeName ?? '',
  },
  table: podTable,
});
