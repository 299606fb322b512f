import type { FieldError } from '../../machinery/field-errors.js';
import { fieldPath, required } from '../../machinery/field-path.js';
import { validateImmutable } from '../../machinery/immutable.js';
import { canonicalIpProblems, pathSegmentProblems } from '../../machinery/names.js';
import {
  addProblems,
  checkDnsSubdomain,
  type FieldErrors,
  isUnset,
} from '../core-v1/field-checks.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import type { IPAddress, ParentReference } from '../gen/networking-v1.js';
import { checkSegment } from './ingress-backend.js';
import { networkingKind } from './networking-kind.js';

const parentPath = fieldPath('spec', 'parentRef');

/** The name of an IPAddress is the address. */
function validate({ metadata: { name = '' }, spec }: IPAddress): FieldError[] {
  const errors: FieldErrors = [];
  addProblems(canonicalIpProblems(name), fieldPath('metadata', 'name'), name, errors);
  const parent = spec?.parentRef;
  if (parent === undefined) return [...errors, required(parentPath, '')];
  const { group, resource, name: parentName, namespace } = parent;
  if (!isUnset(group)) checkDnsSubdomain(group, parentPath.child('group'), errors);
  checkSegment(resource, parentPath.child('resource'), errors);
  checkSegment(parentName, parentPath.child('name'), errors);
  if (!isUnset(namespace)) {
    addProblems(pathSegmentProblems(namespace), parentPath.child('namespace'), namespace, errors);
  }
  return errors;
}

/** `services/default/kubernetes`: who has the address. */
function parentCell(parent: ParentReference | undefined): string {
  if (!parent) return '<none>';
  const { group, resource = '', namespace, name = '' } = parent;
  const of = isUnset(group) ? resource : `${resource}.${group}`;
  return [of.toLowerCase(), ...(isUnset(namespace) ? [] : [namespace]), name].join('/');
}

/** The rules of IPAddresses. */
export const ipAddressKind = networkingKind<IPAddress>('IPAddress', {
  nameRule: 'path-segment',
  countsGeneration: false,
  validateCreate: validate,
  validateUpdate: ({ spec }, old) =>
    validateImmutable(spec?.parentRef, old.spec?.parentRef, parentPath),
  selectableFields: {
    'spec.parentRef.group': ({ spec }) => spec?.parentRef?.group ?? '',
    'spec.parentRef.resource': ({ spec }) => spec?.parentRef?.resource ?? '',
    'spec.parentRef.namespace': ({ spec }) => spec?.parentRef?.namespace ?? '',
    'spec.parentRef.name': ({ spec }) => spec?.parentRef?.name ?? '',
  },
  table: {
    columns: [nameColumn, column('ParentRef', 'Who has the address.'), ageColumn],
    cells: ({ metadata, spec }, nowMs) => [
      metadata.name ?? '',
      parentCell(spec?.parentRef),
      ageOf(metadata.creationTimestamp, nowMs),
    ],
  },
});
