import { semanticEqual } from '../../machinery/deep-equal.js';
import type { FieldError } from '../../machinery/field-errors.js';
import { fieldPath, invalidValue, notSupported, required } from '../../machinery/field-path.js';
import { checkDnsSubdomain, type FieldErrors, isUnset } from '../core-v1/field-checks.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import type { FlowSchema } from '../gen/flowcontrol-v1.js';
import { checkFlowConditions, flowKind } from './flow-kind.js';
import { checkPolicyRules } from './flow-rules.js';
import { mandatoryFlowSchemas } from './mandatory.js';

const specPath = fieldPath('spec');
const precedenceDefault = 1000;
const precedenceMax = 10_000;
const distinguishers = ['ByNamespace', 'ByUser'];

function validate(schema: FlowSchema): FieldError[] {
  const errors: FieldErrors = [];
  const { metadata, spec = {}, status } = schema;
  const name = metadata.name ?? '';
  checkPrecedence(spec.matchingPrecedence ?? 0, name, errors);
  const method = spec.distinguisherMethod;
  if (method && !distinguishers.includes(method.type ?? '')) {
    const path = specPath.child('distinguisherMethod', 'type');
    errors.push(notSupported(path, { Type: method.type ?? '' }, distinguishers));
  }
  const level = spec.priorityLevelConfiguration?.name;
  const levelPath = specPath.child('priorityLevelConfiguration', 'name');
  if (isUnset(level)) errors.push(required(levelPath, 'must reference a priority level'));
  else checkDnsSubdomain(level, levelPath, errors);
  spec.rules?.forEach((rule, at) => {
    checkPolicyRules(rule, specPath.child('rules').index(at), errors);
  });
  const fixed = mandatoryFlowSchemas.get(name);
  if (fixed !== undefined && !semanticEqual(spec, fixed)) {
    errors.push(invalidValue(specPath, spec, `spec of '${name}' must equal the fixed value`));
  }
  checkFlowConditions(status?.conditions, errors);
  return errors;
}

function checkPrecedence(precedence: number, name: string, errors: FieldErrors): void {
  const path = specPath.child('matchingPrecedence');
  if (precedence <= 0) errors.push(invalidValue(path, precedence, 'must be a positive value'));
  if (precedence > precedenceMax) {
    errors.push(invalidValue(path, precedence, `must not be greater than ${precedenceMax}`));
  }
  if (precedence !== 1 || name === 'exempt') return;
  const text = "only the schema named 'exempt' may have matchingPrecedence 1";
  errors.push(invalidValue(path, precedence, text));
}

function validateStatus({ status }: FlowSchema): FieldError[] {
  const errors: FieldErrors = [];
  checkFlowConditions(status?.conditions, errors);
  return errors;
}

/** The rules of FlowSchemas. */
export const flowSchemaKind = flowKind<FlowSchema>('FlowSchema', {
  setDefaults: (schema) => {
    schema.spec ??= {};
    schema.spec.matchingPrecedence ||= precedenceDefault;
  },
  validateCreate: validate,
  validateUpdate: validate,
  validateStatusUpdate: validateStatus,
  table: {
    columns: [
      nameColumn,
      column('PriorityLevel', 'The level of the requests.'),
      column('MatchingPrecedence', 'Which schema is asked first: the lowest.', { type: 'string' }),
      column('DistinguisherMethod', 'What makes flows of the requests.'),
      ageColumn,
      column('MissingPL', 'Whether the level is not there.'),
    ],
    cells: ({ metadata, spec, status }, nowMs) => [
      metadata.name ?? '',
      spec?.priorityLevelConfiguration?.name ?? '',
      spec?.matchingPrecedence ?? 0,
      spec?.distinguisherMethod?.type ?? '<none>',
      ageOf(metadata.creationTimestamp, nowMs),
      status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?',
    ],
  },
});
