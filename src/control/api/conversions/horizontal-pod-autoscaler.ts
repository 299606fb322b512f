import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';
import { metricFromV1, metricToV1, specFields, statusFields } from './metrics.js';
import { behaviorFromAnnotation, behaviorToAnnotation } from './scaling-behavior.js';

/** Where autoscaling/v1 keeps what only v2 can say; values are JSON. */
const annotations = {
  metrics: 'autoscaling.alpha.kubernetes.io/metrics',
  currentMetrics: 'autoscaling.alpha.kubernetes.io/current-metrics',
  conditions: 'autoscaling.alpha.kubernetes.io/conditions',
  behavior: 'autoscaling.alpha.kubernetes.io/behavior',
} as const;

/** What v1 aims at when it names no metric at all. */
const defaultCpuUtilization = 80;

/** The fields of a HorizontalPodAutoscaler of autoscaling/v2 as those of v1. */
export function autoscalerFromV2(fields: JsonObject): JsonObject {
  const { metrics, behavior, ...spec } = objectOf(fields.spec);
  const { currentMetrics, conditions, ...status } = objectOf(fields.status);
  const all = objectsOf(metrics);
  const cpu = all.find(isCpuUtilization);
  const measured = objectsOf(currentMetrics);
  const kept: Record<string, JsonValue | undefined> = {
    [annotations.metrics]: all
      .filter((metric) => metric !== cpu)
      .map((metric) => metricToV1(metric, specFields)),
    [annotations.currentMetrics]: measured.map((metric) => metricToV1(metric, statusFields)),
    [annotations.conditions]: objectsOf(conditions),
    [annotations.behavior]: behavior === undefined ? [] : behaviorToAnnotation(objectOf(behavior)),
  };
  const utilization = utilizationOf(cpu, 'target');
  const current = utilizationOf(measured.find(isCpu), 'current');
  return {
    ...fields,
    metadata: annotated(fields.metadata, kept),
    spec: { ...spec, ...optional('targetCPUUtilizationPercentage', utilization) },
    status: { ...status, ...optional('currentCPUUtilizationPercentage', current) },
  };
}

/** The fields of a HorizontalPodAutoscaler of autoscaling/v1 as those of v2. Annotations that are no JSON are dropped. */
export function autoscalerToV2(fields: JsonObject): JsonObject {
  const { targetCPUUtilizationPercentage: utilization, ...spec } = objectOf(fields.spec);
  const { currentCPUUtilizationPercentage: current, ...status } = objectOf(fields.status);
  const kept = objectOf(objectOf(fields.metadata).annotations);
  const metrics = objectsOf(parse(kept[annotations.metrics])).map(specMetricFromV1);
  if (utilization !== undefined)
    metrics.push(cpuMetric('target', { type: 'Utilization' }, utilization));
  if (metrics.length === 0)
    metrics.push(cpuMetric('target', { type: 'Utilization' }, defaultCpuUtilization));
  const behavior = behaviorFromAnnotation(parse(kept[annotations.behavior]));
  return {
    ...fields,
    metadata: withoutAnnotations(fields.metadata),
    spec: { ...spec, metrics, ...optional('behavior', behavior) },
    status: {
      ...status,
      ...optional('currentMetrics', currentMetricsOf(kept, current)),
      ...optional('conditions', parse(kept[annotations.conditions])),
    },
  };
}

function currentMetricsOf(kept: JsonObject, current: JsonValue | undefined): JsonValue | undefined {
  const measured = parse(kept[annotations.currentMetrics]);
  if (Array.isArray(measured))
    return objectsOf(measured).map((metric) => metricFromV1(metric, statusFields));
  return current === undefined ? undefined : [cpuMetric('current', {}, current)];
}

function specMetricFromV1(metric: JsonObject): JsonObject {
  const converted = metricFromV1(metric, specFields);
  for (const name of Object.keys(specFields)) {
    const source = converted[name];
    if (isJsonObject(source))
      source.target = {
        type: targetType(name, objectOf(source.target)),
        ...objectOf(source.target),
      };
  }
  return converted;
}

/** v1 does not say how a target is to be read: it follows from which amounts are there. */
function targetType(source: string, target: JsonObject): string {
  if (target.averageUtilization !== undefined) return 'Utilization';
  if (source === 'object') return target.averageValue === undefined ? 'Value' : 'AverageValue';
  return source === 'external' && target.value !== undefined ? 'Value' : 'AverageValue';
}

function cpuMetric(
  side: 'target' | 'current',
  rest: JsonObject,
  utilization: JsonValue,
): JsonObject {
  const resource = { name: 'cpu', [side]: { ...rest, averageUtilization: utilization } };
  return { type: 'Resource', resource };
}

function isCpu(metric: JsonObject): boolean {
  return metric.type === 'Resource' && objectOf(metric.resource).name === 'cpu';
}

function isCpuUtilization(metric: JsonObject): boolean {
  return isCpu(metric) && utilizationOf(metric, 'target') !== undefined;
}

function utilizationOf(
  metric: JsonObject | undefined,
  side: 'target' | 'current',
): JsonValue | undefined {
  return objectOf(objectOf(metric?.resource)[side]).averageUtilization;
}

function annotated(
  metadata: JsonValue | undefined,
  kept: Record<string, JsonValue | undefined>,
): JsonObject {
  const plain = withoutAnnotations(metadata);
  const texts = Object.entries(kept)
    .filter(([, value]) => !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => [name, JSON.stringify(value)] as const);
  if (texts.length === 0) return plain;
  return {
    ...plain,
    annotations: { ...objectOf(plain.annotations), ...Object.fromEntries(texts) },
  };
}

/** The metadata without what v1 keeps in annotations; the same object when there is nothing of it. */
function withoutAnnotations(metadata: JsonValue | undefined): JsonObject {
  const { annotations: all, ...rest } = objectOf(metadata);
  if (!isJsonObject(all)) return objectOf(metadata);
  const names: ReadonlySet<string> = new Set(Object.values(annotations));
  const plain = Object.entries(all).filter(([name]) => !names.has(name));
  return plain.length === 0 ? rest : { ...rest, annotations: Object.fromEntries(plain) };
}

function parse(text: JsonValue | undefined): JsonValue | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

function optional(name: string, value: JsonValue | undefined): JsonObject {
  return value === undefined ? {} : { [name]: value };
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function objectsOf(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
