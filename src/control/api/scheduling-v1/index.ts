import type { FieldError } from '../../machinery/field-errors.js';
import { fieldPath, forbiddenField } from '../../machinery/field-path.js';
import { validateImmutable } from '../../machinery/immutable.js';
import { checkOneOf, type FieldErrors } from '../core-v1/field-checks.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import type { PriorityClass } from '../gen/scheduling-v1.js';
import { kindsOf } from '../group-kind.js';
import type { KindDefinition } from '../kind-definition.js';

const systemPrefix = 'system-';
/** The highest priority that is not the system's own. */
const userPriorityMax = 1_000_000_000;
const systemClasses: ReadonlyMap<string, number> = new Map([
  ['system-node-critical', 2_000_001_000],
  ['system-cluster-critical', 2_000_000_000],
]);
const preemptionPolicies = ['PreemptLowerPriority', 'Never'];
const preemptionPath = fieldPath('preemptionPolicy');

function validate({
  metadata: { name = '' },
  value = 0,
  globalDefault = false,
  preemptionPolicy,
}: PriorityClass): FieldError[] {
  const errors: FieldErrors = [];
  if (name.startsWith(systemPrefix)) {
    const problem = systemClassProblem(name, value, globalDefault);
    if (problem !== undefined) {
      const text = `priority class names with '${systemPrefix}' prefix are reserved for system use only. error: ${problem}`;
      errors.push(forbiddenField(fieldPath('metadata', 'name'), text));
    }
  } else if (value > userPriorityMax) {
    const text = `maximum allowed value of a user defined priority is ${userPriorityMax}`;
    errors.push(forbiddenField(fieldPath('value'), text));
  }
  if (preemptionPolicy !== undefined) {
    checkOneOf(preemptionPolicy, preemptionPolicies, preemptionPath, errors);
  }
  return errors;
}

function systemClassProblem(name: string, value: number, isDefault: boolean): string | undefined {
  const expected = systemClasses.get(name);
  if (expected === undefined) return `${name} is not a known system priority class`;
  if (value !== expected) return `value of ${name} PriorityClass must be ${expected}`;
  return isDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

function validateUpdate(priority: PriorityClass, old: PriorityClass): FieldError[] {
  const errors: FieldErrors = [];
  if ((priority.value ?? 0) !== (old.value ?? 0)) {
    errors.push(forbiddenField(fieldPath('value'), 'may not be changed in an update.'));
  }
  const policy = priority.preemptionPolicy ?? null;
  return [...errors, ...validateImmutable(policy, old.preemptionPolicy ?? null, preemptionPath)];
}

/** The rules of the kinds of scheduling.k8s.io/v1. */
export const kinds: readonly KindDefinition[] = [
  kindsOf('scheduling.k8s.io', 'v1')<PriorityClass>('PriorityClass', {
    countsGeneration: true,
    setDefaults: (priority) => {
      priority.preemptionPolicy ??= 'PreemptLowerPriority';
    },
    validateCreate: validate,
    deletionProblem: ({ metadata }) =>
      systemClasses.has(metadata.name ?? '')
        ? 'this is a system priority class and cannot be deleted'
        : undefined,
    validateUpdate,
    table: {
      columns: [
        nameColumn,
        column('Value', 'The priority of pods of the class.', { type: 'integer' }),
        column('Global-Default', 'Whether pods that name no class are of this one.', {
          type: 'boolean',
        }),
        ageColumn,
        column('PreemptionPolicy', 'Whether pods of the class may replace others.'),
      ],
      cells: ({ metadata, value, globalDefault, preemptionPolicy }, nowMs) => [
        metadata.name ?? '',
        value ?? 0,
        globalDefault ?? false,
        ageOf(metadata.creationTimestamp, nowMs),
        preemptionPolicy ?? '',
      ],
    },
  }),
];
