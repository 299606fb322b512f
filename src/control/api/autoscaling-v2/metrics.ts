import {
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { pathSegmentProblems } from '../../machinery/names.js';
import { quantityOf } from '../core-v1/amounts.js';
import { addProblems, checkDnsLabel, type FieldErrors, isUnset } from '../core-v1/field-checks.js';
import { checkContainerResourceName } from '../core-v1/resource-rules.js';
import type { MetricIdentifier, MetricSpec, MetricTarget } from '../gen/autoscaling-v2.js';
import { checkObjectReference } from './scaling-target.js';

type Source = Exclude<keyof MetricSpec, 'type'>;

/** The source that each type of metric has; in the order in which several are looked at. */
const sourceOfType: Readonly<Record<string, Source>> = {
  Object: 'object',
  External: 'external',
  Pods: 'pods',
  Resource: 'resource',
  ContainerResource: 'containerResource',
};

const types = Object.keys(sourceOfType).sort();
const sources = Object.values(sourceOfType);

/** What the number of pods is to follow. */
export function checkMetrics(
  metrics: readonly MetricSpec[] | undefined,
  minReplicas: number | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  metrics?.forEach((metric, at) => {
    checkMetric(metric, path.index(at), errors);
  });
  if (minReplicas !== 0) return;
  if (metrics?.some(({ type }) => type === 'Object' || type === 'External')) return;
  const text =
    'must specify at least one Object or External metric to support scaling to zero replicas';
  errors.push(forbiddenField(path, text));
}

function checkMetric(metric: MetricSpec, path: FieldPath, errors: FieldErrors): void {
  const { type = '' } = metric;
  const typePath = path.child('type');
  if (type === '') errors.push(required(typePath, 'must specify a metric source type'));
  const isKnown = Object.hasOwn(sourceOfType, type);
  if (!isKnown) errors.push(notSupported(typePath, type, types));
  const present = sources.filter((source) => metric[source] !== undefined);
  const [first] = present;
  if (first !== undefined) checkSource(metric, first, path.child(first), errors);
  const expected = isKnown ? sourceOfType[type] : undefined;
  if (expected === undefined) {
    errors.push(notSupported(typePath, type, types));
  } else if (metric[expected] === undefined) {
    const text = 'must populate information for the given metric source';
    errors.push(required(path.child(expected), text));
  }
  if (present.length === 1) return;
  for (const source of present) {
    if (source === expected) continue;
    errors.push(forbiddenField(path.child(source), 'must populate the given metric source only'));
  }
}

function checkSource(
  metric: MetricSpec,
  source: Source,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { object, resource, containerResource } = metric;
  const { target = {} } = metric[source] ?? {};
  const targetPath = path.child('target');
  switch (source) {
    case 'object':
      checkObjectReference(object?.describedObject ?? {}, path.child('describedObject'), errors);
      checkIdentifier(object?.metric, path.child('metric'), errors);
      checkTarget(target, targetPath, errors);
      if (target.value !== undefined || target.averageValue !== undefined) return;
      errors.push(
        required(
          targetPath.child('averageValue'),
          'must set either a target value or averageValue',
        ),
      );
      return;
    case 'external':
      checkIdentifier(metric.external?.metric, path.child('metric'), errors);
      checkTarget(target, targetPath, errors);
      checkExternalTarget(target, targetPath, errors);
      return;
    case 'pods':
      checkIdentifier(metric.pods?.metric, path.child('metric'), errors);
      checkTarget(target, targetPath, errors);
      if (target.averageValue !== undefined) return;
      errors.push(
        required(targetPath.child('averageValue'), 'must specify a positive target averageValue'),
      );
      return;
    case 'resource':
      checkResourceName(resource?.name, path.child('name'), errors);
      break;
    case 'containerResource': {
      const { name, container } = containerResource ?? {};
      checkResourceName(name, path.child('name'), errors);
      if (!isUnset(name)) checkContainerResourceName(name, path.child('name'), errors);
      const containerPath = path.child('container');
      if (isUnset(container)) errors.push(required(containerPath, 'must specify a container'));
      else checkDnsLabel(container, containerPath, errors);
    }
  }
  checkTarget(target, targetPath, errors);
  checkResourceTarget(target, targetPath, errors);
}

function checkResourceName(name: string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (isUnset(name)) errors.push(required(path, 'must specify a resource name'));
}

function checkResourceTarget(target: MetricTarget, path: FieldPath, errors: FieldErrors): void {
  const hasUtilization = target.averageUtilization !== undefined;
  const hasValue = target.averageValue !== undefined;
  if (!hasUtilization && !hasValue) {
    const text = 'must set either a target raw value or a target utilization';
    errors.push(required(path.child('averageUtilization'), text));
  }
  if (hasUtilization && hasValue) {
    const text = 'may not set both a target raw value and a target utilization';
    errors.push(forbiddenField(path.child('averageValue'), text));
  }
}

function checkExternalTarget(target: MetricTarget, path: FieldPath, errors: FieldErrors): void {
  const { value, averageValue } = target;
  if (value === undefined && averageValue === undefined) {
    const text = 'must set either a target value for metric or a per-pod target';
    errors.push(required(path.child('averageValue'), text));
  }
  if (value !== undefined && averageValue !== undefined) {
    const text = 'may not set both a target value for metric and a per-pod target';
    errors.push(forbiddenField(path.child('value'), text));
  }
}

const targetTypes = ['Utilization', 'Value', 'AverageValue'];

function checkTarget(target: MetricTarget, path: FieldPath, errors: FieldErrors): void {
  const { type = '', averageUtilization } = target;
  const typePath = path.child('type');
  if (type === '') errors.push(required(typePath, 'must specify a metric target type'));
  if (!targetTypes.includes(type)) {
    const text = 'must be either Utilization, Value, or AverageValue';
    errors.push(invalidValue(typePath, type, text));
  }
  for (const name of ['value', 'averageValue'] as const) {
    const amount = target[name];
    if (amount === undefined || quantityOf(amount).sign > 0) continue;
    errors.push(invalidValue(path.child(name), amount, 'must be positive'));
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    const text = 'must be greater than 0';
    errors.push(invalidValue(path.child('averageUtilization'), averageUtilization, text));
  }
}

function checkIdentifier(
  metric: MetricIdentifier | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { name } = metric ?? {};
  const namePath = path.child('name');
  if (isUnset(name)) errors.push(required(namePath, 'must specify a metric name'));
  else addProblems(pathSegmentProblems(name), namePath, name, errors);
}
