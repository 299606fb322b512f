import type { FieldError } from '../../machinery/field-errors.js';
import { type FieldPath, fieldPath, invalidValue, required } from '../../machinery/field-path.js';
import { validateImmutable } from '../../machinery/immutable.js';
import { formatTime } from '../../machinery/time.js';
import { checkDnsSubdomain, type FieldErrors } from '../core-v1/field-checks.js';
import { checkNodeSelector } from '../core-v1/pod/node-selector.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import type {
  CounterSet,
  Device,
  ResourcePool,
  ResourceSlice,
  ResourceSliceSpec,
} from '../gen/resource-v1.js';
import { checkSet } from './bounded.js';
import { checkCounterName, checkCounters, checkDevice } from './device.js';
import { checkDriverName, checkPoolName } from './names.js';
import { resourceKind } from './resource-kind.js';

const specPath = fieldPath('spec');
const devicesMax = 128;
/** The number of devices when they have taints, or share counters. */
const advancedDevicesMax = 64;
const counterSetsMax = 8;

function validate({ spec = {} }: ResourceSlice, old: ResourceSlice | undefined): FieldError[] {
  const errors: FieldErrors = [];
  checkDriverName(spec.driver, specPath.child('driver'), errors);
  checkPool(spec.pool ?? {}, specPath.child('pool'), errors);
  if (old !== undefined) errors.push(...validateIdentity(spec, old.spec ?? {}));
  checkNodes(spec, errors);
  if (spec.sharedCounters && spec.devices) {
    const text = 'only one of `sharedCounters` or `devices` is allowed';
    errors.push(invalidValue(specPath, '', text));
  }
  checkDevices(spec, old?.spec, errors);
  const sets = {
    check: ({ name, counters }: CounterSet, path: FieldPath) => {
      checkCounterName(name, path.child('name'), errors);
      checkCounters(counters, path.child('counters'), errors);
    },
    keyOf: ({ name = '' }: CounterSet) => name,
  };
  const path = specPath.child('sharedCounters');
  checkSet(spec.sharedCounters, counterSetsMax, sets, path, errors);
  return errors;
}

function checkPool(
  { name = '', resourceSliceCount = 0, generation = 0 }: ResourcePool,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkPoolName(name, path.child('name'), errors);
  if (resourceSliceCount <= 0) {
    const text = 'must be greater than zero';
    errors.push(invalidValue(path.child('resourceSliceCount'), resourceSliceCount, text));
  }
  if (generation >= 0) return;
  const text = 'must be greater than or equal to zero';
  errors.push(invalidValue(path.child('generation'), generation, text));
}

/** Whose devices a slice lists stays as it is. */
function validateIdentity(spec: ResourceSliceSpec, old: ResourceSliceSpec): FieldError[] {
  return [
    ...validateImmutable(
      spec.pool?.name ?? '',
      old.pool?.name ?? '',
      specPath.child('pool', 'name'),
    ),
    ...validateImmutable(spec.driver ?? '', old.driver ?? '', specPath.child('driver')),
    ...validateImmutable(spec.nodeName ?? null, old.nodeName ?? null, specPath.child('nodeName')),
  ];
}

/** From which nodes the devices can be used: it is said in one way. */
function checkNodes(spec: ResourceSliceSpec, errors: FieldErrors): void {
  const set: string[] = [];
  const { nodeName, nodeSelector } = spec;
  if (nodeName !== undefined) {
    const path = specPath.child('nodeName');
    if (nodeName === '') {
      const text = 'must be either unset or set to a non-empty string';
      errors.push(invalidValue(path, nodeName, text));
    } else {
      set.push('`nodeName`');
      checkDnsSubdomain(nodeName, path, errors);
    }
  }
  if (nodeSelector) {
    set.push('`nodeSelector`');
    const path = specPath.child('nodeSelector');
    checkNodeSelector(nodeSelector, { allowsInvalidValues: false }, path, errors);
    const terms = nodeSelector.nodeSelectorTerms ?? [];
    if (terms.length !== 1) {
      const text = 'must have exactly one node selector term';
      errors.push(invalidValue(path.child('nodeSelectorTerms'), terms, text));
    }
  }
  for (const name of ['allNodes', 'perDeviceNodeSelection'] as const) {
    if (spec[name]) set.push(`\`${name}\``);
    else if (spec[name] !== undefined) {
      const text = 'must be either unset or set to true';
      errors.push(invalidValue(specPath.child(name), spec[name], text));
    }
  }
  const text =
    'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
  if (set.length === 0) errors.push(required(specPath, text));
  else if (set.length > 1) {
    const shown = `{${set.join(', ')}}`;
    errors.push(invalidValue(specPath, shown, `${text}, but multiple fields are set`));
  }
}

function checkDevices(
  { devices, perDeviceNodeSelection }: ResourceSliceSpec,
  old: ResourceSliceSpec | undefined,
  errors: FieldErrors,
): void {
  const isAdvanced = devices?.some(
    ({ taints, consumesCounters }) => taints?.length || consumesCounters?.length,
  );
  const options = { hasOwnNodes: perDeviceNodeSelection === true };
  const each = {
    check: (device: Device, path: FieldPath) => {
      const before = old?.devices?.find(({ name }) => name === device.name);
      checkDevice(device, before, options, path, errors);
    },
    keyOf: ({ name = '' }: Device) => name,
  };
  const max = isAdvanced ? advancedDevicesMax : devicesMax;
  checkSet(devices, max, each, specPath.child('devices'), errors);
}

/** A taint counts from when it was written. */
function stampTaints({ spec }: ResourceSlice, nowMs: number): void {
  for (const { taints } of spec?.devices ?? []) {
    for (const taint of taints ?? []) taint.timeAdded ??= formatTime(nowMs);
  }
}

/** The rules of ResourceSlices. */
export const resourceSliceKind = resourceKind<ResourceSlice>('ResourceSlice', {
  countsGeneration: true,
  prepareForCreate: (slice, { nowMs }) => {
    stampTaints(slice, nowMs);
  },
  validateCreate: (slice) => validate(slice, undefined),
  prepareForUpdate: (slice, _old, { nowMs }) => {
    stampTaints(slice, nowMs);
  },
  validateUpdate: validate,
  selectableFields: {
    'spec.nodeName': ({ spec }) => spec?.nodeName ?? '',
    'spec.driver': ({ spec }) => spec?.driver ?? '',
  },
  table: {
    columns: [
      nameColumn,
      column('Node', 'The node that has the devices.'),
      column('Driver', 'The driver of the devices.'),
      column('Pool', 'The pool that the devices belong to.'),
      ageColumn,
    ],
    cells: ({ metadata, spec }, nowMs) => [
      metadata.name ?? '',
      spec?.nodeName ?? '<unset>',
      spec?.driver ?? '',
      spec?.pool?.name ?? '',
      ageOf(metadata.creationTimestamp, nowMs),
    ],
  },
});
