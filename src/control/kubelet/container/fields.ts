import type { Container, Pod, ResourceFieldSelector } from '../../api/gen/core-v1.js';
import { Quantity } from '../../machinery/quantity.js';
import { ContainerConfigError } from './config-error.js';

/** What fields of a pod may say of where it runs. */
export interface FieldPlace {
  readonly nodeName: string;
  readonly hostIps: readonly string[];
  readonly podIps: readonly string[];
}

/** The text of a field of a pod, as `metadata.labels['app']` or `status.podIP`. Throws ContainerConfigError. Pure. */
export function podField(pod: Pod, path: string, place: FieldPlace): string {
  const { metadata, spec } = pod;
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (subscript !== null) {
    const [, list, key = ''] = subscript;
    return (list === 'labels' ? metadata.labels : metadata.annotations)?.[key] ?? '';
  }
  switch (path) {
    case 'metadata.name':
      return metadata.name ?? '';
    case 'metadata.namespace':
      return metadata.namespace ?? '';
    case 'metadata.uid':
      return metadata.uid ?? '';
    case 'metadata.labels':
      return mapText(metadata.labels ?? {});
    case 'metadata.annotations':
      return mapText(metadata.annotations ?? {});
    case 'spec.nodeName':
      return place.nodeName;
    case 'spec.serviceAccountName':
      return spec?.serviceAccountName ?? '';
    case 'status.hostIP':
      return place.hostIps[0] ?? '';
    case 'status.hostIPs':
      return place.hostIps.join(',');
    case 'status.podIP':
      return place.podIps[0] ?? '';
    case 'status.podIPs':
      return place.podIps.join(',');
    default:
      throw new ContainerConfigError(`unsupported fieldPath: ${path}`);
  }
}

function mapText(map: Readonly<Record<string, string>>): string {
  return Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join('\n');
}

/**
 * The number that a reference to a container's resources stands for, in units of its divisor, rounded up. A limit that is not set is what
 * the node has. Throws ContainerConfigError. Pure.
 */
export function resourceField(
  container: Container,
  { resource = '', divisor }: ResourceFieldSelector,
  allocatable: Readonly<Record<string, string>>,
): string {
  const [, kind = '', name = ''] = /^(limits|requests)\.(.+)$/.exec(resource) ?? [];
  if (kind === '') throw new ContainerConfigError(`unsupported container resource : ${resource}`);
  const { limits = {}, requests = {} } = container.resources ?? {};
  const own = kind === 'limits' ? limits[name] : requests[name];
  const fallback = kind === 'limits' ? allocatable[name] : undefined;
  const amount = Quantity.parse(String(own ?? fallback ?? '0'));
  const unit = Quantity.parse(String(divisor ?? '1'));
  const by = unit.isZero ? Quantity.parse('1') : unit;
  if (name === 'cpu') return String(quotient(amount.milliValue(), by.milliValue()));
  return String(quotient(amount.value(), by.value()));
}

function quotient(amount: bigint, by: bigint): bigint {
  return (amount + by - 1n) / by;
}
