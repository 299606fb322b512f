import type { FieldError } from '../../machinery/field-errors.js';
import { duplicate, type FieldPath, fieldPath } from '../../machinery/field-path.js';
import { validateImmutable } from '../../machinery/immutable.js';
import { validateLabels } from '../../machinery/labels.js';
import { checkDnsLabel, type FieldErrors } from '../core-v1/field-checks.js';
import { checkTolerations } from '../core-v1/pod/tolerations.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import { checkContainerResourceName, checkRequirements } from '../core-v1/resource-rules.js';
import type { Toleration } from '../gen/core-v1.js';
import type { RuntimeClass } from '../gen/node-v1.js';
import { kindsOf } from '../group-kind.js';
import type { KindDefinition } from '../kind-definition.js';

const handlerPath = fieldPath('handler');

function validate({ handler = '', overhead, scheduling }: RuntimeClass): FieldError[] {
  const errors: FieldErrors = [];
  checkDnsLabel(handler, handlerPath, errors);
  if (overhead?.podFixed) {
    const rules = {
      checkName: checkContainerResourceName,
      claimNames: new Set<string>(),
      allowsPartialHugePages: false,
    };
    checkRequirements({ limits: overhead.podFixed }, rules, fieldPath('overhead'), errors);
  }
  if (scheduling) {
    const path = fieldPath('scheduling');
    errors.push(...validateLabels(scheduling.nodeSelector, path.child('nodeSelector')));
    const tolerationsPath = path.child('tolerations');
    checkTolerations(scheduling.tolerations, tolerationsPath, errors);
    checkUnique(scheduling.tolerations ?? [], tolerationsPath, errors);
  }
  return errors;
}

function checkUnique(
  tolerations: readonly Toleration[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  const seen = new Set<string>();
  tolerations.forEach(({ key = '', operator = '', value = '', effect = '', ...rest }, at) => {
    const identity = JSON.stringify([key, operator, value, effect]);
    if (seen.has(identity)) {
      const shown = {
        Key: key,
        Operator: operator,
        Value: value,
        Effect: effect,
        TolerationSeconds: rest.tolerationSeconds ?? null,
      };
      errors.push(duplicate(path.index(at), shown));
    }
    seen.add(identity);
  });
}

/** The rules of the kinds of node.k8s.io/v1. */
export const kinds: readonly KindDefinition[] = [
  kindsOf('node.k8s.io', 'v1')<RuntimeClass>('RuntimeClass', {
    allowsUnconditionalUpdate: false,
    countsGeneration: false,
    validateCreate: validate,
    validateUpdate: ({ handler = '' }, old) =>
      validateImmutable(handler, old.handler ?? '', handlerPath),
    table: {
      columns: [nameColumn, column('Handler', 'What runs the pods.'), ageColumn],
      cells: ({ metadata, handler }, nowMs) => [
        metadata.name ?? '',
        handler ?? '',
        ageOf(metadata.creationTimestamp, nowMs),
      ],
    },
  }),
];
