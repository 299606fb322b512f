import { cloneJson } from '../../machinery/clone.js';
import { type FieldPath, invalidValue } from '../../machinery/field-path.js';
import { immutableText, validateImmutable } from '../../machinery/immutable.js';
import type { FieldErrors } from '../core-v1/field-checks.js';
import { sameMeaning } from '../core-v1/pod-spec.js';
import { restore } from '../core-v1/restore.js';
import type { Job, JobSpec } from '../gen/batch-v1.js';
import type { Container, PodSpec, PodTemplateSpec } from '../gen/core-v1.js';
import { hasCondition } from './job-conditions.js';

const immutableFields = [
  'completionMode',
  'podFailurePolicy',
  'backoffLimitPerIndex',
  'managedBy',
  'successPolicy',
] as const satisfies readonly (keyof JobSpec)[];

/** What of a job stays as it was made. */
export function checkJobChange(job: Job, old: Job, path: FieldPath, errors: FieldErrors): void {
  const spec = job.spec ?? {};
  const before = old.spec ?? {};
  checkCompletions(spec, before, path, errors);
  errors.push(...validateImmutable(spec.selector, before.selector, path.child('selector')));
  if (!sameMeaning(spec.template, comparableTemplate(spec.template, old))) {
    errors.push(invalidValue(path.child('template'), spec.template, immutableText));
  }
  for (const name of immutableFields) {
    errors.push(...validateImmutable(spec[name], before[name], path.child(name)));
  }
}

/** An indexed job grows and shrinks, but all of its pods run at once then. */
function checkCompletions(
  { completionMode, completions, parallelism }: JobSpec,
  old: JobSpec,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const completionsPath = path.child('completions');
  if (completionMode !== 'Indexed') {
    errors.push(...validateImmutable(completions, old.completions, completionsPath));
    return;
  }
  if (completions === old.completions || completions === undefined) return;
  if (completions === parallelism) return;
  const text = `can only be modified in tandem with ${path.child('parallelism')}`;
  errors.push(invalidValue(completionsPath, completions, text));
}

/** The template that was there, with what may change set to what it is now. */
function comparableTemplate(
  template: PodTemplateSpec | undefined,
  old: Job,
): PodTemplateSpec | undefined {
  const before = old.spec?.template;
  if (before === undefined || template === undefined || !old.spec?.suspend) return before;
  const isAtRest = hasCondition(old, 'Suspended') && !old.status?.active;
  if (old.status?.startTime !== undefined && !isAtRest) return before;
  const copy = cloneJson(before);
  copy.spec ??= {};
  copy.metadata ??= {};
  const { spec = {}, metadata = {} } = template;
  takePlacement(copy.spec, spec);
  restore(copy.metadata, metadata, 'annotations');
  restore(copy.metadata, metadata, 'labels');
  if (isAtRest) {
    takeResources(copy.spec.containers, spec.containers);
    takeResources(copy.spec.initContainers, spec.initContainers);
  }
  return copy;
}

/** Where the pods of a job that has not started may run is still open. */
function takePlacement(copy: PodSpec, spec: PodSpec): void {
  for (const name of ['nodeSelector', 'tolerations', 'schedulingGates'] as const) {
    restore(copy, spec, name);
  }
  copy.affinity ??= {};
  restore(copy.affinity, spec.affinity ?? {}, 'nodeAffinity');
  if (Object.keys(copy.affinity).length === 0) delete copy.affinity;
}

/** How much the pods of a job that is suspended need may change. */
function takeResources(
  copies: readonly Container[] | undefined,
  containers: readonly Container[] | undefined,
): void {
  copies?.forEach((copy, at) => {
    const container = containers?.[at];
    if (container?.name === copy.name) restore(copy, container ?? {}, 'resources');
  });
}
