import type { Scale } from '../../../api/gen/autoscaling-v1.js';
import type { ServedResource } from '../../../api/scheme.js';
import { cloneJson } from '../../../machinery/clone.js';
import { fieldPath, invalidValue } from '../../../machinery/field-path.js';
import type { JsonObject, JsonValue } from '../../../machinery/json.js';
import { type LabelSelectorSpec, labelSelectorOf } from '../../../machinery/label-selector.js';
import type { GroupResource } from '../../../machinery/object.js';
import { fieldsOf, type KubeObject } from '../../../machinery/object.js';
import { conflict, invalid, staleObjectText } from '../../../machinery/status-errors.js';

/** The scale of a workload: how many replicas it shall have and has, and by which labels its pods are found. */
export function scaleOf(object: KubeObject, { scalePaths }: Scaled = {}): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const fields = fieldsOf(object);
  const {
    specReplicas = ['spec', 'replicas'],
    statusReplicas = ['status', 'replicas'],
    selector: selectorPath,
  } = scalePaths ?? {};
  const replicas = valueAt(fields, specReplicas);
  const chosen = valueAt(
    fields,
    scalePaths === undefined ? ['spec', 'selector'] : (selectorPath ?? []),
  );
  const selector =
    typeof chosen === 'string' ? chosen : scalePaths === undefined ? selectorText(chosen) : '';
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: definedFields({ name, namespace, uid, resourceVersion, creationTimestamp }),
    spec: definedFields({ replicas: nonZero(replicas) }),
    status: {
      replicas: numberOf(valueAt(fields, statusReplicas)),
      ...(selector === '' ? {} : { selector }),
    },
  };
}

/** The workload with the replicas that a scale asks for. Throws 409 for a scale of an older version, 422 for a bad number. */
export function withScale(
  resource: GroupResource & Scaled,
  current: KubeObject,
  scale: Scale,
): KubeObject {
  const name = current.metadata.name ?? '';
  const version = scale.metadata.resourceVersion ?? '';
  if (version !== '' && version !== current.metadata.resourceVersion) {
    throw conflict(resource, name, staleObjectText);
  }
  const replicas = scale.spec?.replicas ?? 0;
  if (replicas < 0) {
    const path = fieldPath('spec', 'replicas');
    throw invalid({ group: 'autoscaling', kind: 'Scale' }, name, [
      invalidValue(path, replicas, 'must be greater than or equal to 0'),
    ]);
  }
  const object = cloneJson(current);
  const fields = fieldsOf(object);
  const path = resource.scalePaths?.specReplicas ?? ['spec', 'replicas'];
  return Object.assign(object, withValueAt(fields, path, replicas));
}

/** A resource that may say where the parts of its scale are. */
type Scaled = Pick<ServedResource, 'scalePaths'>;

function valueAt(fields: JsonObject, path: readonly string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>((value, name) => objectIn(value)[name], fields);
}

function withValueAt(
  fields: JsonObject,
  [name = '', ...rest]: readonly string[],
  value: JsonValue,
): JsonObject {
  const inner = rest.length === 0 ? value : withValueAt(objectIn(fields[name]), rest, value);
  return { ...fields, [name]: inner };
}

/** Of a replication controller it is a map, of the others a label selector. */
function selectorText(selector: JsonValue | undefined): string {
  if (typeof selector !== 'object' || selector === null || Array.isArray(selector)) return '';
  const isSpec = 'matchLabels' in selector || 'matchExpressions' in selector;
  const spec = isSpec ? selector : { matchLabels: selector };
  return labelSelectorOf(spec as LabelSelectorSpec).toString();
}

function objectIn(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function numberOf(value: JsonValue | undefined): number {
  return typeof value === 'number' ? value : 0;
}

function nonZero(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && value !== 0 ? value : undefined;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function definedFields<T extends object>(fields: T): Defined<T> {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as Defined<T>;
}
