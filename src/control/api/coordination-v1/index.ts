import type { FieldError } from '../../machinery/field-errors.js';
import {
  fieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
} from '../../machinery/field-path.js';
import { checkQualifiedName, type FieldErrors, isUnset } from '../core-v1/field-checks.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import type { Lease } from '../gen/coordination-v1.js';
import { kindsOf } from '../group-kind.js';
import type { KindDefinition } from '../kind-definition.js';

const path = fieldPath('spec');
const strategies = ['OldestEmulationVersion'];

function validate({ spec = {} }: Lease): FieldError[] {
  const errors: FieldErrors = [];
  const { leaseDurationSeconds: seconds, leaseTransitions: transitions, strategy } = spec;
  if (seconds !== undefined && seconds <= 0) {
    errors.push(
      invalidValue(path.child('leaseDurationSeconds'), seconds, 'must be greater than 0'),
    );
  }
  if (transitions !== undefined && transitions < 0) {
    const text = 'must be greater than or equal to 0';
    errors.push(invalidValue(path.child('leaseTransitions'), transitions, text));
  }
  if (strategy !== undefined) checkStrategy(strategy, errors);
  if (!isUnset(spec.preferredHolder) && isUnset(strategy)) {
    const text = 'may only be specified if `strategy` is defined';
    errors.push(forbiddenField(path.child('preferredHolder'), text));
  }
  return errors;
}

/** How a leader is chosen: as Kubernetes names it, or with a domain before it. The API repeats the field's name. */
function checkStrategy(strategy: string, errors: FieldErrors): void {
  const strategyPath = path.child('strategy', 'strategy');
  if (strategy.includes('/')) checkQualifiedName(strategy, strategyPath, errors);
  else if (!strategies.includes(strategy)) {
    errors.push(notSupported(strategyPath, strategy, strategies));
  }
}

/** The rules of the kinds of coordination.k8s.io/v1. */
export const kinds: readonly KindDefinition[] = [
  kindsOf('coordination.k8s.io', 'v1')<Lease>('Lease', {
    allowsCreateOnUpdate: true,
    allowsUnconditionalUpdate: false,
    countsGeneration: false,
    validateCreate: validate,
    validateUpdate: validate,
    table: {
      columns: [nameColumn, column('Holder', 'Who has it.'), ageColumn],
      cells: ({ metadata, spec }, nowMs) => [
        metadata.name ?? '',
        spec?.holderIdentity ?? '',
        ageOf(metadata.creationTimestamp, nowMs),
      ],
    },
  }),
];
