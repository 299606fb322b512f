import { deepEqual } from '../../machinery/deep-equal.js';
import type { FieldError } from '../../machinery/field-errors.js';
import {
  type FieldPath,
  fieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { dnsSubdomainProblems, pathSegmentProblems } from '../../machinery/names.js';
import type { ClusterRoleBinding, RoleBinding, RoleRef, Subject } from '../gen/rbac-v1.js';

/** The group of roles, users and groups. */
export const rbacGroup = 'rbac.authorization.k8s.io';

/** Either kind of binding. */
export type Binding = RoleBinding | ClusterRoleBinding;

/** The group of a role, of users and of groups may be left out. */
export function setBindingDefaults({ roleRef, subjects }: Binding): void {
  if (roleRef !== undefined) roleRef.apiGroup ||= rbacGroup;
  for (const subject of subjects ?? [])
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= rbacGroup;
}

/** What is wrong with a binding; `roleKinds` are those that it may name. */
export function validateBinding(
  { roleRef, subjects }: Binding,
  options: { readonly roleKinds: readonly string[]; readonly isNamespaced: boolean },
): FieldError[] {
  return [
    ...validateRoleRef(roleRef ?? {}, options.roleKinds),
    ...(subjects ?? []).flatMap((subject, index) =>
      validateSubject(subject, options.isNamespaced, fieldPath('subjects').index(index)),
    ),
  ];
}

/** The role of a binding is for good: who may bind it was decided when it was made. */
export function validateBindingUpdate(binding: Binding, old: Binding): FieldError[] {
  return deepEqual(binding.roleRef, old.roleRef)
    ? []
    : [invalidValue(fieldPath('roleRef'), shownRef(binding.roleRef), 'cannot change roleRef')];
}

/** Kubernetes shows the reference by the names of its own fields. */
function shownRef({ apiGroup = '', kind = '', name = '' }: RoleRef = {}): object {
  return { APIGroup: apiGroup, Kind: kind, Name: name };
}

function validateRoleRef(
  { apiGroup = '', kind = '', name = '' }: RoleRef,
  kinds: readonly string[],
): FieldError[] {
  const errors: FieldError[] = [];
  const path = fieldPath('roleRef');
  if (apiGroup !== rbacGroup)
    errors.push(notSupported(path.child('apiGroup'), apiGroup, [rbacGroup]));
  if (!kinds.includes(kind)) errors.push(notSupported(path.child('kind'), kind, kinds));
  if (name === '') return [...errors, required(path.child('name'), '')];
  for (const problem of pathSegmentProblems(name))
    errors.push(invalidValue(path.child('name'), name, problem));
  return errors;
}

function validateSubject(subject: Subject, isNamespaced: boolean, path: FieldPath): FieldError[] {
  const { apiGroup = '', kind = '', name = '', namespace = '' } = subject;
  const errors: FieldError[] = [];
  if (name === '') errors.push(required(path.child('name'), ''));
  switch (kind) {
    case 'ServiceAccount':
      if (name !== '') {
        for (const problem of dnsSubdomainProblems(name))
          errors.push(invalidValue(path.child('name'), name, problem));
      }
      if (apiGroup !== '') errors.push(notSupported(path.child('apiGroup'), apiGroup, ['']));
      if (!isNamespaced && namespace === '') errors.push(required(path.child('namespace'), ''));
      break;
    case 'User':
    case 'Group':
      if (apiGroup !== rbacGroup)
        errors.push(notSupported(path.child('apiGroup'), apiGroup, [rbacGroup]));
      break;
    default:
      errors.push(notSupported(path.child('kind'), kind, ['ServiceAccount', 'User', 'Group']));
  }
  return errors;
}
