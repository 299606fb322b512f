import {
  type FieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import type { FieldErrors } from '../core-v1/field-checks.js';
import type { HTTPIngressPath, HTTPIngressRuleValue } from '../gen/networking-v1.js';
import { checkBackend } from './ingress-backend.js';

const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix'];
const badSequences = ['//', '/./', '/../', '%2f', '%2F'];
const badSuffixes = ['/..', '/.'];

/** Which requests to a host go where. */
export function checkHttpPaths(
  { paths = [] }: HTTPIngressRuleValue,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const pathsPath = path.child('paths');
  if (paths.length === 0) errors.push(required(pathsPath, ''));
  paths.forEach((entry, at) => {
    checkPath(entry, pathsPath.index(at), errors);
  });
}

function checkPath(
  { path: value = '', pathType, backend }: HTTPIngressPath,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const typePath = path.child('pathType');
  if (pathType === undefined) {
    errors.push(required(typePath, 'pathType must be specified'));
    return;
  }
  const isCompared = pathType === 'Exact' || pathType === 'Prefix';
  if (!pathTypes.includes(pathType)) {
    errors.push(notSupported(typePath, pathType, pathTypes));
  } else if (!value.startsWith('/') && (isCompared || value !== '')) {
    errors.push(invalidValue(path.child('path'), value, 'must be an absolute path'));
  }
  if (isCompared) checkNormalPath(value, path.child('path'), errors);
  checkBackend(backend ?? {}, path.child('backend'), errors);
}

/** Proxies must not disagree about what a path means. */
function checkNormalPath(value: string, path: FieldPath, errors: FieldErrors): void {
  for (const sequence of badSequences) {
    if (!value.includes(sequence)) continue;
    errors.push(invalidValue(path, value, `must not contain '${sequence}'`));
  }
  for (const suffix of badSuffixes) {
    if (!value.endsWith(suffix)) continue;
    errors.push(invalidValue(path, value, `cannot end with '${suffix}'`));
  }
}
