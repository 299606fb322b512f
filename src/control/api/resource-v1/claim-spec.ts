import {
  type FieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import {
  checkDnsLabel,
  checkDnsSubdomain,
  type FieldErrors,
  isUnset,
} from '../core-v1/field-checks.js';
import type {
  DeviceConstraint,
  DeviceRequest,
  ExactDeviceRequest,
  ResourceClaimSpec,
} from '../gen/resource-v1.js';
import { checkItems, checkSet } from './bounded.js';
import {
  checkConfiguration,
  checkDeviceToleration,
  checkSelectors,
  type DeviceExpressionChecker,
} from './device-parts.js';
import { checkFullAttributeName } from './names.js';
import { RequestNames } from './request-names.js';

/** How many requests, constraints or configurations a claim has at most. */
export const claimItemsMax = 32;
const alternativesMax = 8;
const allocationModes = ['All', 'ExactCount'];

/** Fills in what a claim asks for. */
export function setClaimDefaults(spec: ResourceClaimSpec | undefined): void {
  for (const { exactly, firstAvailable } of spec?.devices?.requests ?? []) {
    for (const request of [...(exactly ? [exactly] : []), ...(firstAvailable ?? [])]) {
      request.allocationMode ??= 'ExactCount';
      if (request.allocationMode === 'ExactCount') request.count ||= 1;
      for (const toleration of request.tolerations ?? []) toleration.operator ||= 'Equal';
    }
  }
}

/** What a claim asks for. */
export function checkClaimSpec(
  spec: ResourceClaimSpec,
  check: DeviceExpressionChecker | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const claim = spec.devices ?? {};
  const names = new RequestNames(claim);
  const devicesPath = path.child('devices');
  const requests = {
    check: (request: DeviceRequest, entry: FieldPath) => {
      checkRequest(request, check, entry, errors);
    },
    keyOf: ({ name = '' }: DeviceRequest) => name,
  };
  checkSet(claim.requests, claimItemsMax, requests, devicesPath.child('requests'), errors);
  checkItems(
    claim.constraints,
    claimItemsMax,
    (constraint, entry) => {
      checkConstraint(constraint, names, entry, errors);
    },
    devicesPath.child('constraints'),
    errors,
  );
  checkItems(
    claim.config,
    claimItemsMax,
    (config, entry) => {
      checkRequestNames(config.requests, names, entry.child('requests'), errors);
      checkConfiguration(config, entry, errors);
    },
    devicesPath.child('config'),
    errors,
  );
}

/** Names of requests, each once. */
export function checkRequestNames(
  given: readonly string[] | undefined,
  names: RequestNames,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const each = {
    check: (name: string, entry: FieldPath) => {
      names.check(name, entry, errors);
    },
    keyOf: (name: string) => name,
  };
  checkSet(given, claimItemsMax, each, path, errors);
}

function checkRequest(
  { name = '', exactly, firstAvailable = [] }: DeviceRequest,
  check: DeviceExpressionChecker | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkDnsLabel(name, path.child('name'), errors);
  const text = 'exactly one of `exactly` or `firstAvailable` is required';
  if (exactly && firstAvailable.length > 0) {
    errors.push(invalidValue(path, null, `${text}, but multiple fields are set`));
  } else if (exactly) {
    checkExactRequest(exactly, check, path.child('exactly'), errors);
  } else if (firstAvailable.length > 0) {
    const alternatives = {
      check: (request: (typeof firstAvailable)[number], entry: FieldPath) => {
        checkDnsLabel(request.name ?? '', entry.child('name'), errors);
        checkExactRequest(request, check, entry, errors);
      },
      keyOf: ({ name: sub = '' }: (typeof firstAvailable)[number]) => sub,
    };
    const listPath = path.child('firstAvailable');
    checkSet(firstAvailable, alternativesMax, alternatives, listPath, errors);
  } else {
    errors.push(required(path, text));
  }
}

function checkExactRequest(
  request: ExactDeviceRequest,
  check: DeviceExpressionChecker | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { deviceClassName, allocationMode: mode = '', count = 0 } = request;
  const classPath = path.child('deviceClassName');
  if (isUnset(deviceClassName)) errors.push(required(classPath, ''));
  else checkDnsSubdomain(deviceClassName, classPath, errors);
  checkSelectors(request.selectors, check, path.child('selectors'), errors);
  const countPath = path.child('count');
  if (mode === 'All') {
    if (count !== 0) {
      const text = "must not be specified when allocationMode is 'All'";
      errors.push(invalidValue(countPath, count, text));
    }
  } else if (mode === 'ExactCount') {
    if (count <= 0) errors.push(invalidValue(countPath, count, 'must be greater than zero'));
  } else {
    errors.push(notSupported(path.child('allocationMode'), mode, allocationModes));
  }
  request.tolerations?.forEach((toleration, at) => {
    checkDeviceToleration(toleration, path.child('tolerations').index(at), errors);
  });
}

/** What the devices of several requests must have in common, or must not. */
function checkConstraint(
  { requests, matchAttribute, distinctAttribute }: DeviceConstraint,
  names: RequestNames,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkRequestNames(requests, names, path.child('requests'), errors);
  if (matchAttribute !== undefined) {
    checkFullAttributeName(matchAttribute, path.child('matchAttribute'), errors);
  } else if (distinctAttribute !== undefined) {
    checkFullAttributeName(distinctAttribute, path.child('distinctAttribute'), errors);
  } else {
    const text =
      'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
    errors.push(required(path, text));
  }
}
