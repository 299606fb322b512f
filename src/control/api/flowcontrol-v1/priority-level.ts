import { semanticEqual } from '../../machinery/deep-equal.js';
import type { FieldError } from '../../machinery/field-errors.js';
import {
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { checkRange, type FieldErrors } from '../core-v1/field-checks.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import type {
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
} from '../gen/flowcontrol-v1.js';
import { checkFlowConditions, flowKind } from './flow-kind.js';
import { mandatoryPriorityLevels } from './mandatory.js';

const specPath = fieldPath('spec');
const types = ['Exempt', 'Limited'];
const responseTypes = ['Queue', 'Reject'];
const queuesMax = 10_000_000;
/** Bits that are there to choose a hand of queues by. */
const entropyBitsMax = 60;

function setDefaults(level: PriorityLevelConfiguration): void {
  level.spec ??= {};
  const { spec } = level;
  if (spec.type === 'Exempt') {
    spec.exempt ??= {};
    spec.exempt.nominalConcurrencyShares ??= 0;
    spec.exempt.lendablePercent ??= 0;
  }
  const { limited } = spec;
  if (!limited) return;
  limited.nominalConcurrencyShares ??= 30;
  limited.lendablePercent ??= 0;
  const queuing = limited.limitResponse?.queuing;
  if (!queuing) return;
  queuing.handSize ||= 8;
  queuing.queues ||= 64;
  queuing.queueLengthLimit ||= 50;
}

function validate({ metadata, spec = {}, status }: PriorityLevelConfiguration): FieldError[] {
  const errors: FieldErrors = [];
  const name = metadata.name ?? '';
  const typePath = specPath.child('type');
  if ((name === 'exempt') !== (spec.type === 'Exempt')) {
    const text = "type must be 'Exempt' if and only if name is 'exempt'";
    errors.push(invalidValue(typePath, spec.type ?? '', text));
  }
  if (spec.type === 'Exempt') checkExempt(spec, errors);
  else if (spec.type === 'Limited') checkLimitedSpec(spec, errors);
  else errors.push(notSupported(typePath, spec.type ?? '', types));
  checkFixed(name, spec, errors);
  checkFlowConditions(status?.conditions, errors);
  return errors;
}

/** How much the level without limits lends is its own affair. */
function checkFixed(name: string, spec: PriorityLevelConfigurationSpec, errors: FieldErrors): void {
  const fixed = mandatoryPriorityLevels.get(name);
  if (fixed === undefined) return;
  const isExempt = name === 'exempt';
  const comparable = ({ exempt, ...rest }: PriorityLevelConfigurationSpec) =>
    isExempt ? rest : { exempt, ...rest };
  if (semanticEqual(comparable(spec), comparable(fixed))) return;
  const but = isExempt ? " except the 'spec.exempt' field" : '';
  const text = `spec of '${name}'${but} must equal the fixed value`;
  errors.push(invalidValue(specPath, spec, text));
}

function checkExempt({ exempt, limited }: PriorityLevelConfigurationSpec, errors: FieldErrors) {
  if (limited) {
    const text = 'must be nil if the type is not Limited';
    errors.push(forbiddenField(specPath.child('limited'), text));
  }
  const path = specPath.child('exempt');
  if (!exempt) {
    errors.push(required(path, 'must not be empty when type is Exempt'));
    return;
  }
  checkShares(exempt, path, errors);
}

function checkLimitedSpec(
  { exempt, limited }: PriorityLevelConfigurationSpec,
  errors: FieldErrors,
): void {
  if (exempt) {
    errors.push(forbiddenField(specPath.child('exempt'), 'must be nil if the type is Limited'));
  }
  const path = specPath.child('limited');
  if (limited) checkLimited(limited, path, errors);
  else errors.push(required(path, 'must not be empty when type is Limited'));
}

