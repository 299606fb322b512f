import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { isJsonObject, setField } from '../../machinery/json-object.js';

/** A field of a metric in autoscaling/v1's annotations, and where autoscaling/v2 has it. */
interface MetricField {
  readonly v1: string;
  readonly v2: readonly [string] | readonly [string, string];
  /** In v1 the field cannot be absent: this is what it has then. */
  readonly zero?: string;
}

type MetricFields = Readonly<Record<string, readonly MetricField[]>>;

const describedObject: MetricField = { v1: 'target', v2: ['describedObject'] };
const metricName: MetricField = { v1: 'metricName', v2: ['metric', 'name'] };
const selector: MetricField = { v1: 'selector', v2: ['metric', 'selector'] };
const metricSelector: MetricField = { v1: 'metricSelector', v2: ['metric', 'selector'] };

/** By the name of the metric's source. What is asked for is in `target`. */
export const specFields: MetricFields = (() => {
  const resource: readonly MetricField[] = [
    { v1: 'name', v2: ['name'] },
    { v1: 'targetAverageUtilization', v2: ['target', 'averageUtilization'] },
    { v1: 'targetAverageValue', v2: ['target', 'averageValue'] },
  ];
  return {
    resource,
    containerResource: [...resource, { v1: 'container', v2: ['container'] }],
    pods: [
      metricName,
      { v1: 'targetAverageValue', v2: ['target', 'averageValue'], zero: '0' },
      selector,
    ],
    object: [
      describedObject,
      metricName,
      { v1: 'targetValue', v2: ['target', 'value'], zero: '0' },
      selector,
      { v1: 'averageValue', v2: ['target', 'averageValue'] },
    ],
    external: [
      metricName,
      metricSelector,
      { v1: 'targetValue', v2: ['target', 'value'] },
      { v1: 'targetAverageValue', v2: ['target', 'averageValue'] },
    ],
  };
})();

/** The same for what was measured, which is in `current`. */
export const statusFields: MetricFields = (() => {
  const resource: readonly MetricField[] = [
    { v1: 'name', v2: ['name'] },
    { v1: 'currentAverageUtilization', v2: ['current', 'averageUtilization'] },
    { v1: 'currentAverageValue', v2: ['current', 'averageValue'], zero: '0' },
  ];
  return {
    resource,
    containerResource: [...resource, { v1: 'container', v2: ['container'] }],
    pods: [
      metricName,
      { v1: 'currentAverageValue', v2: ['current', 'averageValue'], zero: '0' },
      selector,
    ],
    object: [
      describedObject,
      metricName,
      { v1: 'currentValue', v2: ['current', 'value'], zero: '0' },
      selector,
      { v1: 'averageValue', v2: ['current', 'averageValue'] },
    ],
    external: [
      metricName,
      metricSelector,
      { v1: 'currentValue', v2: ['current', 'value'], zero: '0' },
      { v1: 'currentAverageValue', v2: ['current', 'averageValue'] },
    ],
  };
})();

/** A metric of v2 as v1's annotations have it. */
export function metricToV1(metric: JsonObject, fields: MetricFields): JsonObject {
  return mapSources(metric, fields, (source, list) => {
    const flat: JsonObject = {};
    for (const { v1, v2, zero } of list) {
      const value = read(source, v2) ?? zero;
      if (value !== undefined) flat[v1] = value;
    }
    return flat;
  });
}

/** A metric of v1's annotations as v2 has it; without the `type` of its target. */
export function metricFromV1(metric: JsonObject, fields: MetricFields): JsonObject {
  return mapSources(metric, fields, (source, list) => {
    const nested: JsonObject = {};
    const others = (v1: string) => list.some((other) => other.v1 !== v1 && isAmount(other, source));
    for (const { v1, v2, zero } of list) {
      const value = source[v1];
      const isAbsent = value === undefined || value === null || (value === zero && others(v1));
      if (!isAbsent) write(nested, v2, value);
    }
    return nested;
  });
}

/** Whether the source has this field, and it is one of those that say how much. */
function isAmount({ v1, v2 }: MetricField, source: JsonObject): boolean {
  return (v2[0] === 'target' || v2[0] === 'current') && (source[v1] ?? null) !== null;
}

function mapSources(
  metric: JsonObject,
  fields: MetricFields,
  map: (source: JsonObject, list: readonly MetricField[]) => JsonObject,
): JsonObject {
  const mapped: JsonObject = {};
  for (const [name, value] of Object.entries(metric)) {
    const list = Object.hasOwn(fields, name) ? fields[name] : undefined;
    setField(mapped, name, list !== undefined && isJsonObject(value) ? map(value, list) : value);
  }
  return mapped;
}

function read(source: JsonObject, [outer, inner]: MetricField['v2']): JsonValue | undefined {
  const value = source[outer];
  if (inner === undefined) return value;
  return isJsonObject(value) ? value[inner] : undefined;
}

function write(into: JsonObject, [outer, inner]: MetricField['v2'], value: JsonValue): void {
  if (inner === undefined) {
    into[outer] = value;
    return;
  }
  const group = into[outer];
  if (isJsonObject(group)) group[inner] = value;
  else into[outer] = { [inner]: value };
}
