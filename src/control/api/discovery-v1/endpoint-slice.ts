import { semanticEqual } from '../../machinery/deep-equal.js';
import type { FieldError } from '../../machinery/field-errors.js';
import {
  duplicate,
  fieldPath,
  notSupported,
  required,
  tooMany,
} from '../../machinery/field-path.js';
import { validateImmutable } from '../../machinery/immutable.js';
import {
  checkDnsLabel,
  checkOneOf,
  checkQualifiedName,
  type FieldErrors,
} from '../core-v1/field-checks.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import { countChanges } from '../count-changes.js';
import type { Endpoint, EndpointPort, EndpointSlice } from '../gen/discovery-v1.js';
import { kindsOf } from '../group-kind.js';
import { checkEndpoint } from './endpoint.js';

const addressTypes = ['FQDN', 'IPv4', 'IPv6'];
const protocols = ['SCTP', 'TCP', 'UDP'];
const endpointsMax = 1000;
const portsMax = 20_000;
const shownMax = 3;

function setDefaults({ ports }: EndpointSlice): void {
  for (const port of ports ?? []) {
    port.name ??= '';
    port.protocol ??= 'TCP';
  }
}

function validate({ addressType, endpoints = [], ports = [] }: EndpointSlice): FieldError[] {
  const errors: FieldErrors = [];
  checkOneOf(addressType, addressTypes, fieldPath('addressType'), errors);
  const path = fieldPath('endpoints');
  if (endpoints.length > endpointsMax) {
    errors.push(tooMany(path, endpoints.length, endpointsMax));
  } else {
    endpoints.forEach((endpoint, at) => {
      checkEndpoint(endpoint, addressType ?? '', path.index(at), errors);
    });
  }
  checkPorts(ports, errors);
  return errors;
}

function checkPorts(ports: readonly EndpointPort[], errors: FieldErrors): void {
  const path = fieldPath('ports');
  if (ports.length > portsMax) {
    errors.push(tooMany(path, ports.length, portsMax));
    return;
  }
  const names = new Set<string>();
  ports.forEach(({ name = '', protocol, appProtocol }, at) => {
    const entry = path.index(at);
    if (name !== '') checkDnsLabel(name, entry.child('name'), errors);
    if (names.has(name)) errors.push(duplicate(entry.child('name'), name));
    names.add(name);
    if (protocol === undefined) errors.push(required(entry.child('protocol'), ''));
    else if (!protocols.includes(protocol)) {
      errors.push(notSupported(entry.child('protocol'), protocol, protocols));
    }
    if (appProtocol !== undefined) {
      checkQualifiedName(appProtocol, entry.child('appProtocol'), errors);
    }
  });
}

function listCell(texts: readonly string[]): string {
  const shown = texts.slice(0, shownMax).join(',');
  if (texts.length > shownMax) return `${shown} + ${texts.length - shownMax} more...`;
  return shown === '' ? '<unset>' : shown;
}

function portText({ port, name }: EndpointPort): string {
  return port === undefined ? (name ?? '*') : String(port);
}

function addressesOf(endpoints: readonly Endpoint[] | undefined): string[] {
  return (endpoints ?? []).flatMap(({ addresses }) => addresses ?? []);
}

/** The rules of EndpointSlices. */
export const endpointSliceKind = kindsOf('discovery.k8s.io', 'v1')<EndpointSlice>('EndpointSlice', {
  countsGeneration: true,
  setDefaults,
  validateCreate: validate,
  prepareForUpdate: (slice, old) => {
    countChanges(slice, old, ['addressType', 'endpoints', 'ports']);
    if (semanticEqual(slice.metadata.labels, old.metadata.labels)) return;
    slice.metadata.generation = (old.metadata.generation ?? 0) + 1;
  },
  validateUpdate: (slice, old) => [
    ...validate(slice),
    ...validateImmutable(slice.addressType ?? '', old.addressType ?? '', fieldPath('addressType')),
  ],
  warnings: ({ addressType }) =>
    addressType === 'FQDN' ? ['spec.addressType: FQDN endpoints are deprecated'] : [],
  table: {
    columns: [
      nameColumn,
      column('AddressType', 'What the addresses are.'),
      column('Ports', 'The ports of the endpoints.'),
      column('Endpoints', 'The addresses of the endpoints.'),
      ageColumn,
    ],
    cells: ({ metadata, addressType, ports, endpoints }, nowMs) => [
      metadata.name ?? '',
      addressType ?? '',
      listCell((ports ?? []).map(portText)),
      listCell(addressesOf(endpoints)),
      ageOf(metadata.creationTimestamp, nowMs),
    ],
  },
});
