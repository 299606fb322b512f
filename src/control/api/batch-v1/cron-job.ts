import type { FieldError } from '../../machinery/field-errors.js';
import {
  type FieldPath,
  fieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { utf8Length } from '../../machinery/quote.js';
import { selectorCell } from '../apps-v1/selector-cell.js';
import { nameWarnings } from '../apps-v1/workload.js';
import {
  checkNonNegative,
  checkOneOf,
  type FieldErrors,
  isUnset,
} from '../core-v1/field-checks.js';
import {
  ageColumn,
  ageOf,
  column,
  containerCells,
  containerColumns,
  nameColumn,
  preparePodTemplate,
  wideColumn,
} from '../core-v1/pod-spec.js';
import type { CronJob, CronJobSpec, JobTemplateSpec } from '../gen/batch-v1.js';
import { batchKind } from './batch-kind.js';
import { scheduleProblem } from './cron-schedule.js';
import { setCronJobDefaults } from './job-defaults.js';
import { checkJobSpec } from './job-spec.js';
import { jobSpecWarnings } from './job-warnings.js';
import { checkTimeZone } from './time-zone.js';

const specPath = fieldPath('spec');
const policies = ['Allow', 'Forbid', 'Replace'];
/** A job's name has 63 characters at most, of which 11 are the time. */
const nameMax = 52;

function checkSpec(spec: CronJobSpec, old: CronJobSpec | undefined, errors: FieldErrors): void {
  const schedulePath = specPath.child('schedule');
  if (isUnset(spec.schedule)) errors.push(required(schedulePath, ''));
  else checkSchedule(spec.schedule, spec, old, schedulePath, errors);
  const deadlinePath = specPath.child('startingDeadlineSeconds');
  checkNonNegative(spec.startingDeadlineSeconds, deadlinePath, errors);
  if (old === undefined || old.timeZone !== spec.timeZone) {
    checkTimeZone(spec.timeZone, specPath.child('timeZone'), errors);
  }
  checkOneOf(spec.concurrencyPolicy, policies, specPath.child('concurrencyPolicy'), errors);
  checkTemplate(spec.jobTemplate ?? {}, old?.jobTemplate, specPath.child('jobTemplate'), errors);
  for (const name of ['successfulJobsHistoryLimit', 'failedJobsHistoryLimit'] as const) {
    checkNonNegative(spec[name], specPath.child(name), errors);
  }
}

/** A zone within the schedule is only for those who always had one there. */
function checkSchedule(
  schedule: string,
  { timeZone }: CronJobSpec,
  old: CronJobSpec | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const problem = scheduleProblem(schedule);
  if (problem !== undefined) errors.push(invalidValue(path, schedule, problem));
  if (!schedule.includes('TZ')) return;
  if (!old?.schedule?.includes('TZ')) {
    const text = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
    errors.push(invalidValue(path, schedule, text));
  } else if (timeZone !== undefined) {
    const text = 'cannot use both timeZone field and TZ or CRON_TZ in schedule';
    errors.push(invalidValue(path, schedule, text));
  }
}

function checkTemplate(
  { spec = {} }: JobTemplateSpec,
  old: JobTemplateSpec | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { selector, manualSelector } = spec;
  checkJobSpec(spec, old?.spec, path.child('spec'), errors);
  if (selector !== undefined) {
    const text = '`selector` will be auto-generated';
    errors.push(invalidValue(path.child('spec', 'selector'), selector, text));
  }
  if (manualSelector) {
    const manualPath = path.child('spec', 'manualSelector');
    errors.push(notSupported(manualPath, manualSelector, ['nil', 'false']));
  }
}

function checkName({ metadata: { name = '' } }: CronJob): FieldError[] {
  if (utf8Length(name) <= nameMax) return [];
  const text = `must be no more than ${nameMax} characters`;
  return [invalidValue(fieldPath('metadata', 'name'), name, text)];
}

function warnings(cronJob: CronJob, old: CronJob | undefined): string[] {
  const { schedule = '', jobTemplate } = cronJob.spec ?? {};
  const zone = `cannot use TZ or CRON_TZ in ${specPath.child('schedule')}, use ${specPath.child('timeZone')} instead`;
  return [
    ...nameWarnings(cronJob, old),
    ...(schedule.includes('TZ') ? [zone] : []),
    ...jobSpecWarnings(cronJob, old, jobTemplate?.spec, specPath.child('jobTemplate', 'spec')),
  ];
}

/** The rules of CronJobs. */
export const cronJobKind = batchKind<CronJob>('CronJob', {
  setDefaults: setCronJobDefaults,
  prepareForCreate: (cronJob) => {
    preparePodTemplate(cronJob.spec?.jobTemplate?.spec?.template, undefined);
  },
  validateCreate: (cronJob) => {
    const errors: FieldErrors = [];
    checkSpec(cronJob.spec ?? {}, undefined, errors);
    return [...errors, ...checkName(cronJob)];
  },
  prepareForUpdate: (cronJob, old) => {
    const before = old.spec?.jobTemplate?.spec?.template;
    preparePodTemplate(cronJob.spec?.jobTemplate?.spec?.template, before);
  },
  validateUpdate: ({ spec }, old) => {
    const errors: FieldErrors = [];
    checkSpec(spec ?? {}, old.spec, errors);
    return errors;
  },
  warnings,
  table: {
    columns: [
      nameColumn,
      column('Schedule', 'When jobs are started.'),
      column('Timezone', 'Where the schedule is meant.'),
      column('Suspend', 'Whether no further jobs are started.', { type: 'boolean' }),
      column('Active', 'How many jobs run.', { type: 'integer' }),
      column('Last Schedule', 'How long ago the last job was due.'),
      ageColumn,
      ...containerColumns,
      wideColumn('Selector', 'The labels of the pods.'),
    ],
    cells: ({ metadata, spec, status }, nowMs) => [
      metadata.name ?? '',
      spec?.schedule ?? '',
      spec?.timeZone ?? '<none>',
      suspendCell(spec?.suspend),
      status?.active?.length ?? 0,
      status?.lastScheduleTime === undefined ? '<none>' : ageOf(status.lastScheduleTime, nowMs),
      ageOf(metadata.creationTimestamp, nowMs),
      ...containerCells(spec?.jobTemplate?.spec?.template?.spec?.containers),
      selectorCell(spec?.jobTemplate?.spec?.selector),
    ],
  },
});

function suspendCell(isSuspended: boolean | undefined): string {
  if (isSuspended === undefined) return '<unset>';
  return isSuspended ? 'True' : 'False';
}
