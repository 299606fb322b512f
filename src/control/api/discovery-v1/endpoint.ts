import {
  duplicate,
  type FieldPath,
  internalFieldError,
  invalidValue,
  required,
  tooMany,
} from '../../machinery/field-path.js';
import { parseIp } from '../../machinery/ip-address.js';
import { validateLabels } from '../../machinery/labels.js';
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  labelValueProblems,
} from '../../machinery/names.js';
import {
  addProblems,
  checkDnsLabel,
  checkDnsSubdomain,
  type FieldErrors,
} from '../core-v1/field-checks.js';
import { checkEndpointIp } from '../core-v1/ip-rules.js';
import type { Endpoint, EndpointHints } from '../gen/discovery-v1.js';

const addressesMax = 100;
const topologyMax = 16;
const hintsMax = 8;
const zoneLabel = 'topology.kubernetes.io/zone';

/** One endpoint of a slice. */
export function checkEndpoint(
  endpoint: Endpoint,
  addressType: string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkAddresses(endpoint.addresses ?? [], addressType, path.child('addresses'), errors);
  const { nodeName, deprecatedTopology: topology, hostname, hints } = endpoint;
  if (nodeName !== undefined) checkDnsSubdomain(nodeName, path.child('nodeName'), errors);
  const topologyPath = path.child('deprecatedTopology');
  const count = Object.keys(topology ?? {}).length;
  if (count > topologyMax) errors.push(tooMany(topologyPath, count, topologyMax));
  errors.push(...validateLabels(topology, topologyPath));
  if (topology !== undefined && Object.hasOwn(topology, zoneLabel)) {
    const text = 'reserved key was not removed in conversion';
    errors.push(internalFieldError(topologyPath.key(zoneLabel), text));
  }
  if (hostname !== undefined) checkDnsLabel(hostname, path.child('hostname'), errors);
  if (hints) checkHints(hints, path.child('hints'), errors);
}

function checkAddresses(
  addresses: readonly string[],
  addressType: string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (addresses.length === 0) errors.push(required(path, 'must contain at least 1 address'));
  else if (addresses.length > addressesMax) {
    errors.push(tooMany(path, addresses.length, addressesMax));
  }
  addresses.forEach((address, at) => {
    const entry = path.index(at);
    if (addressType === 'FQDN') {
      checkDomain(address, entry, errors);
    } else if (addressType === 'IPv4' || addressType === 'IPv6') {
      if (parseIp(address)?.address.version !== (addressType === 'IPv4' ? 4 : 6)) {
        errors.push(invalidValue(entry, address, `must be a valid ${addressType} address`));
      }
      checkEndpointIp(address, entry, errors);
    }
  });
}

/** A name of two labels at least; it may end with a dot. */
function checkDomain(text: string, path: FieldPath, errors: FieldErrors): void {
  if (text === '') {
    errors.push(required(path, ''));
    return;
  }
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  const problems = dnsSubdomainProblems(name);
  addProblems(problems, path, name, errors);
  if (problems.length > 0) return;
  const labels = name.split('.');
  if (labels.length < 2) {
    const detail = 'should be a domain with at least two segments separated by dots';
    errors.push(invalidValue(path, name, detail));
    return;
  }
  for (const label of labels) addProblems(dnsLabelProblems(label), path, label, errors);
}

/** Who should use the endpoint. */
function checkHints(
  { forZones, forNodes }: EndpointHints,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkNames(forZones, labelValueProblems, path.child('forZones'), errors);
  checkNames(forNodes, dnsSubdomainProblems, path.child('forNodes'), errors);
}

function checkNames(
  hints: readonly { readonly name?: string }[] | undefined,
  problemsOf: (name: string) => string[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  const names = (hints ?? []).map(({ name = '' }) => name);
  if (names.length > hintsMax) {
    errors.push(tooMany(path, names.length, hintsMax));
    return;
  }
  names.forEach((name, at) => {
    const namePath = path.index(at).child('name');
    if (names.indexOf(name) < at) errors.push(duplicate(namePath, name));
    addProblems(problemsOf(name), namePath, name, errors);
  });
}
