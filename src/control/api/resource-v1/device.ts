import {
  type FieldPath,
  forbiddenField,
  invalidValue,
  required,
  tooLong,
} from '../../machinery/field-path.js';
import { utf8Length } from '../../machinery/quote.js';
import {
  checkDnsLabel,
  checkDnsSubdomain,
  type FieldErrors,
  isUnset,
} from '../core-v1/field-checks.js';
import { checkNodeSelector } from '../core-v1/pod/node-selector.js';
import { sameMeaning } from '../core-v1/pod-spec.js';
import type {
  Counter,
  Device,
  DeviceAttribute,
  DeviceCapacity,
  DeviceCounterConsumption,
} from '../gen/resource-v1.js';
import { checkItems, checkMap, checkSet } from './bounded.js';
import { checkBindingConditions, checkDeviceTaint } from './device-parts.js';
import { checkAttributeName, qualifiedNameMax } from './names.js';
import { checkRequestPolicy } from './request-policy.js';

const attributesAndCapacitiesMax = 32;
const attributeBytesMax = 64;
const taintsMax = 16;
const consumptionsMax = 2;
const countersMax = 32;
const labelMax = 63;

const version =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/;

/** One device of a slice; `old` is what the slice said of it before. */
export function checkDevice(
  device: Device,
  old: Device | undefined,
  { hasOwnNodes }: { readonly hasOwnNodes: boolean },
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkDnsLabel(device.name ?? '', path.child('name'), errors);
  const { attributes, capacity } = device;
  const count = Object.keys(attributes ?? {}).length + Object.keys(capacity ?? {}).length;
  if (count > attributesAndCapacitiesMax) {
    const text = `the total number of attributes and capacities must not exceed ${attributesAndCapacitiesMax}`;
    errors.push(invalidValue(path, count, text));
  }
  const bounds = { max: Number.POSITIVE_INFINITY, shownMax: qualifiedNameMax };
  const eachAttribute = (name: string, attribute: DeviceAttribute, entry: FieldPath): void => {
    checkAttributeName(name, entry, errors);
    checkAttribute(attribute, entry, errors);
  };
  checkMap(attributes, bounds, eachAttribute, path.child('attributes'), errors);
  const eachCapacity = (name: string, amount: DeviceCapacity, entry: FieldPath): void => {
    checkAttributeName(name, entry, errors);
    checkCapacity(amount, device, entry.child('requestPolicy'), errors);
  };
  checkMap(capacity, bounds, eachCapacity, path.child('capacity'), errors);
  if (old === undefined || !sameMeaning(old.taints, device.taints)) {
    const each = (taint: NonNullable<Device['taints']>[number], entry: FieldPath): void => {
      checkDeviceTaint(taint, entry, errors);
    };
    checkItems(device.taints, taintsMax, each, path.child('taints'), errors);
  }
  checkConsumptions(device.consumesCounters, path.child('consumesCounters'), errors);
  if (hasOwnNodes) checkNodes(device, path, errors);
  else if (device.nodeName !== undefined || device.nodeSelector || device.allNodes !== undefined) {
    const text =
      '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
    errors.push(invalidValue(path, null, text));
  }
  const { bindingConditions, bindingFailureConditions } = device;
  checkBindingConditions(bindingConditions, bindingFailureConditions, path, errors);
}

const valueFields = [
  'bool',
  'int',
  'string',
  'version',
  'bools',
  'ints',
  'strings',
  'versions',
] as const;

/** An attribute has one value, or one list of values. */
function checkAttribute(attribute: DeviceAttribute, path: FieldPath, errors: FieldErrors): void {
  const mustFit = (text: string, at: FieldPath): void => {
    if (utf8Length(text) > attributeBytesMax) errors.push(tooLong(at, '', attributeBytesMax));
  };
  if (attribute.string !== undefined) mustFit(attribute.string, path.child('string'));
  attribute.strings?.forEach((text, at) => {
    mustFit(text, path.child('strings').index(at));
  });
  if (attribute.version !== undefined) {
    checkVersion(attribute.version, path.child('version'), errors);
  }
  attribute.versions?.forEach((text, at) => {
    checkVersion(text, path.child('versions').index(at), errors);
  });
  const set = valueFields.filter((name) => attribute[name] !== undefined);
  const text = 'exactly one value must be specified';
  if (set.length === 0) errors.push(invalidValue(path, '', text));
  else if (set.length > 1) errors.push(invalidValue(path, attribute, text));
}

function checkVersion(text: string, path: FieldPath, errors: FieldErrors): void {
  if (!version.test(text)) {
    const detail = 'must be a string compatible with semver.org spec 2.0.0';
    errors.push(invalidValue(path, text, detail));
  }
  if (utf8Length(text) > attributeBytesMax) errors.push(tooLong(path, '', attributeBytesMax));
}

/** Only what several claims can have at once is given out in parts. */
function checkCapacity(
  { value, requestPolicy }: DeviceCapacity,
  { allowMultipleAllocations }: Device,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (requestPolicy === undefined) return;
  if (allowMultipleAllocations) checkRequestPolicy(requestPolicy, value, path, errors);
  else errors.push(forbiddenField(path, 'allowMultipleAllocations must be true'));
}

function checkConsumptions(
  consumptions: readonly DeviceCounterConsumption[] | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const each = {
    check: ({ counterSet, counters }: DeviceCounterConsumption, entry: FieldPath) => {
      checkCounterName(counterSet, entry.child('counterSet'), errors);
      checkCounters(counters, entry.child('counters'), errors);
    },
    keyOf: ({ counterSet = '' }: DeviceCounterConsumption) => counterSet,
  };
  checkSet(consumptions, consumptionsMax, each, path, errors);
}

/** The name of a set of counters. */
export function checkCounterName(
  name: string | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (isUnset(name)) errors.push(required(path, ''));
  else checkDnsLabel(name, path, errors);
}

/** Counters by their names; any amount is good. */
export function checkCounters(
  counters: Readonly<Record<string, Counter>> | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (Object.keys(counters ?? {}).length === 0) {
    errors.push(required(path, ''));
    return;
  }
  const each = (name: string, _counter: Counter, entry: FieldPath): void => {
    checkDnsLabel(name, entry, errors);
  };
  checkMap(counters, { max: countersMax, shownMax: labelMax }, each, path, errors);
}

/** Where a device can be used, when the devices of its slice differ in that. */
function checkNodes(device: Device, path: FieldPath, errors: FieldErrors): void {
  const { nodeName, nodeSelector, allNodes } = device;
  const set: string[] = [];
  if (nodeName === '') {
    errors.push(invalidValue(path.child('nodeName'), nodeName, 'must not be empty'));
  } else if (nodeName !== undefined) {
    set.push('`nodeName`');
    checkDnsSubdomain(nodeName, path.child('nodeName'), errors);
  }
  if (nodeSelector) {
    set.push('`nodeSelector`');
    const selectorPath = path.child('nodeSelector');
    checkNodeSelector(nodeSelector, { allowsInvalidValues: false }, selectorPath, errors);
  }
  if (allNodes) set.push('`allNodes`');
  else if (allNodes !== undefined) {
    const text = 'must be either unset or set to true';
    errors.push(invalidValue(path.child('allNodes'), allNodes, text));
  }
  const text =
    'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
  if (set.length === 0) errors.push(required(path, text));
  else if (set.length > 1) errors.push(invalidValue(path, `{${set.join(', ')}}`, text));
}
