import { setPodTemplateDefaults } from '../core-v1/pod-spec.js';
import type { CronJob, Job, JobSpec } from '../gen/batch-v1.js';

const backoffLimit = 6;
const int32Max = 2 ** 31 - 1;

/** Fills in a Job. */
export function setJobDefaults(job: Job): void {
  job.spec ??= {};
  const { spec, metadata } = job;
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  // Each index has a limit of its own: the job as a whole needs none.
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? backoffLimit : int32Max;
  const labels = spec.template?.metadata?.labels;
  if (labels && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = { ...labels };
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.manualSelector ??= false;
  spec.podReplacementPolicy ??=
    spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed';
  setJobSpecDefaults(spec);
}

/** Fills in a CronJob; the jobs that it makes are filled in when they are made. */
export function setCronJobDefaults(cronJob: CronJob): void {
  cronJob.spec ??= {};
  const { spec } = cronJob;
  spec.concurrencyPolicy ||= 'Allow';
  spec.suspend ??= false;
  spec.successfulJobsHistoryLimit ??= 3;
  spec.failedJobsHistoryLimit ??= 1;
  if (spec.jobTemplate?.spec) setJobSpecDefaults(spec.jobTemplate.spec);
}

function setJobSpecDefaults(spec: JobSpec): void {
  for (const { onPodConditions } of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of onPodConditions ?? []) pattern.status ||= 'True';
  }
  setPodTemplateDefaults(spec.template);
}
