import { deepEqual } from '../../machinery/deep-equal.js';
import type { FieldError } from '../../machinery/field-errors.js';
import {
  type FieldPath,
  fieldPath,
  forbiddenField,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { type FieldErrors, isUnset } from '../core-v1/field-checks.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import type { MutatingAdmissionPolicy, Mutation } from '../gen/admissionregistration-v1.js';
import type { KindDefinition } from '../kind-definition.js';
import { admissionKind } from './admission-kind.js';
import type { ExpressionChecker } from './expressions.js';
import { checkMatchConditions } from './match-conditions.js';
import { checkFailurePolicy, setMatchDefaults } from './match-resources.js';
import { checkParamKind } from './params.js';
import {
  checkRequiredExpression,
  checkVariables,
  type UseCheckers,
  useCheckers,
} from './policy-parts.js';
import { checkConstraints, paramKindCell } from './validating-policy.js';

type Policy = MutatingAdmissionPolicy;

const specPath = fieldPath('spec');
const patchTypes = ['ApplyConfiguration', 'JSONPatch'];
const reinvocationPolicies = ['IfNeeded', 'Never'];

function validate(
  { spec = {} }: Policy,
  old: Policy | undefined,
  check: ExpressionChecker,
): FieldError[] {
  const errors: FieldErrors = [];
  const { paramKind, mutations = [] } = spec;
  checkFailurePolicy(spec.failurePolicy, specPath.child('failurePolicy'), errors);
  if (paramKind) checkParamKind(paramKind, specPath.child('paramKind'), errors);
  checkConstraints(spec.matchConstraints, specPath.child('matchConstraints'), errors);
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
  const mutationsPath = specPath.child('mutations');
  if (mutations.length === 0) {
    errors.push(required(mutationsPath, 'mutations must contain at least one item'));
  }
  mutations.forEach((mutation, at) => {
    checkMutation(mutation, checkerOf, mutationsPath.index(at), errors);
  });
  const policyPath = specPath.child('reinvocationPolicy');
  const { reinvocationPolicy } = spec;
  if (isUnset(reinvocationPolicy)) errors.push(required(policyPath, ''));
  else if (!reinvocationPolicies.includes(reinvocationPolicy)) {
    errors.push(notSupported(policyPath, reinvocationPolicy, reinvocationPolicies));
  }
  return errors;
}

/** One change of an object, in one of two ways. */
function checkMutation(
  { patchType, applyConfiguration, jsonPatch }: Mutation,
  checkerOf: UseCheckers,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const typePath = path.child('patchType');
  if (isUnset(patchType)) {
    errors.push(required(typePath, ''));
    return;
  }
  if (!patchTypes.includes(patchType)) {
    errors.push(notSupported(typePath, patchType, patchTypes));
    return;
  }
  const isApply = patchType === 'ApplyConfiguration';
  const [name, other] = isApply
    ? (['applyConfiguration', 'jsonPatch'] as const)
    : (['jsonPatch', 'applyConfiguration'] as const);
  const [source, unused] = isApply
    ? [applyConfiguration, jsonPatch]
    : [jsonPatch, applyConfiguration];
  const sourcePath = path.child(name);
  if (source === undefined) {
    errors.push(required(sourcePath, `must be specified when patchType is ${patchType}`));
  } else {
    const use = checkerOf(isApply ? 'apply-configuration' : 'json-patch');
    const expressionPath = sourcePath.child('expression');
    checkRequiredExpression(source.expression ?? '', use, expressionPath, errors);
  }
  if (unused === undefined) return;
  const text = `must not be specified when patchType is ${patchType}`;
  errors.push(forbiddenField(path.child(other), text));
}

/** The rules of MutatingAdmissionPolicies. */
export const mutatingAdmissionPolicyKind = (check: ExpressionChecker): KindDefinition =>
  admissionKind<Policy>('MutatingAdmissionPolicy', {
    countsGeneration: true,
    setDefaults: ({ spec }) => {
      if (spec === undefined) return;
      spec.failurePolicy ??= 'Fail';
      spec.reinvocationPolicy ??= 'Never';
      setMatchDefaults(spec.matchConstraints);
    },
    validateCreate: (policy) => validate(policy, undefined, check),
    validateUpdate: (policy, old) => validate(policy, old, check),
    table: {
      columns: [
        nameColumn,
        column('Mutations', 'How many mutations there are.', { type: 'integer' }),
        column('ParamKind', 'The kind of the parameters.'),
        ageColumn,
      ],
      cells: ({ metadata, spec }, nowMs) => [
        metadata.name ?? '',
        spec?.mutations?.length ?? 0,
        paramKindCell(spec?.paramKind),
        ageOf(metadata.creationTimestamp, nowMs),
      ],
    },
  });
