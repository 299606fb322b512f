import type { FieldError } from '../../machinery/field-errors.js';
import {
  duplicate,
  type FieldPath,
  forbiddenField,
  invalidValue,
  notFoundValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { qualifiedNameProblems } from '../../machinery/names.js';
import type { Quantity } from '../../machinery/quantity.js';
import type { ResourceClaim, ResourceRequirements } from '../gen/core-v1.js';
import { amountsOf, isFractional, quantityOf, type ResourceList } from './amounts.js';
import { addProblems, checkDnsLabel, type FieldErrors, isUnset } from './field-checks.js';
import {
  isExtendedName,
  isHugePageName,
  isIntegerName,
  isNativeName,
  isOvercommitAllowed,
  isPodLevelName,
  isStandardContainerName,
  isStandardName,
  isStandardQuotaName,
  isWholeHugePages,
} from './resource-names.js';

/** Refuses the name of a resource where it cannot stand. */
export type ResourceNameCheck = (name: string, path: FieldPath, errors: FieldErrors) => void;

/** A resource that Kubernetes knows, or any that is fully qualified. Returns whether it is one. */
export function checkResourceName(name: string, path: FieldPath, errors: FieldErrors): boolean {
  const problems = qualifiedNameProblems(name);
  addProblems(problems, path, name, errors);
  if (problems.length > 0) return false;
  if (name.includes('/') || isStandardName(name)) return true;
  errors.push(invalidValue(path, name, 'must be a standard resource type or fully qualified'));
  return false;
}

/** A resource that a container can ask for. */
export const checkContainerResourceName: ResourceNameCheck = (name, path, errors) => {
  checkResourceName(name, path, errors);
  if (!name.includes('/')) {
    if (isStandardContainerName(name)) return;
    errors.push(invalidValue(path, name, 'must be a standard resource for containers'));
  } else if (!isNativeName(name) && !isExtendedName(name)) {
    errors.push(invalidValue(path, name, "doesn't follow extended resource name standard"));
  }
};

/** A resource that a pod as a whole can ask for. */
export const checkPodResourceName: ResourceNameCheck = (name, path, errors) => {
  if (!checkResourceName(name, path, errors) || isPodLevelName(name)) return;
  errors.push(notSupported(path, name, ['cpu', 'hugepages-', 'memory']));
};

/** A resource that a quota can bound. */
export const checkQuotaResourceName: ResourceNameCheck = (name, path, errors) => {
  checkResourceName(name, path, errors);
  if (!name.includes('/') && !isStandardQuotaName(name)) {
    errors.push(invalidValue(path, name, 'must be a standard resource for quota'));
  }
};

/** An amount of a resource: not negative, and whole where only whole ones exist. */
export function checkAmount(
  name: string,
  amount: Quantity,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (amount.sign < 0) {
    const text = 'must be greater than or equal to 0';
    errors.push(invalidValue(path, amount.toString(), text));
  }
  if (isIntegerName(name) && isFractional(amount)) {
    errors.push(invalidValue(path, amount.toString(), 'must be an integer'));
  }
}

/** An amount above 0. */
export function checkPositiveAmount(amount: Quantity, path: FieldPath, errors: FieldErrors): void {
  if (amount.sign > 0) return;
  errors.push(invalidValue(path, amount.toString(), 'must be greater than zero'));
}

/** Names and amounts of a list, each checked. */
export function checkResourceList(
  list: ResourceList | undefined,
  checkName: ResourceNameCheck,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const [name, amount] of amountsOf(list)) {
    checkName(name, path.key(name), errors);
    checkAmount(name, amount, path.key(name), errors);
  }
}

/** What the check of requirements needs to know of the pod. */
export interface RequirementRules {
  readonly checkName: ResourceNameCheck;
  /** Names of `spec.resourceClaims` of the pod. */
  readonly claimNames: ReadonlySet<string>;
  /** Whether the old object has amounts of huge pages that are no whole number of pages. */
  readonly allowsPartialHugePages: boolean;
}

