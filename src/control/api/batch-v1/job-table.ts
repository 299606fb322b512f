import { humanDuration } from '../../machinery/duration.js';
import { parseTime } from '../../machinery/time.js';
import { selectorCell } from '../apps-v1/selector-cell.js';
import {
  ageColumn,
  ageOf,
  column,
  containerCells,
  containerColumns,
  nameColumn,
  wideColumn,
} from '../core-v1/pod-spec.js';
import type { Job } from '../gen/batch-v1.js';
import type { TableLayout } from '../kind-definition.js';
import { hasCondition } from './job-conditions.js';

function statusCell(job: Job): string {
  if (hasCondition(job, 'Complete')) return 'Complete';
  if (hasCondition(job, 'Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating';
  for (const type of ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'] as const) {
    if (hasCondition(job, type)) return type;
  }
  return 'Running';
}

function completionsCell({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

/** How long the job has run, or ran. */
function durationCell({ status }: Job, nowMs: number): string {
  const startMs = parseTime(status?.startTime ?? '');
  if (startMs === null) return '';
  return humanDuration((parseTime(status?.completionTime ?? '') ?? nowMs) - startMs);
}

/** Jobs as `kubectl get` shows them. */
export const jobTable: TableLayout<Job> = {
  columns: [
    nameColumn,
    column('Status', 'How the job is doing.'),
    column('Completions', 'How many of the pods that have to succeed have.'),
    column('Duration', 'How long the job has run, or ran.'),
    ageColumn,
    ...containerColumns,
    wideColumn('Selector', 'The labels of the pods.'),
  ],
  cells: (job, nowMs) => [
    job.metadata.name ?? '',
    statusCell(job),
    completionsCell(job),
    durationCell(job, nowMs),
    ageOf(job.metadata.creationTimestamp, nowMs),
    ...containerCells(job.spec?.template?.spec?.containers),
    selectorCell(job.spec?.selector),
  ],
};
