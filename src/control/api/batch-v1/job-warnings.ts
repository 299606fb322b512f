import type { FieldPath } from '../../machinery/field-path.js';
import type { KubeObject } from '../../machinery/object.js';
import { podTemplateWarnings } from '../core-v1/pod-spec.js';
import type { JobSpec } from '../gen/batch-v1.js';

const completionsMax = 100_000;
const parallelismMax = 10_000;

/** What to tell of the spec at `path` of an object that is new or whose generation changed. */
export function jobSpecWarnings(
  object: KubeObject,
  old: KubeObject | undefined,
  spec: JobSpec | undefined,
  path: FieldPath,
): string[] {
  const isSame = old !== undefined && old.metadata.generation === object.metadata.generation;
  if (isSame || spec === undefined) return [];
  const { completionMode, completions = 0, parallelism = 0 } = spec;
  const isLarge = completions > completionsMax && parallelism > parallelismMax;
  const text =
    'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail';
  return [
    ...(completionMode === 'Indexed' && isLarge ? [`${path}: ${text}`] : []),
    ...podTemplateWarnings(spec.template, path.child('template')),
  ];
}
