import {
  duplicate,
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../../../machinery/field-path.js';
import { utf8Length } from '../../../machinery/quote.js';
import type {
  Container,
  ContainerStatus,
  ResourceHealth,
  ResourceStatus,
} from '../../gen/core-v1.js';
import { checkId, type FieldErrors } from '../field-checks.js';

/** As whom containers run. */
export function checkStatusUsers(
  statuses: readonly ContainerStatus[] | undefined,
  os: string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  statuses?.forEach(({ user }, at) => {
    const linux = user?.linux;
    if (linux === undefined) return;
    const entry = path.index(at).child('user', 'linux');
    if (os === 'windows') errors.push(forbiddenField(entry, 'cannot be set for a windows pod'));
    if (os !== 'linux') return;
    checkId(linux.uid, entry.child('uid'), errors);
    checkId(linux.gid, entry.child('gid'), errors);
    linux.supplementalGroups?.forEach((group, groupAt) => {
      checkId(group, entry.child('supplementalGroups').index(groupAt), errors);
    });
  });
}

/** How the devices are that containers have; `containers` is absent for ephemeral ones, which have none. */
export function checkStatusResources(
  statuses: readonly ContainerStatus[] | undefined,
  containers: readonly Container[] | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  statuses?.forEach(({ name, allocatedResourcesStatus }, at) => {
    const entry = path.index(at).child('allocatedResourcesStatus');
    if (containers === undefined) {
      if (!allocatedResourcesStatus?.length) return;
      errors.push(forbiddenField(entry, 'must not be specified in container status'));
      return;
    }
    const container = containers.find((one) => one.name === name);
    allocatedResourcesStatus?.forEach((status, statusAt) => {
      const statusPath = entry.index(statusAt);
      if (container !== undefined) checkResourceIsAsked(status, container, statusPath, errors);
      checkHealth(status.resources ?? [], statusPath.child('resources'), errors);
    });
  });
}

function checkResourceIsAsked(
  { name = '' }: ResourceStatus,
  { resources }: Container,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const isClaim = name.startsWith('claim:');
  const asked = isClaim
    ? (resources?.claims ?? []).map((claim) =>
        claim.request ? `claim:${claim.name ?? ''}/${claim.request}` : `claim:${claim.name ?? ''}`,
      )
    : Object.keys(resources?.requests ?? {});
  if (asked.includes(name)) return;
  const text = isClaim
    ? "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty"
    : "must match one of the container's resource requests";
  errors.push(invalidValue(path.child('name'), name, text));
}

const healths = ['Healthy', 'Unhealthy', 'Unknown'];
const messageMax = 512;

function checkHealth(
  resources: readonly ResourceHealth[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  const seen = new Set<string>();
  resources.forEach(({ health = '', message, resourceID = '' }, at) => {
    const entry = path.index(at);
    if (!healths.includes(health)) {
      errors.push(notSupported(entry.child('health'), health, healths));
    }
    if (message === '') {
      errors.push(required(entry.child('message'), 'must be non-empty if specified'));
    } else if (message !== undefined && utf8Length(message) > messageMax) {
      errors.push(tooLong(entry.child('message'), message, messageMax));
    }
    if (seen.has(resourceID)) errors.push(duplicate(entry.child('resourceID'), resourceID));
    seen.add(resourceID);
  });
}
