import { defined } from '../../../base/assert.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import type { FieldError } from '../../machinery/field-errors.js';
import { type FieldPath, fieldPath, invalidValue, required } from '../../machinery/field-path.js';
import { validateImmutable } from '../../machinery/immutable.js';
import { fieldsOf, type KubeObject } from '../../machinery/object.js';
import { eventToCore } from '../conversions/events.js';
import { eventKind } from '../core-v1/event.js';
import type { FieldErrors } from '../core-v1/field-checks.js';
import type { Event as CoreEvent } from '../gen/core-v1.js';
import type { Event } from '../gen/events-v1.js';
import { kindsOf } from '../group-kind.js';
import type { KindDefinition, RuleContext } from '../kind-definition.js';

const coreTable = defined(eventKind.table);

/** The same event as the core group has it; the API's refusals name its fields, but for one. */
function asCore(event: Event): CoreEvent {
  return eventToCore(fieldsOf(event)) as unknown as CoreEvent;
}

function coreErrors(event: Event, context: RuleContext): FieldError[] {
  const errors = eventKind.validateCreate?.(asCore(event) as KubeObject, context) ?? [];
  return errors.map((error) =>
    error.field === 'reportingComponent' ? { ...error, field: 'reportingController' } : error,
  );
}

/** Events of this version are new ones: seen at one time, by one who says who it is. */
function validateCreate(event: Event, context: RuleContext): FieldError[] {
  const errors: FieldErrors = coreErrors(event, context);
  const mustBeUnset = (isSet: boolean, path: FieldPath): void => {
    if (isSet) errors.push(invalidValue(path, '', 'needs to be unset'));
  };
  checkSeries(event, errors);
  if (event.eventTime === undefined) errors.push(required(fieldPath('eventTime'), ''));
  const { type = '', deprecatedSource: source } = event;
  if (type !== 'Normal' && type !== 'Warning') {
    errors.push(invalidValue(fieldPath('type'), '', `has invalid value: ${type}`));
  }
  mustBeUnset(event.deprecatedFirstTimestamp !== undefined, fieldPath('firstTimestamp'));
  mustBeUnset(event.deprecatedLastTimestamp !== undefined, fieldPath('lastTimestamp'));
  mustBeUnset((event.deprecatedCount ?? 0) !== 0, fieldPath('count'));
  mustBeUnset(Boolean(source?.component || source?.host), fieldPath('source'));
  return errors;
}

function checkSeries({ series }: Event, errors: FieldErrors): void {
  if (series === undefined) return;
  if ((series.count ?? 0) < 2) {
    errors.push(invalidValue(fieldPath('series.count'), '', 'should be at least 2'));
  }
  if (!series.lastObservedTime) errors.push(required(fieldPath('series.lastObservedTime'), ''));
}

const immutableTexts = [
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'type',
  'eventTime',
  'action',
  'related',
] as const satisfies readonly (keyof CoreEvent)[];

/** Only the series goes on. */
function validateUpdate(event: Event, old: Event, context: RuleContext): FieldError[] {
  const errors: FieldErrors = coreErrors(event, context);
  if (!deepEqual(event.series, old.series)) checkSeries(event, errors);
  const [now, before] = [asCore(event), asCore(old)];
  const mustStay = (value: unknown, was: unknown, name: string): void => {
    errors.push(...validateImmutable(value, was, fieldPath(name)));
  };
  mustStay(now.involvedObject, before.involvedObject, 'involvedObject');
  for (const name of immutableTexts) mustStay(now[name], before[name], name);
  mustStay(now.reportingComponent, before.reportingComponent, 'reportingController');
  mustStay(now.reportingInstance, before.reportingInstance, 'reportingInstance');
  return errors;
}

/** The rules of the kinds of events.k8s.io/v1. */
export const kinds: readonly KindDefinition[] = [
  kindsOf('events.k8s.io', 'v1')<Event>('Event', {
    allowsCreateOnUpdate: true,
    countsGeneration: false,
    validateCreate,
    validateUpdate,
    selectableFields: {
      reason: ({ reason }) => reason ?? '',
      'regarding.kind': ({ regarding }) => regarding?.kind ?? '',
      'regarding.namespace': ({ regarding }) => regarding?.namespace ?? '',
      'regarding.name': ({ regarding }) => regarding?.name ?? '',
      'regarding.uid': ({ regarding }) => regarding?.uid ?? '',
      'regarding.apiVersion': ({ regarding }) => regarding?.apiVersion ?? '',
      'regarding.resourceVersion': ({ regarding }) => regarding?.resourceVersion ?? '',
      'regarding.fieldPath': ({ regarding }) => regarding?.fieldPath ?? '',
      reportingController: ({ reportingController }) => reportingController ?? '',
      type: ({ type }) => type ?? '',
    },
    table: {
      columns: coreTable.columns,
      cells: (event, nowMs) => coreTable.cells(asCore(event) as KubeObject, nowMs),
    },
  }),
];
