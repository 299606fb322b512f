import {
  type FieldPath,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../../machinery/field-path.js';
import { quote, utf8Length } from '../../machinery/quote.js';
import { checkNonNegative, type FieldErrors } from '../core-v1/field-checks.js';
import { validatePodTemplateSpec } from '../core-v1/pod-spec.js';
import { checkDomainPrefixedPath } from '../domain-prefixed-path.js';
import type { JobSpec } from '../gen/batch-v1.js';
import { checkPodFailurePolicy } from './pod-failure-policy.js';
import { checkSuccessPolicy } from './success-policy.js';

const indexedParallelismMax = 100_000;
const failedIndexesMax = 100_000;
/** Above so many completions, jobs that count failures by index are bounded more closely. */
const manyCompletions = 100_000;
const manyCompletionsMax = 10_000;
const managedByMax = 63;

const modes = ['NonIndexed', 'Indexed'];
const replacementPolicies = ['Failed', 'TerminatingOrFailed'];

/** The spec of a job, its own or that of a CronJob's template; selectors are checked elsewhere. */
export function checkJobSpec(
  spec: JobSpec,
  old: JobSpec | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const name of numbers) checkNonNegative(spec[name], path.child(name), errors);
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    const limitPath = path.child('backoffLimitPerIndex');
    errors.push(required(limitPath, 'when maxFailedIndexes is specified'));
  }
  if (spec.managedBy !== undefined) checkManager(spec.managedBy, path.child('managedBy'), errors);
  checkCompletionMode(spec, path, errors);
  if (spec.podFailurePolicy) checkPodFailurePolicy(spec, path.child('podFailurePolicy'), errors);
  if (spec.successPolicy) {
    const policyPath = path.child('successPolicy');
    if (spec.completionMode === 'Indexed') checkSuccessPolicy(spec, policyPath, errors);
    else errors.push(invalidValue(policyPath, spec.successPolicy, needsIndexes));
  }
  checkReplacementPolicy(spec, path.child('podReplacementPolicy'), errors);
  const templatePath = path.child('template');
  errors.push(...validatePodTemplateSpec(spec.template, old?.template, templatePath));
  checkRestartPolicy(spec, templatePath.child('spec', 'restartPolicy'), errors);
}

const needsIndexes = 'requires indexed completion mode';

const numbers = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const;

function checkManager(name: string, path: FieldPath, errors: FieldErrors): void {
  checkDomainPrefixedPath(name, path, errors);
  if (utf8Length(name) > managedByMax) errors.push(tooLong(path, name, managedByMax));
}

function checkCompletionMode(spec: JobSpec, path: FieldPath, errors: FieldErrors): void {
  const { completionMode: mode } = spec;
  if (mode !== undefined && !modes.includes(mode)) {
    errors.push(notSupported(path.child('completionMode'), mode, modes));
  }
  if (mode === 'Indexed') {
    checkIndexed(spec, path, errors);
  } else if (mode === undefined || mode === 'NonIndexed') {
    for (const name of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
      if (spec[name] === undefined) continue;
      errors.push(invalidValue(path.child(name), spec[name], needsIndexes));
    }
  }
}

function checkIndexed(spec: JobSpec, path: FieldPath, errors: FieldErrors): void {
  const { completions, parallelism, maxFailedIndexes: failed } = spec;
  if (completions === undefined) {
    errors.push(required(path.child('completions'), 'when completion mode is Indexed'));
  }
  if (parallelism !== undefined && parallelism > indexedParallelismMax) {
    const text = `must be less than or equal to ${indexedParallelismMax} when completion mode is Indexed`;
    errors.push(invalidValue(path.child('parallelism'), parallelism, text));
  }
  const failedPath = path.child('maxFailedIndexes');
  if (failed !== undefined && completions !== undefined && failed > completions) {
    errors.push(invalidValue(failedPath, failed, 'must be less than or equal to completions'));
  }
  if (failed !== undefined && failed > failedIndexesMax) {
    errors.push(
      invalidValue(failedPath, failed, `must be less than or equal to ${failedIndexesMax}`),
    );
  }
  if ((completions ?? 0) > manyCompletions && spec.backoffLimitPerIndex !== undefined) {
    checkManyCompletions(spec, path, errors);
  }
}

function checkManyCompletions(
  { parallelism, maxFailedIndexes: failed }: JobSpec,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const failedPath = path.child('maxFailedIndexes');
  const text = `must be less than or equal to ${manyCompletionsMax} when completions are above ${manyCompletions} and used with backoff limit per index`;
  if (failed === undefined) {
    const detail = `must be specified when completions is above ${manyCompletions}`;
    errors.push(required(failedPath, detail));
  }
  if (parallelism !== undefined && parallelism > manyCompletionsMax) {
    errors.push(invalidValue(path.child('parallelism'), parallelism, text));
  }
  if (failed !== undefined && failed > manyCompletionsMax) {
    errors.push(invalidValue(failedPath, failed, text));
  }
}

function checkReplacementPolicy(
  { podReplacementPolicy: policy, podFailurePolicy }: JobSpec,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const supported = podFailurePolicy ? ['Failed'] : replacementPolicies;
  if (policy === undefined || supported.includes(policy)) return;
  errors.push(notSupported(path, policy, supported));
}

/** The pods of a job end; `Always` is what a template says that says nothing. */
function checkRestartPolicy(spec: JobSpec, path: FieldPath, errors: FieldErrors): void {
  const { restartPolicy = '' } = spec.template?.spec ?? {};
  const supported = ['OnFailure', 'Never'];
  if (restartPolicy === '' || restartPolicy === 'Always') {
    errors.push(required(path, `valid values: ${supported.map(quote).join(', ')}`));
  } else if (!supported.includes(restartPolicy)) {
    errors.push(notSupported(path, restartPolicy, supported));
  } else if (spec.podFailurePolicy && restartPolicy !== 'Never') {
    const text = 'only "Never" is supported when podFailurePolicy is specified';
    errors.push(invalidValue(path, restartPolicy, text));
  }
}
