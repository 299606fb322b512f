import type { FieldError } from '../../machinery/field-errors.js';
import {
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
  tooLong,
  tooMany,
} from '../../machinery/field-path.js';
import { validateImmutable } from '../../machinery/immutable.js';
import { parseCidr } from '../../machinery/ip-address.js';
import { utf8Length } from '../../machinery/quote.js';
import { checkConditions } from '../conditions.js';
import { checkDnsLabel, type FieldErrors, isUnset } from '../core-v1/field-checks.js';
import { checkNodeSelector } from '../core-v1/pod/node-selector.js';
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceRequestAllocationResult,
  NetworkDeviceData,
  ResourceClaim,
  ResourceClaimConsumerReference,
} from '../gen/resource-v1.js';
import { checkItems, checkSet } from './bounded.js';
import { checkRequestNames, claimItemsMax } from './claim-spec.js';
import { checkBindingConditions, checkConfiguration, checkRawObject } from './device-parts.js';
import { checkDriverName, checkPoolName, checkUid } from './names.js';
import { RequestNames } from './request-names.js';

const path = fieldPath('status');
const consumersMax = 256;
const conditionsMax = 8;
const interfaceNameMax = 256;
const hardwareAddressMax = 128;
const addressesMax = 16;
const sources = ['FromClaim', 'FromClass'];

/** What is wrong with who has a claim, and with what. */
export function validateClaimStatus(claim: ResourceClaim, old: ResourceClaim): FieldError[] {
  const errors: FieldErrors = [];
  const { allocation, reservedFor, devices } = claim.status ?? {};
  const before = old.status ?? {};
  const reservedPath = path.child('reservedFor');
  const consumers = {
    check: (consumer: ResourceClaimConsumerReference, entry: FieldPath) => {
      for (const name of ['resource', 'name', 'uid'] as const) {
        if (isUnset(consumer[name])) errors.push(required(entry.child(name), ''));
      }
    },
    keyOf: ({ uid = '' }: ResourceClaimConsumerReference) => uid,
  };
  checkSet(reservedFor, consumersMax, consumers, reservedPath, errors);
  const allocated = new Set((allocation?.devices?.results ?? []).map(deviceKey));
  const statuses = {
    check: (device: AllocatedDeviceStatus, entry: FieldPath) => {
      checkDeviceStatus(device, allocated, entry, errors);
    },
    keyOf: deviceKey,
  };
  checkSet(devices, Number.POSITIVE_INFINITY, statuses, path.child('devices'), errors);
  if (reservedFor?.length && !allocation) {
    const text = 'may not be specified when `allocated` is not set';
    errors.push(forbiddenField(reservedPath, text));
  } else if (reservedFor?.length && claim.metadata.deletionTimestamp !== undefined) {
    const kept = new Set((before.reservedFor ?? []).map((one) => JSON.stringify(one)));
    if (reservedFor.some((one) => !kept.has(JSON.stringify(one)))) {
      const text =
        'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set';
      errors.push(forbiddenField(reservedPath, text));
    }
  }
  const allocationPath = path.child('allocation');
  if (allocation && before.allocation) {
    errors.push(...validateImmutable(allocation, before.allocation, allocationPath));
  } else if (allocation) {
    checkAllocation(allocation, new RequestNames(claim.spec?.devices), allocationPath, errors);
  }
  return errors;
}

/** A device, or one share of it, within all drivers and pools. */
function deviceKey({
  driver = '',
  pool = '',
  device = '',
  shareID,
}: {
  readonly driver?: string;
  readonly pool?: string;
  readonly device?: string;
  readonly shareID?: string;
}): string {
  const whole = `${driver}/${pool}/${device}`;
  return shareID === undefined ? whole : `${whole}/${shareID}`;
}

function checkAllocation(
  { devices = {}, nodeSelector }: AllocationResult,
  names: RequestNames,
  allocationPath: FieldPath,
  errors: FieldErrors,
): void {
  const devicesPath = allocationPath.child('devices');
  checkItems(
    devices.results,
    claimItemsMax,
    (result, entry) => {
      checkResult(result, names, entry, errors);
    },
    devicesPath.child('results'),
    errors,
  );
  checkItems(
    devices.config,
    2 * claimItemsMax,
    (config, entry) => {
      const sourcePath = entry.child('source');
      const { source } = config;
      if (isUnset(source)) errors.push(required(sourcePath, ''));
      else if (!sources.includes(source)) errors.push(notSupported(sourcePath, source, sources));
      checkRequestNames(config.requests, names, entry.child('requests'), errors);
      checkConfiguration(config, entry, errors);
    },
    devicesPath.child('config'),
    errors,
  );
  if (!nodeSelector) return;
  const selectorPath = allocationPath.child('nodeSelector');
  checkNodeSelector(nodeSelector, { allowsInvalidValues: false }, selectorPath, errors);
}

function checkResult(
  result: DeviceRequestAllocationResult,
  names: RequestNames,
  entry: FieldPath,
  errors: FieldErrors,
): void {
  names.check(result.request ?? '', entry.child('request'), errors);
  checkDevice(result, entry, errors);
  const { bindingConditions, bindingFailureConditions } = result;
  checkBindingConditions(bindingConditions, bindingFailureConditions, entry, errors);
  if (result.shareID !== undefined) checkUid(result.shareID, entry.child('shareID'), errors);
}

function checkDevice(
  {
    driver,
    pool = '',
    device = '',
  }: { readonly driver?: string; readonly pool?: string; readonly device?: string },
  entry: FieldPath,
  errors: FieldErrors,
): void {
  checkDriverName(driver, entry.child('driver'), errors);
  checkPoolName(pool, entry.child('pool'), errors);
  checkDnsLabel(device, entry.child('device'), errors);
}

function checkDeviceStatus(
  device: AllocatedDeviceStatus,
  allocated: ReadonlySet<string>,
  entry: FieldPath,
  errors: FieldErrors,
): void {
  checkDevice(device, entry, errors);
  if (device.shareID !== undefined) checkUid(device.shareID, entry.child('shareID'), errors);
  const key = deviceKey(device);
  if (!allocated.has(key)) {
    errors.push(invalidValue(entry, key, 'must be an allocated device in the claim'));
  }
  const conditionsPath = entry.child('conditions');
  const count = device.conditions?.length ?? 0;
  if (count > conditionsMax) errors.push(tooMany(conditionsPath, count, conditionsMax));
  checkConditions(device.conditions, conditionsPath, errors);
  if (device.data !== undefined && device.data !== null) {
    checkRawObject(device.data, entry.child('data'), errors);
  }
  if (device.networkData) checkNetwork(device.networkData, entry.child('networkData'), errors);
}

function checkNetwork(
  { interfaceName = '', hardwareAddress = '', ips }: NetworkDeviceData,
  entry: FieldPath,
  errors: FieldErrors,
): void {
  if (utf8Length(interfaceName) > interfaceNameMax) {
    errors.push(tooLong(entry.child('interfaceName'), '', interfaceNameMax));
  }
  if (utf8Length(hardwareAddress) > hardwareAddressMax) {
    errors.push(tooLong(entry.child('hardwareAddress'), '', hardwareAddressMax));
  }
  const addresses = {
    check: (address: string, at: FieldPath) => {
      if (parseCidr(address) !== null) return;
      const text = 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)';
      errors.push(invalidValue(at, address, text));
    },
    keyOf: (address: string) => address,
  };
  checkSet(ips, addressesMax, addresses, entry.child('ips'), errors);
}
