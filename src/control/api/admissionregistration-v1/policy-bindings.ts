import type { FieldError } from '../../machinery/field-errors.js';
import {
  duplicate,
  type FieldPath,
  fieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { selectorCell } from '../apps-v1/selector-cell.js';
import { checkDnsSubdomain, type FieldErrors, isUnset } from '../core-v1/field-checks.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import type {
  MutatingAdmissionPolicyBinding,
  ParamRef,
  ValidatingAdmissionPolicyBinding,
} from '../gen/admissionregistration-v1.js';
import type { TableLayout } from '../kind-definition.js';
import { admissionKind } from './admission-kind.js';
import { checkMatchResources, setMatchDefaults } from './match-resources.js';
import { checkParamRef } from './params.js';

type Binding = MutatingAdmissionPolicyBinding | ValidatingAdmissionPolicyBinding;

const specPath = fieldPath('spec');
const actions = ['Audit', 'Deny', 'Warn'];

function setDefaults({ spec }: Binding): void {
  setMatchDefaults(spec?.matchResources);
  if (spec?.paramRef) spec.paramRef.parameterNotFoundAction ??= 'Deny';
}

function validateBinding({ spec }: Binding): FieldError[] {
  const errors: FieldErrors = [];
  const { policyName, paramRef, matchResources } = spec ?? {};
  const namePath = specPath.child('policyName');
  if (isUnset(policyName)) errors.push(required(namePath, ''));
  else checkDnsSubdomain(policyName, namePath, errors);
  if (paramRef) checkParamRef(paramRef, specPath.child('paramRef'), errors);
  if (matchResources) {
    checkMatchResources(matchResources, specPath.child('matchResources'), errors);
  }
  return errors;
}

function validateValidating(binding: ValidatingAdmissionPolicyBinding): FieldError[] {
  const errors = validateBinding(binding);
  const given = binding.spec?.validationActions ?? [];
  checkActions(given, specPath.child('validationActions'), errors);
  return errors;
}

function checkActions(given: readonly string[], path: FieldPath, errors: FieldErrors): void {
  given.forEach((action, at) => {
    if (!actions.includes(action)) errors.push(notSupported(path.index(at), action, actions));
    if (given.indexOf(action) < at) errors.push(duplicate(path.index(at), action));
  });
  if (given.includes('Deny') && given.includes('Warn')) {
    const text =
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)';
    errors.push(invalidValue(path, given, text));
  }
  if (given.length === 0) {
    errors.push(required(path, 'at least one validation action is required'));
  }
}

/** `namespace/name`, or the labels, of the parameters. */
function paramRefCell(ref: ParamRef | undefined): string {
  if (!ref) return '<unset>';
  const what = isUnset(ref.name) ? selectorCell(ref.selector) : ref.name;
  return isUnset(ref.namespace) ? what : `${ref.namespace}/${what}`;
}

const table: TableLayout<Binding> = {
  columns: [
    nameColumn,
    column('PolicyName', 'The policy that is bound.'),
    column('ParamRef', 'The parameters that it gets.'),
    ageColumn,
  ],
  cells: ({ metadata, spec }, nowMs) => [
    metadata.name ?? '',
    spec?.policyName ?? '',
    paramRefCell(spec?.paramRef),
    ageOf(metadata.creationTimestamp, nowMs),
  ],
};

/** The rules of ValidatingAdmissionPolicyBindings. */
export const validatingAdmissionPolicyBindingKind = admissionKind<ValidatingAdmissionPolicyBinding>(
  'ValidatingAdmissionPolicyBinding',
  {
    countsGeneration: true,
    setDefaults,
    validateCreate: validateValidating,
    validateUpdate: validateValidating,
    table,
  },
);

/** The rules of MutatingAdmissionPolicyBindings. */
export const mutatingAdmissionPolicyBindingKind = admissionKind<MutatingAdmissionPolicyBinding>(
  'MutatingAdmissionPolicyBinding',
  {
    countsGeneration: true,
    setDefaults,
    validateCreate: validateBinding,
    validateUpdate: validateBinding,
    table,
  },
);
