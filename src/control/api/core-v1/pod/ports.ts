import {
  duplicate,
  type FieldPath,
  invalidValue,
  required,
} from '../../../machinery/field-path.js';
import { portNameProblems, portNumberProblems } from '../../../machinery/names.js';
import type { Container, ContainerPort, PodSpec } from '../../gen/core-v1.js';
import { addProblems, checkOneOf, type FieldErrors, isUnset } from '../field-checks.js';

/** Protocols of ports of containers, services and endpoints. */
export const portProtocols: readonly string[] = ['SCTP', 'TCP', 'UDP'];

/** The ports of one container. Names are unique within it. */
export function checkContainerPorts(
  ports: readonly ContainerPort[] | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const names = new Set<string>();
  ports?.forEach((port, at) => {
    const entry = path.index(at);
    if (!isUnset(port.name)) {
      const problems = portNameProblems(port.name);
      addProblems(problems, entry.child('name'), port.name, errors);
      if (problems.length === 0 && names.has(port.name)) {
        errors.push(duplicate(entry.child('name'), port.name));
      } else if (problems.length === 0) names.add(port.name);
    }
    if (!port.containerPort) errors.push(required(entry.child('containerPort'), ''));
    else checkPortNumber(port.containerPort, entry.child('containerPort'), errors);
    if (port.hostPort) checkPortNumber(port.hostPort, entry.child('hostPort'), errors);
    checkOneOf(port.protocol, portProtocols, entry.child('protocol'), errors);
  });
}

/** A port's number, from 1 to 65535. */
export function checkPortNumber(value: number, path: FieldPath, errors: FieldErrors): void {
  addProblems(portNumberProblems(value), path, value, errors);
}

/** No two of the containers may want the same port of the node. */
export function checkHostPortConflicts(
  containers: readonly Container[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  const taken = new Set<string>();
  containers.forEach((container, at) => {
    container.ports?.forEach((port, portAt) => {
      if (!port.hostPort) return;
      const wanted = `${port.protocol ?? ''}/${port.hostIP ?? ''}/${port.hostPort}`;
      if (taken.has(wanted)) {
        errors.push(
          duplicate(path.index(at).child('ports').index(portAt).child('hostPort'), wanted),
        );
      }
      taken.add(wanted);
    });
  });
}

/** In the node's network, a port of a container is that port of the node; a template may leave it to the defaults of the pod. */
export function checkHostNetworkPorts(
  spec: PodSpec,
  { isPod }: { readonly isPod: boolean },
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (!spec.hostNetwork) return;
  spec.containers?.forEach((container, at) => {
    container.ports?.forEach((port, portAt) => {
      const hostPort = port.hostPort ?? 0;
      if (hostPort === (port.containerPort ?? 0) || (hostPort === 0 && !isPod)) return;
      const text = 'must match `containerPort` when `hostNetwork` is true';
      const entry = path.child('containers').index(at).child('ports').index(portAt);
      errors.push(invalidValue(entry.child('hostPort'), hostPort, text));
    });
  });
}
