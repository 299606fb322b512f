import { deepEqual } from '../../machinery/deep-equal.js';
import type { FieldError } from '../../machinery/field-errors.js';
import {
  duplicate,
  type FieldPath,
  fieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { utf8Length } from '../../machinery/quote.js';
import { checkConditions } from '../conditions.js';
import { checkQualifiedName, type FieldErrors } from '../core-v1/field-checks.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import type {
  AuditAnnotation,
  MatchResources,
  ParamKind,
  ValidatingAdmissionPolicy,
  Validation,
} from '../gen/admissionregistration-v1.js';
import type { KindDefinition } from '../kind-definition.js';
import { admissionKind } from './admission-kind.js';
import type { ExpressionChecker } from './expressions.js';
import { checkMatchConditions } from './match-conditions.js';
import { checkFailurePolicy, checkMatchResources, setMatchDefaults } from './match-resources.js';
import { checkParamKind } from './params.js';
import {
  checkRequiredExpression,
  checkVariables,
  type UseCheckers,
  useCheckers,
} from './policy-parts.js';

type Policy = ValidatingAdmissionPolicy;

const specPath = fieldPath('spec');
const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const annotationsMax = 20;
const annotationBytesMax = 5 * 1024;

function validate(policy: Policy, old: Policy | undefined, check: ExpressionChecker): FieldError[] {
  const errors: FieldErrors = [];
  const { spec = {} } = policy;
  const { paramKind, matchConstraints: match, validations = [], auditAnnotations = [] } = spec;
  checkFailurePolicy(spec.failurePolicy, specPath.child('failurePolicy'), errors);
  if (paramKind) checkParamKind(paramKind, specPath.child('paramKind'), errors);
  checkConstraints(match, specPath.child('matchConstraints'), errors);
  const isKept =
    old !== undefined &&
    deepEqual(paramKind, old.spec?.paramKind) &&
    deepEqual(spec.matchConditions, old.spec?.matchConditions);
  if (!isKept) {
    const options = { hasParams: paramKind !== undefined, check };
    const path = specPath.child('matchConditions');
    checkMatchConditions(spec.matchConditions, options, path, errors);
  }
  const checkerOf = useCheckers(check, paramKind, spec.variables);
  checkVariables(spec.variables, checkerOf, specPath.child('variables'), errors);
  if (validations.length + auditAnnotations.length === 0) {
    const text = 'validations or auditAnnotations must contain at least one item';
    errors.push(required(specPath.child('validations'), text));
    errors.push(required(specPath.child('auditAnnotations'), text));
    return errors;
  }
  validations.forEach((validation, at) => {
    checkValidation(validation, checkerOf, specPath.child('validations').index(at), errors);
  });
  checkAnnotations(policy, checkerOf, errors);
  return errors;
}

/** A policy names at least one resource: it is what is known of the objects that it is about. */
export function checkConstraints(
  match: MatchResources | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (match === undefined) {
    errors.push(required(path, ''));
    return;
  }
  checkMatchResources(match, path, errors);
  if (!match.resourceRules?.length) errors.push(required(path.child('resourceRules'), ''));
}

function checkValidation(
  validation: Validation,
  checkerOf: UseCheckers,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { expression = '', messageExpression = '', message = '', reason } = validation;
  checkRequiredExpression(expression, checkerOf('validation'), path.child('expression'), errors);
  const textPath = path.child('messageExpression');
  if (messageExpression !== '' && messageExpression.trim() === '') {
    errors.push(invalidValue(textPath, messageExpression, 'must be non-empty if specified'));
  } else if (messageExpression !== '') {
    errors.push(...checkerOf('message')(messageExpression, textPath));
  }
  const messagePath = path.child('message');
  if (message !== '' && message.trim() === '') {
    errors.push(invalidValue(messagePath, message, 'message must be non-empty if specified'));
  } else if (/[\n\r]/.test(message.trim())) {
    errors.push(invalidValue(messagePath, message, 'message must not contain line breaks'));
  }
  if (reason !== undefined && !reasons.includes(reason)) {
    errors.push(notSupported(path.child('reason'), reason, reasons));
  }
}

function checkAnnotations(
  { metadata: { name = '' }, spec = {} }: Policy,
  checkerOf: UseCheckers,
  errors: FieldErrors,
): void {
  const path = specPath.child('auditAnnotations');
  const annotations = spec.auditAnnotations ?? [];
  if (annotations.length > annotationsMax) {
    const text = `must not have more than ${annotationsMax} auditAnnotations`;
    errors.push(invalidValue(path, annotations, text));
  }
  const keys = new Set<string>();
  annotations.forEach((annotation, at) => {
    const { key = '' } = annotation;
    const keyPath = path.index(at).child('key');
    if (name === '') {
      errors.push(invalidValue(keyPath, key, 'requires metadata.name be non-empty'));
    } else {
      checkQualifiedName(`${name}/${key}`, keyPath, errors);
    }
    checkAnnotationValue(annotation, checkerOf, path.index(at).child('valueExpression'), errors);
    if (keys.has(key)) errors.push(duplicate(keyPath, key));
    keys.add(key);
  });
}

function checkAnnotationValue(
  { valueExpression = '' }: AuditAnnotation,
  checkerOf: UseCheckers,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const trimmed = valueExpression.trim();
  if (trimmed === '') {
    errors.push(required(path, 'valueExpression is not specified'));
  } else if (utf8Length(trimmed) > annotationBytesMax) {
    errors.push(required(path, `must not exceed ${annotationBytesMax} bytes in length`));
  } else {
    errors.push(...checkerOf('audit-annotation')(trimmed, path));
  }
}

function validateStatus({ status }: Policy): FieldError[] {
  const errors: FieldErrors = [];
  status?.typeChecking?.expressionWarnings?.forEach(({ warning = '', fieldRef = '' }, at) => {
    const path = fieldPath('status', 'typeChecking', 'expressionWarnings').index(at);
    if (warning === '') errors.push(required(path.child('warning'), ''));
    if (fieldRef.trim() === '') errors.push(required(path.child('fieldRef'), ''));
  });
  checkConditions(status?.conditions, fieldPath('status', 'conditions'), errors);
  return errors;
}

/** `apiVersion/kind` of the parameters of a policy in one cell. */
export function paramKindCell(paramKind: ParamKind | undefined): string {
  return paramKind ? `${paramKind.apiVersion ?? ''}/${paramKind.kind ?? ''}` : '<unset>';
}

/** The rules of ValidatingAdmissionPolicies. */
export const validatingAdmissionPolicyKind = (check: ExpressionChecker): KindDefinition =>
  admissionKind<Policy>('ValidatingAdmissionPolicy', {
    setDefaults: ({ spec }) => {
      if (spec === undefined) return;
      spec.failurePolicy ??= 'Fail';
      setMatchDefaults(spec.matchConstraints);
    },
    validateCreate: (policy) => validate(policy, undefined, check),
    validateUpdate: (policy, old) => validate(policy, old, check),
    validateStatusUpdate: validateStatus,
    table: {
      columns: [
        nameColumn,
        column('Validations', 'How many validations there are.', { type: 'integer' }),
        column('ParamKind', 'The kind of the parameters.'),
        ageColumn,
      ],
      cells: ({ metadata, spec }, nowMs) => [
        metadata.name ?? '',
        spec?.validations?.length ?? 0,
        paramKindCell(spec?.paramKind),
        ageOf(metadata.creationTimestamp, nowMs),
      ],
    },
  });
