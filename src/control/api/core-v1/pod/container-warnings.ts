import type { FieldPath } from '../../../machinery/field-path.js';
import { quote } from '../../../machinery/quote.js';
import type { Container, ContainerPort, PodSpec } from '../../gen/core-v1.js';
import { isFractional, quantityOf, type ResourceList } from '../amounts.js';
import { seccompContainerPrefix } from './annotations.js';
import { visitContainers } from './containers.js';

/** Amounts of bytes that are no whole bytes. */
export function fractionWarnings(list: ResourceList | undefined, path: FieldPath): string[] {
  return ['memory', 'ephemeral-storage'].flatMap((name) => {
    const text = list?.[name];
    if (text === undefined || !isFractional(quantityOf(text))) return [];
    const amount = quote(quantityOf(text).toString());
    return [`${path.key(name)}: fractional byte value ${amount} is invalid, must be an integer`];
  });
}

/** What to warn of in each container. */
export function containerWarnings(
  spec: PodSpec,
  annotations: Readonly<Record<string, string>>,
  paths: { readonly specPath: FieldPath; readonly annotationsPath: FieldPath },
): string[] {
  const warnings: string[] = [];
  visitContainers(spec, paths.specPath, (container, path) => {
    const key = seccompContainerPrefix + (container.name ?? '');
    if (!container.securityContext?.seccompProfile && annotations[key] !== undefined) {
      const text = 'non-functional in v1.27+; use the "seccompProfile" field instead';
      warnings.push(`${paths.annotationsPath.key(key)}: ${text}`);
    }
    warnings.push(
      ...amountWarnings(container, path.child('resources')),
      ...envWarnings(container, path),
    );
  });
  return warnings;
}

function amountWarnings({ resources }: Container, path: FieldPath): string[] {
  const warnings: string[] = [];
  for (const name of ['memory', 'ephemeral-storage']) {
    for (const kind of ['limits', 'requests'] as const) {
      const amount = resources?.[kind]?.[name];
      if (amount === undefined) continue;
      warnings.push(...fractionWarnings({ [name]: amount }, path.child(kind)));
    }
  }
  return warnings;
}

/** A variable that is set again is fine as long as its new value is made from the old one. */
function envWarnings({ env }: Container, path: FieldPath): string[] {
  const seen = new Set<string>();
  return (env ?? []).flatMap(({ name = '', value = '', valueFrom }, at) => {
    const reference = `$(${name})`;
    const hides = valueFrom !== undefined || value === reference || !value.includes(reference);
    const isRepeated = seen.has(name);
    seen.add(name);
    if (!isRepeated || !hides) return [];
    const text = `hides previous definition of ${quote(name)}, which may be dropped when using apply`;
    return [`${path.child('env').index(at)}: ${text}`];
  });
}

interface PortAt {
  readonly port: ContainerPort;
  readonly path: FieldPath;
}

/** Ports that several containers say they have. */
export function portWarnings(spec: PodSpec, specPath: FieldPath): string[] {
  const warnings: string[] = [];
  const seen = new Map<string, PortAt[]>();
  visitContainers(spec, specPath, ({ ports }, containerPath) => {
    ports?.forEach((port, at) => {
      const path = containerPath.child('ports').index(at);
      if (port.hostIP && !port.hostPort) {
        warnings.push(`${path}: hostIP set without hostPort: ${portText(port)}`);
      }
      const key = `${port.containerPort ?? 0}/${port.protocol ?? ''}`;
      const others = seen.get(key) ?? [];
      for (const other of others) {
        const problem = conflict(port, other.port);
        if (problem !== undefined)
          warnings.push(`${path}: ${problem} port definition with ${other.path}`);
      }
      seen.set(key, [...others, { port, path }]);
    });
  });
  return warnings;
}

function conflict(a: ContainerPort, b: ContainerPort): string | undefined {
  const [ip, otherIp] = [a.hostIP ?? '', b.hostIP ?? ''];
  const [port, otherPort] = [a.hostPort ?? 0, b.hostPort ?? 0];
  if (ip === otherIp && port === otherPort) return 'duplicate';
  if (port === 0 || otherPort === 0) return 'overlapping';
  const isOneEverywhere = (ip === '') !== (otherIp === '');
  return port === otherPort && isOneEverywhere ? 'dangerously ambiguous' : undefined;
}

function portText(port: ContainerPort): string {
  const { name = '', hostPort = 0, containerPort = 0, protocol = '', hostIP = '' } = port;
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;
}
