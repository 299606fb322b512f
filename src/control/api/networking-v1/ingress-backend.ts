import { type FieldPath, invalidValue, required } from '../../machinery/field-path.js';
import {
  dnsLabelProblems,
  pathSegmentProblems,
  portNameProblems,
  portNumberProblems,
} from '../../machinery/names.js';
import {
  addProblems,
  checkDnsSubdomain,
  type FieldErrors,
  isUnset,
} from '../core-v1/field-checks.js';
import type { IngressBackend, IngressServiceBackend } from '../gen/networking-v1.js';

/** Where requests go: to a Service, or to what another object names. */
export function checkBackend(backend: IngressBackend, path: FieldPath, errors: FieldErrors): void {
  const { resource, service } = backend;
  if (resource && service) {
    errors.push(invalidValue(path, '', 'cannot set both resource and service backends'));
  } else if (resource) {
    checkKindReference(resource, path.child('resource'), errors);
  } else if (service) {
    checkService(service, path, errors);
  } else {
    errors.push(invalidValue(path, '', 'resource or service backend is required'));
  }
}

/** Names an object by its kind; the group of the kind may be left out. */
export function checkKindReference(
  {
    apiGroup,
    kind,
    name,
  }: { readonly apiGroup?: string; readonly kind?: string; readonly name?: string },
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (apiGroup !== undefined) checkDnsSubdomain(apiGroup, path.child('apiGroup'), errors);
  checkSegment(kind, path.child('kind'), errors);
  checkSegment(name, path.child('name'), errors);
}

/** What becomes a part of a path must be there, and fit. */
export function checkSegment(
  value: string | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (isUnset(value)) errors.push(required(path, ''));
  else addProblems(pathSegmentProblems(value), path, value, errors);
}

function checkService(
  { name, port }: IngressServiceBackend,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const namePath = path.child('service', 'name');
  if (isUnset(name)) errors.push(required(namePath, ''));
  else addProblems(dnsLabelProblems(name), namePath, name, errors);
  const { name: portName = '', number = 0 } = port ?? {};
  const portPath = path.child('service', 'port');
  if (portName !== '' && number !== 0) {
    errors.push(invalidValue(path, '', 'cannot set both port name & port number'));
  } else if (portName !== '') {
    addProblems(portNameProblems(portName), portPath.child('name'), portName, errors);
  } else if (number !== 0) {
    addProblems(portNumberProblems(number), portPath.child('number'), number, errors);
  } else {
    errors.push(required(path, 'port name or number is required'));
  }
}
