import type { FieldError } from '../../../machinery/field-errors.js';
import {
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../machinery/field-path.js';
import { validateLabelKey } from '../../../machinery/labels.js';
import {
  type ArgumentFields,
  fieldsOf,
  integerOf,
  listOf,
  refuseProblems,
  textOf,
  textsOf,
} from '../plugin-arguments.js';
import { type CountedResource, countedResource } from './resource-names.js';

/** How full a resource is in percent, and the score of 0 to 10 for it. */
export interface ShapePoint {
  readonly utilization: number;
  readonly score: number;
}

/** How nodes are compared by their resources. */
export interface ScoringStrategy {
  readonly type: 'LeastAllocated' | 'MostAllocated' | 'RequestedToCapacityRatio';
  readonly resources: readonly CountedResource[];
  /** Of RequestedToCapacityRatio; empty otherwise. */
  readonly shape: readonly ShapePoint[];
}

/** NodeResourcesFitArgs. */
export interface FitArgs {
  readonly ignoredResources: ReadonlySet<string>;
  readonly ignoredResourceGroups: ReadonlySet<string>;
  readonly scoringStrategy: ScoringStrategy;
}

const types = ['LeastAllocated', 'MostAllocated', 'RequestedToCapacityRatio'];

/** Reads and checks NodeResourcesFitArgs. Throws ConfigurationError. */
export function fitArgs(args: unknown): FitArgs {
  const fields = fieldsOf(args, ['ignoredResources', 'ignoredResourceGroups', 'scoringStrategy']);
  const ignoredResources = textsOf(fields, 'ignoredResources');
  const ignoredResourceGroups = textsOf(fields, 'ignoredResourceGroups');
  const problems = [
    ...ignoredResources.flatMap((name, at) =>
      validateLabelKey(name, fieldPath('ignoredResources').index(at)),
    ),
    ...ignoredResourceGroups.flatMap((group, at) =>
      groupProblems(group, fieldPath('ignoredResourceGroups').index(at)),
    ),
  ];
  const scoringStrategy = strategyOf(fields.scoringStrategy, problems);
  refuseProblems(problems);
  return {
    ignoredResources: new Set(ignoredResources),
    ignoredResourceGroups: new Set(ignoredResourceGroups),
    scoringStrategy,
  };
}

function groupProblems(group: string, path: FieldPath): FieldError[] {
  const slash = group.includes('/')
    ? [invalidValue(path, group, "resource group name can't contain '/'")]
    : [];
  return [...slash, ...validateLabelKey(group, path)];
}

function strategyOf(value: unknown, problems: FieldError[]): ScoringStrategy {
  const path = fieldPath('scoringStrategy');
  const fields = fieldsOf(value, ['type', 'resources', 'requestedToCapacityRatio'], `${path}`);
  const type = textOf(fields, 'type', 'LeastAllocated');
  if (!types.includes(type)) problems.push(notSupported(path.child('type'), type, types));
  const resources = resourcesOf(listOf(fields, 'resources'));
  resources.forEach(({ name, weight }, at) => {
    if (weight > 0 && weight <= 100) return;
    const text = `resource weight of ${name} not in valid range (0, 100]`;
    problems.push(invalidValue(path.child('resources').index(at).child('weight'), weight, text));
  });
  const shape = shapeOf(fields, type, path.child('requestedToCapacityRatio'), problems);
  return { type: type as ScoringStrategy['type'], resources, shape };
}

/** Resources and their weights; CPU and memory when there are none. A weight that is absent is 1. */
export function resourcesOf(list: readonly unknown[] | null): readonly CountedResource[] {
  if (list === null || list.length === 0)
    return [countedResource('cpu', 1), countedResource('memory', 1)];
  return list.map((item) => {
    const fields = fieldsOf(item, ['name', 'weight'], 'resources');
    // As in Kubernetes, where a weight of 0 is one that was not given.
    const weight = integerOf(fields, 'weight', 1);
    return countedResource(textOf(fields, 'name', ''), weight === 0 ? 1 : weight);
  });
}

function shapeOf(
  fields: ArgumentFields,
  type: string,
  path: FieldPath,
  problems: FieldError[],
): readonly ShapePoint[] {
  const value = fields.requestedToCapacityRatio;
  const isGiven = value !== undefined && value !== null;
  if (type !== 'RequestedToCapacityRatio') {
    const text = 'must be nil when type is not RequestedToCapacityRatio';
    if (isGiven) problems.push(forbiddenField(path, text));
    return [];
  }
  if (!isGiven) {
    problems.push(required(path, 'must be specified when type is RequestedToCapacityRatio'));
    return [];
  }
  const list = listOf(fieldsOf(value, ['shape'], `${path}`), 'shape') ?? [];
  const shape = list.map((item) => {
    const point = fieldsOf(item, ['utilization', 'score'], `${path}.shape`);
    return { utilization: integerOf(point, 'utilization', 0), score: integerOf(point, 'score', 0) };
  });
  problems.push(...shapeProblems(shape, path.child('shape')));
  return shape;
}

/** What is wrong with a shape: at least one point, utilization growing from point to point. */
export function shapeProblems(shape: readonly ShapePoint[], path: FieldPath): FieldError[] {
  if (shape.length === 0) return [required(path, 'at least one point must be specified')];
  const problems: FieldError[] = [];
  const unsorted = shape.findIndex(
    ({ utilization }, at) => at > 0 && (shape[at - 1]?.utilization ?? 0) >= utilization,
  );
  if (unsorted > 0) {
    const text = 'values must be sorted in increasing order';
    const at = path.index(unsorted).child('utilization');
    problems.push(invalidValue(at, shape[unsorted]?.utilization, text));
  }
  shape.forEach(({ utilization, score }, at) => {
    const here = path.index(at);
    if (utilization < 0 || utilization > 100) {
      const text = 'not in valid range [0, 100]';
      problems.push(invalidValue(here.child('utilization'), utilization, text));
    }
    if (score < 0 || score > 10) {
      problems.push(invalidValue(here.child('score'), score, 'not in valid range [0, 10]'));
    }
  });
  return problems;
}
