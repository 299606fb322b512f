import type { Job } from '../../api/gen/batch-v1.js';
import type { Pod } from '../../api/gen/core-v1.js';

/** Keeps a pod until its end is counted in the status of its job. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';
/** Annotation and label: which index of an Indexed job a pod works on. */
export const completionIndexKey = 'batch.kubernetes.io/job-completion-index';
/** Annotation: how often the index failed before this pod, as the job's limit counts. */
export const failureCountKey = 'batch.kubernetes.io/job-index-failure-count';
/** Annotation: how often it failed in ways that the pod failure policy ignores. */
export const ignoredFailureCountKey = 'batch.kubernetes.io/job-index-ignored-failure-count';

/** Its end is not counted yet, or it has none. */
export function isTracked({ metadata }: Pod): boolean {
  return metadata.finalizers?.includes(trackingFinalizer) ?? false;
}

/** The pods' completion indexes count. */
export function isIndexed({ spec }: Job): boolean {
  return spec?.completionMode === 'Indexed';
}

/** Failures are counted for each index by itself. */
export function hasLimitPerIndex(job: Job): boolean {
  return isIndexed(job) && job.spec?.backoffLimitPerIndex !== undefined;
}

/** The index of a pod; undefined when it has none. It may be more than the job has. */
export function completionIndexOf({ metadata }: Pod): number | undefined {
  return count(metadata.annotations?.[completionIndexKey]);
}

/** The index of a pod of an Indexed job, when it is one that the job has. */
export function validIndexOf(pod: Pod, { spec }: Job): number | undefined {
  const index = completionIndexOf(pod);
  return index !== undefined && index < (spec?.completions ?? 0) ? index : undefined;
}

/** Failures of the pod's index before it, those that count and those that are ignored. */
export function earlierFailures({ metadata }: Pod): {
  readonly counted: number;
  readonly ignored: number;
} {
  return {
    counted: count(metadata.annotations?.[failureCountKey]) ?? 0,
    ignored: count(metadata.annotations?.[ignoredFailureCountKey]) ?? 0,
  };
}

function count(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]{1,10}$/.test(text) ? Number(text) : undefined;
}