/** What a container or pod asks for: names and amounts, requests within limits, claims that the pod has. */
export function checkRequirements(
  requirements: ResourceRequirements | undefined,
  rules: RequirementRules,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const limits = requirements?.limits;
  const limitsPath = path.child('limits');
  const requestsPath = path.child('requests');
  for (const [name, amount] of amountsOf(limits)) {
    const at = limitsPath.key(name);
    rules.checkName(name, at, errors);
    checkAmount(name, amount, at, errors);
    checkHugePages(name, amount, rules, at, errors);
  }
  for (const [name, amount] of amountsOf(requirements?.requests)) {
    const at = requestsPath.key(name);
    rules.checkName(name, at, errors);
    checkAmount(name, amount, at, errors);
    checkRequestWithinLimit({ name, request: amount, limits }, path, errors);
    checkHugePages(name, amount, rules, at, errors);
  }
  const names = [...Object.keys(limits ?? {}), ...Object.keys(requirements?.requests ?? {})];
  if (names.some(isHugePageName) && !names.some((name) => name === 'cpu' || name === 'memory')) {
    errors.push(forbiddenField(path, 'HugePages require cpu or memory'));
  }
  checkClaims(requirements?.claims, rules.claimNames, path.child('claims'), errors);
}

function checkRequestWithinLimit(
  {
    name,
    request,
    limits,
  }: {
    readonly name: string;
    readonly request: Quantity;
    readonly limits: ResourceList | undefined;
  },
  path: FieldPath,
  errors: FieldErrors,
): void {
  const limitText = limits?.[name];
  const isShared = isOvercommitAllowed(name);
  if (limitText === undefined) {
    if (isShared) return;
    const text = 'Limit must be set for non overcommitable resources';
    errors.push(required(path.child('limits'), text));
    return;
  }
  const limit = quantityOf(limitText);
  const order = request.compare(limit);
  if (order === 0 || (order < 0 && isShared)) return;
  const relation = isShared ? 'less than or equal' : 'equal';
  const text = `must be ${relation} to ${name} limit of ${limit.toString()}`;
  errors.push(invalidValue(path.child('requests'), request.toString(), text));
}

function checkHugePages(
  name: string,
  amount: Quantity,
  { allowsPartialHugePages }: RequirementRules,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (!isHugePageName(name) || allowsPartialHugePages || isWholeHugePages(name, amount)) return;
  const text = `${amount.toString()} is not positive integer multiple of ${name}`;
  errors.push(invalidValue(path, amount.toString(), text));
}

/** Claims of a container: each names one of the pod's, whole or one request of it, and nothing twice. */
function checkClaims(
  claims: readonly ResourceClaim[] | undefined,
  podClaims: ReadonlySet<string>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const seen = new Set<string>();
  claims?.forEach((claim, at) => {
    const entry = path.index(at);
    const { name, request } = claim;
    if (isUnset(name)) {
      errors.push(required(entry, ''));
      return;
    }
    if (seen.has(name)) errors.push(duplicate(entry, name));
    else {
      if (!isUnset(request)) checkDnsLabel(request, entry.child('request'), errors);
      const key = isUnset(request) ? name : `${name}/${request}`;
      if (seen.has(key)) errors.push(duplicate(entry, key));
      else if (isUnset(request)) {
        for (const other of seen) {
          if (other.startsWith(`${name}/`)) errors.push(duplicate(entry, name));
        }
      }
      seen.add(key);
    }
    if (!podClaims.has(name)) errors.push(unknownClaim(name, podClaims, entry));
  });
}

function unknownClaim(name: string, podClaims: ReadonlySet<string>, path: FieldPath): FieldError {
  const names = [...podClaims].sort().join(', ');
  const which = podClaims.size === 0 ? ' which is empty' : `: ${names}`;
  const error = notFoundValue(path, name);
  const text = `must be one of the names in pod.spec.resourceClaims${which}`;
  return { ...error, message: `${error.message}: ${text}` };
}
