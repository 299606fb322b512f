import type { FieldError } from '../../machinery/field-errors.js';
import { fieldPath, invalidValue, required } from '../../machinery/field-path.js';
import { dnsSubdomainProblems } from '../../machinery/names.js';
import { utf8Length } from '../../machinery/quote.js';
import type { Event } from '../gen/core-v1.js';
import { coreKind, whenever } from './core-kind.js';
import { addProblems, checkQualifiedName, type FieldErrors } from './field-checks.js';
import { ageOf, column, wideColumn } from './table.js';

const textMax = 128;
const messageMax = 1024;

function validateEvent(event: Event): FieldError[] {
  const errors: FieldErrors = [];
  const { namespace = '' } = event.metadata;
  const of = event.involvedObject?.namespace ?? '';
  if (!belongsTogether(event, namespace, of)) {
    const path = fieldPath('involvedObject', 'namespace');
    errors.push(invalidValue(path, of, 'does not match event.namespace'));
  }
  if (event.eventTime !== undefined) checkNewEvent(event, errors);
  addProblems(dnsSubdomainProblems(namespace), fieldPath('namespace'), namespace, errors);
  return errors;
}

/** An event is where its object is; those of objects without a namespace are in `default`, new ones in `kube-system` too. */
function belongsTogether({ eventTime }: Event, namespace: string, of: string): boolean {
  if (eventTime !== undefined) {
    return of !== '' || namespace === 'default' || namespace === 'kube-system';
  }
  return of === '' ? namespace === '' || namespace === 'default' : namespace === of;
}

/** Events that say when they were seen exactly also say by whom, and what was done. */
function checkNewEvent(event: Event, errors: FieldErrors): void {
  const component = event.reportingComponent ?? '';
  const componentPath = fieldPath('reportingComponent');
  if (component === '') errors.push(required(componentPath, ''));
  checkQualifiedName(component, componentPath, errors);
  for (const field of ['reportingInstance', 'action', 'reason'] as const) {
    const text = event[field] ?? '';
    if (text === '') errors.push(required(fieldPath(field), ''));
    checkLength(text, field, textMax, errors);
  }
  checkLength(event.message ?? '', 'message', messageMax, errors);
}

function checkLength(text: string, field: string, max: number, errors: FieldErrors): void {
  if (utf8Length(text) <= max) return;
  errors.push(invalidValue(fieldPath(field), '', `can have at most ${max} characters`));
}

function cells(event: Event, nowMs: number): (string | number)[] {
  const first = event.firstTimestamp ?? event.eventTime;
  const last = event.series?.lastObservedTime ?? event.lastTimestamp ?? first;
  const { kind = '', name = '', fieldPath: subobject = '' } = event.involvedObject ?? {};
  const component = event.source?.component || (event.reportingComponent ?? '');
  const host = event.source?.host || (event.reportingInstance ?? '');
  return [
    ageOf(last, nowMs),
    event.type ?? '',
    event.reason ?? '',
    name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`,
    subobject,
    host === '' ? component : `${component}, ${host}`,
    (event.message ?? '').trim(),
    ageOf(first, nowMs),
    event.series ? (event.series.count ?? 0) : event.count || 1,
    event.metadata.name ?? '',
  ];
}

/** The rules of Events. */
export const eventKind = coreKind<Event>('Event', {
  ...whenever(validateEvent),
  selectableFields: {
    'involvedObject.kind': ({ involvedObject }) => involvedObject?.kind ?? '',
    'involvedObject.namespace': ({ involvedObject }) => involvedObject?.namespace ?? '',
    'involvedObject.name': ({ involvedObject }) => involvedObject?.name ?? '',
    'involvedObject.uid': ({ involvedObject }) => involvedObject?.uid ?? '',
    'involvedObject.apiVersion': ({ involvedObject }) => involvedObject?.apiVersion ?? '',
    'involvedObject.resourceVersion': ({ involvedObject }) => involvedObject?.resourceVersion ?? '',
    'involvedObject.fieldPath': ({ involvedObject }) => involvedObject?.fieldPath ?? '',
    reason: ({ reason }) => reason ?? '',
    reportingComponent: ({ reportingComponent }) => reportingComponent ?? '',
    source: ({ source, reportingComponent }) => source?.component || (reportingComponent ?? ''),
    type: ({ type }) => type ?? '',
  },
  allowsCreateOnUpdate: true,
  countsGeneration: false,
  nameRule: 'path-segment',
  table: {
    columns: [
      column('Last Seen', 'How long ago it was seen the last time.'),
      column('Type', 'Whether it is normal.'),
      column('Reason', 'A word for why.'),
      column('Object', 'What it is about.'),
      wideColumn('Subobject', 'Which part of the object.'),
      wideColumn('Source', 'Who saw it.'),
      column('Message', 'What happened.'),
      wideColumn('First Seen', 'How long ago it was seen the first time.'),
      wideColumn('Count', 'How often it was seen.'),
      column('Name', 'The name of the event.', { priority: 1, format: 'name' }),
    ],
    cells,
  },
});
