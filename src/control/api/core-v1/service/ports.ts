import { duplicate, type FieldPath, required } from '../../../machinery/field-path.js';
import type { ServicePort, ServiceSpec } from '../../gen/core-v1.js';
import {
  checkDnsLabel,
  checkOneOf,
  checkPortOrName,
  checkQualifiedName,
  type FieldErrors,
  isUnset,
} from '../field-checks.js';
import { checkPortNumber, portProtocols } from '../pod/ports.js';

/** The ports of a service: those of several have names, each its own. */
export function checkServicePorts(spec: ServiceSpec, path: FieldPath, errors: FieldErrors): void {
  const names = new Set<string>();
  const needNames = (spec.ports?.length ?? 0) > 1;
  spec.ports?.forEach((port, at) => {
    checkName(port, needNames, names, path.index(at).child('name'), errors);
    checkPort(port, path.index(at), errors);
  });
}

function checkName(
  { name }: ServicePort,
  isNeeded: boolean,
  taken: Set<string>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (isUnset(name)) {
    if (isNeeded) errors.push(required(path, ''));
    return;
  }
  checkDnsLabel(name, path, errors);
  if (taken.has(name)) errors.push(duplicate(path, name));
  taken.add(name);
}

function checkPort(
  { port = 0, protocol, targetPort, appProtocol }: ServicePort,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkPortNumber(port, path.child('port'), errors);
  checkOneOf(protocol, portProtocols, path.child('protocol'), errors);
  checkPortOrName(targetPort, path.child('targetPort'), errors);
  if (appProtocol !== undefined) checkQualifiedName(appProtocol, path.child('appProtocol'), errors);
}
