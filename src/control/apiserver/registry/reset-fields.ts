import type { ServedResource } from '../../api/scheme.js';
import { FieldSet, fieldElement, noFields } from '../../machinery/apply/index.js';

/** Fields that a subresource does not set beside those that hold for all kinds, by `resource[.group]/subresource`. */
const special: Readonly<Record<string, readonly string[]>> = {
  'pods/status': ['spec', 'metadata.deletionTimestamp', 'metadata.ownerReferences'],
  'deployments.apps/status': ['spec', 'metadata.labels'],
  'certificatesigningrequests.certificates.k8s.io/approval': ['spec', 'status.certificate'],
  'certificatesigningrequests.certificates.k8s.io/status': ['spec'],
  'customresourcedefinitions.apiextensions.k8s.io/status': ['spec', 'metadata'],
  'apiservices.apiregistration.k8s.io/status': ['spec', 'metadata'],
  'namespaces/finalize': ['status'],
  'pods/ephemeralcontainers': ['status', 'metadata'],
  'pods/resize': ['status', 'metadata'],
};

const known = new WeakMap<ServedResource, Map<string, FieldSet>>();

/**
 * What a write of a resource or of its subresource leaves as it is whatever the client sends, so that nobody comes to own it that way:
 * the status of an object that has a status subresource, all else when the status is written.
 */
export function resetFieldsOf(resource: ServedResource, subresource: string): FieldSet {
  const sets = known.get(resource) ?? new Map<string, FieldSet>();
  known.set(resource, sets);
  let set = sets.get(subresource);
  if (set === undefined) {
    set = build(resource, subresource);
    sets.set(subresource, set);
  }
  return set;
}

function build(resource: ServedResource, subresource: string): FieldSet {
  const { group, resource: name, subresources, isCustom } = resource;
  const base = group === '' ? name : `${name}.${group}`;
  const own = special[`${base}/${subresource}`];
  if (own !== undefined) return setOf(own);
  if (subresource === 'status') return setOf(isCustom ? ['spec', 'metadata'] : ['spec']);
  const hasStatus = subresources.some((part) => part.name === 'status');
  return subresource === '' && hasStatus ? setOf(['status']) : noFields;
}

function setOf(paths: readonly string[]): FieldSet {
  return FieldSet.of(...paths.map((path) => path.split('.').map(fieldElement)));
}
