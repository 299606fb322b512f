import { deepEqual } from '../../machinery/deep-equal.js';
import type { FieldError } from '../../machinery/field-errors.js';
import { type FieldPath, fieldPath, required } from '../../machinery/field-path.js';
import type { EndpointAddress, EndpointPort, EndpointSubset, Endpoints } from '../gen/core-v1.js';
import { coreKind } from './core-kind.js';
import { repackSubsets } from './endpoint-subsets.js';
import {
  checkDnsLabel,
  checkDnsSubdomain,
  checkOneOf,
  checkQualifiedName,
  type FieldErrors,
  isUnset,
} from './field-checks.js';
import { checkEndpointIp, checkIp, ipWarnings } from './ip-rules.js';
import { checkPortNumber, portProtocols } from './pod/ports.js';
import { ageColumn, ageOf, column, nameColumn } from './table.js';

const subsetsPath = fieldPath('subsets');

function validateSubsets(subsets: readonly EndpointSubset[] | undefined): FieldError[] {
  const errors: FieldErrors = [];
  subsets?.forEach((subset, at) => {
    const path = subsetsPath.index(at);
    if (!subset.addresses?.length && !subset.notReadyAddresses?.length) {
      errors.push(required(path, 'must specify `addresses` or `notReadyAddresses`'));
    }
    for (const list of ['addresses', 'notReadyAddresses'] as const) {
      subset[list]?.forEach((address, addressAt) => {
        checkAddress(address, path.child(list).index(addressAt), errors);
      });
    }
    subset.ports?.forEach((port, portAt) => {
      const needsName = (subset.ports?.length ?? 0) > 1;
      checkPort(port, needsName, path.child('ports').index(portAt), errors);
    });
  });
  return errors;
}

function checkAddress(
  { ip = '', hostname, nodeName }: EndpointAddress,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkIp(ip, path.child('ip'), errors);
  if (!isUnset(hostname)) checkDnsLabel(hostname, path.child('hostname'), errors);
  if (nodeName !== undefined) checkDnsSubdomain(nodeName, path.child('nodeName'), errors);
  checkEndpointIp(ip, path.child('ip'), errors);
}

function checkPort(
  { name, port = 0, protocol, appProtocol }: EndpointPort,
  needsName: boolean,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (!isUnset(name)) checkDnsLabel(name, path.child('name'), errors);
  else if (needsName) errors.push(required(path.child('name'), ''));
  checkPortNumber(port, path.child('port'), errors);
  checkOneOf(protocol, portProtocols, path.child('protocol'), errors);
  if (appProtocol !== undefined) checkQualifiedName(appProtocol, path.child('appProtocol'), errors);
}

const shownMax = 3;

/** The first addresses, and how many more there are. */
export function endpointsCell(subsets: readonly EndpointSubset[] | undefined): string {
  if (!subsets?.length) return '<none>';
  const all = subsets.flatMap(({ addresses = [], ports = [] }) => {
    const ips = addresses.map(({ ip }) => ip ?? '');
    if (ports.length === 0) return ips;
    return ports.flatMap(({ port }) =>
      ips.map((ip) => `${ip.includes(':') ? `[${ip}]` : ip}:${port ?? 0}`),
    );
  });
  const shown = all.slice(0, shownMax).join(',');
  return all.length > shownMax ? `${shown} + ${all.length - shownMax} more...` : shown;
}

/** Only what is sound is put in order: what is refused is shown as it was sent. */
function repack(endpoints: Endpoints): void {
  const { subsets } = endpoints;
  if (!subsets?.length || validateSubsets(subsets).length > 0) return;
  endpoints.subsets = repackSubsets(subsets);
}

/** The rules of Endpoints. */
export const endpointsKind = coreKind<Endpoints>('Endpoints', {
  setDefaults: ({ subsets }) => {
    for (const { ports } of subsets ?? []) for (const port of ports ?? []) port.protocol ||= 'TCP';
  },
  prepareForCreate: repack,
  validateCreate: ({ subsets }) => validateSubsets(subsets),
  prepareForUpdate: repack,
  validateUpdate: ({ subsets }, old) =>
    deepEqual(subsets ?? [], old.subsets ?? []) ? [] : validateSubsets(subsets),
  warnings: ({ subsets }) =>
    (subsets ?? []).flatMap((subset, at) =>
      (['addresses', 'notReadyAddresses'] as const).flatMap((list) =>
        (subset[list] ?? []).flatMap(({ ip = '' }, ipAt) =>
          ipWarnings(ip, subsetsPath.index(at).child(list).index(ipAt).child('ip')),
        ),
      ),
    ),
  allowsCreateOnUpdate: true,
  countsGeneration: false,
  table: {
    columns: [nameColumn, column('Endpoints', 'The addresses that are ready.'), ageColumn],
    cells: ({ metadata, subsets }, nowMs) => [
      metadata.name ?? '',
      endpointsCell(subsets),
      ageOf(metadata.creationTimestamp, nowMs),
    ],
  },
});
