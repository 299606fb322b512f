import type { FieldError } from '../../machinery/field-errors.js';
import {
  duplicate,
  type FieldPath,
  fieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { validateImmutable } from '../../machinery/immutable.js';
import { checkSupported, type FieldErrors } from '../core-v1/field-checks.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import type { CSIDriver, CSIDriverSpec, TokenRequest } from '../gen/storage-v1.js';
import { storageKind } from './storage-kind.js';

const specPath = fieldPath('spec');
/** The API calls the field so in its refusals. */
const attachPath = specPath.child('attachedRequired');
const groupPolicies = ['File', 'None', 'ReadWriteOnceWithFSType'];
const lifecycleModes = ['Persistent', 'Ephemeral'];
const tokenSecondsMin = 600;
const tokenSecondsMax = 2 ** 32;
const updateSecondsMin = 10;

function setDefaults(driver: CSIDriver): void {
  driver.spec ??= {};
  const { spec } = driver;
  spec.attachRequired ??= true;
  spec.podInfoOnMount ??= false;
  spec.storageCapacity ??= false;
  spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
  if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent'];
  spec.requiresRepublish ??= false;
  spec.seLinuxMount ??= false;
}

function validate({ spec = {} }: CSIDriver): FieldError[] {
  const errors: FieldErrors = [];
  const mustBeSet = (value: boolean | undefined, path: FieldPath): void => {
    if (value === undefined) errors.push(required(path, ''));
  };
  mustBeSet(spec.attachRequired, attachPath);
  mustBeSet(spec.podInfoOnMount, specPath.child('podInfoOnMount'));
  mustBeSet(spec.storageCapacity, specPath.child('storageCapacity'));
  checkSupported(spec.fsGroupPolicy, groupPolicies, specPath.child('fsGroupPolicy'), errors);
  checkTokens(spec.tokenRequests ?? [], specPath.child('tokenRequests'), errors);
  for (const mode of spec.volumeLifecycleModes ?? []) {
    if (lifecycleModes.includes(mode)) continue;
    errors.push(notSupported(specPath.child('volumeLifecycleModes'), mode, lifecycleModes));
  }
  mustBeSet(spec.seLinuxMount, specPath.child('seLinuxMount'));
  const seconds = spec.nodeAllocatableUpdatePeriodSeconds;
  if (seconds !== undefined && seconds < updateSecondsMin) {
    const path = specPath.child('nodeAllocatableUpdatePeriodSeconds');
    const text = `must be greater than or equal to ${updateSecondsMin} seconds`;
    errors.push(invalidValue(path, seconds, text));
  }
  return errors;
}

function checkTokens(
  requests: readonly TokenRequest[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  const audiences = new Set<string>();
  requests.forEach(({ audience = '', expirationSeconds: seconds }, at) => {
    if (audiences.has(audience)) {
      errors.push(duplicate(path.index(at).child('audience'), audience));
      return;
    }
    audiences.add(audience);
    if (seconds === undefined) return;
    const secondsPath = path.index(at).child('expirationSeconds');
    if (seconds < tokenSecondsMin) {
      const text = 'may not specify a duration less than 10 minutes';
      errors.push(invalidValue(secondsPath, seconds, text));
    }
    if (seconds > tokenSecondsMax) {
      const text = 'may not specify a duration larger than 2^32 seconds';
      errors.push(invalidValue(secondsPath, seconds, text));
    }
  });
}

function validateUpdate(driver: CSIDriver, old: CSIDriver): FieldError[] {
  const { spec = {} } = driver;
  const { spec: before = {} } = old;
  const modesPath = specPath.child('volumeLifecycleModes');
  return [
    ...validate(driver),
    ...validateImmutable(spec.attachRequired, before.attachRequired, attachPath),
    ...validateImmutable(spec.volumeLifecycleModes, before.volumeLifecycleModes, modesPath),
  ];
}

function listCell(values: readonly string[], whenEmpty: string): string {
  return values.length === 0 ? whenEmpty : values.join(',');
}

function cellsOf(spec: CSIDriverSpec): (string | boolean)[] {
  return [
    spec.attachRequired ?? true,
    spec.podInfoOnMount ?? false,
    spec.storageCapacity ?? false,
    listCell(
      (spec.tokenRequests ?? []).map(({ audience = '' }) => audience),
      '<unset>',
    ),
    spec.requiresRepublish ?? false,
    listCell(spec.volumeLifecycleModes ?? [], '<none>'),
  ];
}

/** The rules of CSIDrivers. */
export const csiDriverKind = storageKind<CSIDriver>('CSIDriver', {
  countsGeneration: true,
  setDefaults,
  validateCreate: validate,
  validateUpdate,
  table: {
    columns: [
      nameColumn,
      column('AttachRequired', 'Whether volumes are attached to nodes.', { type: 'boolean' }),
      column('PodInfoOnMount', 'Whether the driver is told of the pod.', { type: 'boolean' }),
      column('StorageCapacity', 'Whether the driver says how much it has.', { type: 'boolean' }),
      column('TokenRequests', 'For whom the driver gets tokens of the pod.'),
      column('RequiresRepublish', 'Whether volumes are published again and again.', {
        type: 'boolean',
      }),
      column('Modes', 'How long volumes of the driver live.'),
      ageColumn,
    ],
    cells: ({ metadata, spec }, nowMs) => [
      metadata.name ?? '',
      ...cellsOf(spec ?? {}),
      ageOf(metadata.creationTimestamp, nowMs),
    ],
  },
});
