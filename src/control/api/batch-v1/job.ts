import type { FieldError } from '../../machinery/field-errors.js';
import { fieldPath, invalidValue, required } from '../../machinery/field-path.js';
import { validateLabelSelector } from '../../machinery/label-selector.js';
import { dnsLabelProblems } from '../../machinery/names.js';
import { checkTemplateIsSelected, usableSelector } from '../apps-v1/selected-template.js';
import { nameWarnings, prepareChangedWorkload, prepareNewWorkload } from '../apps-v1/workload.js';
import type { FieldErrors } from '../core-v1/field-checks.js';
import type { Job, JobSpec } from '../gen/batch-v1.js';
import { batchKind } from './batch-kind.js';
import { setJobDefaults } from './job-defaults.js';
import { checkGeneratedSelector, generateSelector } from './job-labels.js';
import { checkJobSpec } from './job-spec.js';
import { validateJobStatus } from './job-status.js';
import { jobTable } from './job-table.js';
import { checkJobChange } from './job-update.js';
import { jobSpecWarnings } from './job-warnings.js';

const specPath = fieldPath('spec');

function checkSelectedSpec(spec: JobSpec, old: JobSpec | undefined, errors: FieldErrors): void {
  checkJobSpec(spec, old, specPath, errors);
  const selectorPath = specPath.child('selector');
  if (spec.selector === undefined) errors.push(required(selectorPath, ''));
  else errors.push(...validateLabelSelector(spec.selector, selectorPath));
  const selector = usableSelector(spec.selector);
  if (selector === undefined) return;
  checkTemplateIsSelected(selector, spec.template, specPath.child('template'), errors);
}

function validateCreate(job: Job): FieldError[] {
  const errors: FieldErrors = [];
  checkGeneratedSelector(job, errors);
  checkSelectedSpec(job.spec ?? {}, undefined, errors);
  checkLastHostname(job, errors);
  return errors;
}

/** The pods of an indexed job have their index in their host's name. */
function checkLastHostname({ metadata: { name = '' }, spec }: Job, errors: FieldErrors): void {
  const { completionMode, completions = 0 } = spec ?? {};
  if (completionMode !== 'Indexed' || completions <= 0) return;
  const hostname = `${name}-${completions - 1}`;
  if (dnsLabelProblems(hostname).length === 0) return;
  const text = `will not able to create pod with invalid DNS label: ${hostname}`;
  errors.push(invalidValue(fieldPath('metadata', 'name'), name, text));
}

/** The rules of Jobs. */
export const jobKind = batchKind<Job>('Job', {
  setDefaults: setJobDefaults,
  prepareForCreate: (job) => {
    generateSelector(job);
    prepareNewWorkload(job);
  },
  validateCreate,
  prepareForUpdate: prepareChangedWorkload,
  validateUpdate: (job, old) => {
    const errors: FieldErrors = [];
    checkSelectedSpec(job.spec ?? {}, old.spec, errors);
    checkJobChange(job, old, specPath, errors);
    return errors;
  },
  validateStatusUpdate: validateJobStatus,
  warnings: (job, old) => [
    ...nameWarnings(job, old),
    ...jobSpecWarnings(job, old, job.spec, specPath),
  ],
  selectableFields: { 'status.successful': ({ status }) => String(status?.succeeded ?? 0) },
  table: jobTable,
});