function checkShares(
  {
    nominalConcurrencyShares: shares = 0,
    lendablePercent: percent,
  }: { readonly nominalConcurrencyShares?: number; readonly lendablePercent?: number },
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (shares < 0) {
    const text = 'must be a non-negative integer';
    errors.push(invalidValue(path.child('nominalConcurrencyShares'), shares, text));
  }
  if (percent !== undefined) checkRange(percent, [0, 100], path.child('lendablePercent'), errors);
}

function checkLimited(
  limited: LimitedPriorityLevelConfiguration,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkShares(limited, path, errors);
  const { borrowingLimitPercent: limit, limitResponse } = limited;
  if (limit !== undefined && limit < 0) {
    const text = 'if specified, must be a non-negative integer';
    errors.push(invalidValue(path.child('borrowingLimitPercent'), limit, text));
  }
  checkResponse(limitResponse ?? {}, path.child('limitResponse'), errors);
}

function checkResponse(
  { type = '', queuing }: LimitResponse,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const queuingPath = path.child('queuing');
  if (type === 'Reject') {
    if (!queuing) return;
    const text = 'must be nil if limited.limitResponse.type is not Limited';
    errors.push(forbiddenField(queuingPath, text));
  } else if (type !== 'Queue') {
    errors.push(notSupported(path.child('type'), type, responseTypes));
  } else if (queuing) {
    checkQueuing(queuing, queuingPath, errors);
  } else {
    const text = 'must not be empty if limited.limitResponse.type is Limited';
    errors.push(required(queuingPath, text));
  }
}

function checkQueuing(
  { queueLengthLimit = 0, queues = 0, handSize = 0 }: QueuingConfiguration,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const positive = 'must be positive';
  if (queueLengthLimit <= 0) {
    errors.push(invalidValue(path.child('queueLengthLimit'), queueLengthLimit, positive));
  }
  const queuesPath = path.child('queues');
  if (queues <= 0) errors.push(invalidValue(queuesPath, queues, positive));
  else if (queues > queuesMax) {
    errors.push(invalidValue(queuesPath, queues, `must not be greater than ${queuesMax}`));
  }
  const handPath = path.child('handSize');
  const bits = Math.ceil(Math.log2(queues) * handSize);
  if (handSize <= 0) {
    errors.push(invalidValue(handPath, handSize, positive));
  } else if (handSize > queues) {
    const text = `should not be greater than queues (${queues})`;
    errors.push(invalidValue(handPath, handSize, text));
  } else if (bits > entropyBitsMax) {
    const text = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${entropyBitsMax}`;
    errors.push(invalidValue(handPath, handSize, text));
  }
}

function validateStatus({ status }: PriorityLevelConfiguration): FieldError[] {
  const errors: FieldErrors = [];
  checkFlowConditions(status?.conditions, errors);
  return errors;
}

const none = '<none>';

/** The rules of PriorityLevelConfigurations. */
export const priorityLevelConfigurationKind = flowKind<PriorityLevelConfiguration>(
  'PriorityLevelConfiguration',
  {
    setDefaults,
    validateCreate: validate,
    validateUpdate: validate,
    validateStatusUpdate: validateStatus,
    table: {
      columns: [
        nameColumn,
        column('Type', 'Whether requests of the level are limited.'),
        column('NominalConcurrencyShares', 'The part that the level has of what can run.'),
        column('Queues', 'How many queues the level has.'),
        column('HandSize', 'How many queues a flow may use.'),
        column('QueueLengthLimit', 'How many requests wait in a queue at most.'),
        ageColumn,
      ],
      cells: ({ metadata, spec }, nowMs) => {
        const queuing = spec?.limited?.limitResponse?.queuing;
        return [
          metadata.name ?? '',
          spec?.type ?? '',
          spec?.limited?.nominalConcurrencyShares ?? none,
          queuing?.queues ?? none,
          queuing?.handSize ?? none,
          queuing?.queueLengthLimit ?? none,
          ageOf(metadata.creationTimestamp, nowMs),
        ];
      },
    },
  },
);
