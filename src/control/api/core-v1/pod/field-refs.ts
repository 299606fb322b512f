import {
  type FieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../../machinery/field-path.js';
import { qualifiedNameProblems } from '../../../machinery/names.js';
import type { ObjectFieldSelector, ResourceFieldSelector } from '../../gen/core-v1.js';
import { quantityOf } from '../amounts.js';
import { addProblems, type FieldErrors, isUnset } from '../field-checks.js';

/** References of environment variables and downward API files to fields of the pod and resources of its containers. */

const podFields: ReadonlySet<string> = new Set([
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.serviceAccountName',
  'spec.schedulerName',
  'status.phase',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]);

/** Splits `metadata.labels['key']`; undefined when there is no subscript. */
function splitSubscript(text: string): { path: string; subscript: string } | undefined {
  if (!text.endsWith("']")) return undefined;
  const at = text.indexOf("['");
  if (at <= 0) return undefined;
  return { path: text.slice(0, at), subscript: text.slice(at + 2, -2) };
}

/** A reference to a field of the pod, one of `supported` or with a subscript into labels or annotations. */
export function checkFieldRef(
  ref: ObjectFieldSelector,
  supported: readonly string[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { apiVersion, fieldPath } = ref;
  if (isUnset(apiVersion)) {
    errors.push(required(path.child('apiVersion'), ''));
    return;
  }
  if (isUnset(fieldPath)) {
    errors.push(required(path.child('fieldPath'), ''));
    return;
  }
  const converted = convertFieldPath(apiVersion, fieldPath);
  if ('problem' in converted) {
    const text = `error converting fieldPath: ${converted.problem}`;
    errors.push(invalidValue(path.child('fieldPath'), fieldPath, text));
    return;
  }
  const split = splitSubscript(converted.field);
  if (split !== undefined) {
    const key =
      split.path === 'metadata.annotations' ? split.subscript.toLowerCase() : split.subscript;
    addProblems(qualifiedNameProblems(key), path, key, errors);
  } else if (!supported.includes(converted.field)) {
    errors.push(notSupported(path.child('fieldPath'), converted.field, supported));
  }
}

function convertFieldPath(
  apiVersion: string,
  fieldPath: string,
): { readonly field: string } | { readonly problem: string } {
  if (apiVersion !== 'v1') return { problem: `unsupported pod version: ${apiVersion}` };
  const split = splitSubscript(fieldPath);
  if (split !== undefined) {
    const isMap = split.path === 'metadata.annotations' || split.path === 'metadata.labels';
    if (isMap) return { field: fieldPath };
    return { problem: `field label does not support subscript: ${fieldPath}` };
  }
  if (podFields.has(fieldPath)) return { field: fieldPath };
  // Clients of the first version say it this way.
  if (fieldPath === 'spec.host') return { field: 'spec.nodeName' };
  return { problem: `field label not supported: ${fieldPath}` };
}

const containerResources = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const hugePagesPrefixes = ['limits.hugepages-', 'requests.hugepages-'];

/** A reference to what a container requests or is limited to. In a volume it must say which container. */
export function checkResourceFieldRef(
  ref: ResourceFieldSelector,
  { inVolume }: { readonly inVolume: boolean },
  path: FieldPath,
  errors: FieldErrors,
): void {
  const resource = ref.resource ?? '';
  if (inVolume && isUnset(ref.containerName)) {
    errors.push(required(path.child('containerName'), ''));
  } else if (resource === '') {
    errors.push(required(path.child('resource'), ''));
  } else if (!containerResources.includes(resource) && !isHugePages(resource)) {
    errors.push(notSupported(path.child('resource'), resource, containerResources));
  }
  checkDivisor(resource, ref.divisor, path.child('divisor'), errors);
}

function isHugePages(resource: string): boolean {
  return hugePagesPrefixes.some((prefix) => resource.startsWith(prefix));
}

const byteDivisors = [
  '1',
  ...['k', 'M', 'G', 'T', 'P', 'E'].flatMap((unit) => [`1${unit}`]),
].concat(['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map((unit) => `1${unit}`));

const divisorsByResource: readonly {
  readonly of: RegExp;
  readonly divisors: readonly string[];
  readonly name: string;
}[] = [
  { of: /^(limits|requests)\.cpu$/, divisors: ['1m', '1'], name: 'cpu' },
  { of: /^(limits|requests)\.memory$/, divisors: byteDivisors, name: 'memory' },
  {
    of: /^(limits|requests)\.ephemeral-storage$/,
    divisors: byteDivisors,
    name: 'local ephemeral storage',
  },
  { of: /^(limits|requests)\.hugepages-/, divisors: byteDivisors, name: 'hugepages' },
];

function checkDivisor(
  resource: string,
  divisor: string | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const quantity = quantityOf(divisor);
  if (quantity.sign === 0) return;
  const rule = divisorsByResource.find(({ of }) => of.test(resource));
  if (rule === undefined || rule.divisors.includes(quantity.toString())) return;
  const values = rule.name === 'cpu' ? '1m and 1' : rule.divisors.join(', ');
  const text = `only divisor's values ${values} are supported with the ${rule.name} resource`;
  errors.push(invalidValue(path, resource, text));
}
