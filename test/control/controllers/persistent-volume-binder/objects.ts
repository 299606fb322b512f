import type {
  PersistentVolume,
  PersistentVolumeClaim,
} from '../../../../src/control/api/gen/core-v1.js';
import type { BinderAction } from '../../../../src/control/controllers/persistent-volume-binder/actions.js';

/** A claim for 2Gi of the class `slow`, with what is given over it. */
export function claimOf(
  spec: PersistentVolumeClaim['spec'] = {},
  rest: {
    readonly annotations?: Record<string, string>;
    readonly status?: PersistentVolumeClaim['status'];
  } = {},
): PersistentVolumeClaim {
  const { annotations, status = { phase: 'Pending' } } = rest;
  return {
    metadata: {
      ...{ name: 'data', namespace: 'ns', uid: 'c-1' },
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '2Gi' } },
      storageClassName: 'slow',
      ...spec,
    },
    status,
  };
}

/** A volume of 2Gi of the class `slow`, with what is given over it. */
export function volumeOf(
  name: string,
  spec: PersistentVolume['spec'] = {},
  rest: {
    readonly annotations?: Record<string, string>;
    readonly labels?: Record<string, string>;
    readonly phase?: string;
    readonly deletionTimestamp?: string;
  } = {},
): PersistentVolume {
  const { phase = 'Available', ...metadata } = rest;
  return {
    metadata: { name, uid: `v-${name}`, ...metadata },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '2Gi' },
      storageClassName: 'slow',
      ...spec,
    },
    status: { phase },
  };
}

/** What bound claims and volumes carry. */
export const bound = {
  'pv.kubernetes.io/bind-completed': 'yes',
  'pv.kubernetes.io/bound-by-controller': 'yes',
};

/** An action in a line: what is written and what it is then, or what is told. */
export function lineOf(action: BinderAction): string {
  switch (action.kind) {
    case 'event':
      return `${action.type} ${action.reason} ${action.about.metadata.name}: ${action.message}`;
    case 'look-at-claim':
      return `look at ${action.key}`;
    case 'write-claim': {
      const { spec, metadata } = action.claim;
      const marks = Object.keys(metadata.annotations ?? {}).map((key) => key.split('/')[1]);
      return `claim -> ${spec?.volumeName ?? 'none'} [${marks.sort().join(' ')}] ${spec?.storageClassName}`;
    }
    case 'write-claim-status': {
      const { phase, capacity } = action.claim.status ?? {};
      return `claim is ${phase} ${capacity?.storage ?? ''}`.trim();
    }
    case 'write-volume': {
      const { metadata, spec } = action.volume;
      const ref = spec?.claimRef;
      const marks = Object.keys(metadata.annotations ?? {}).map((key) => key.split('/')[1]);
      const to = ref === undefined ? 'none' : `${ref.namespace}/${ref.name}/${ref.uid ?? ''}`;
      return `volume ${metadata.name} -> ${to} [${marks.sort().join(' ')}]`;
    }
    case 'write-volume-status': {
      const { metadata, status } = action.volume;
      const message = status?.message === undefined ? '' : `: ${status.message}`;
      return `volume ${metadata.name} is ${status?.phase}${message}`;
    }
    case 'create-volume':
    case 'delete-volume':
      return `${action.kind} ${action.volume.metadata.name}`;
  }
}
