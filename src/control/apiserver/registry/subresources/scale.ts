import type { Scale } from '../../../api/gen/autoscaling-v1.js';
import { cloneJson } from '../../../machinery/clone.js';
import { fieldPath, invalidValue } from '../../../machinery/field-path.js';
import type { JsonObject, JsonValue } from '../../../machinery/json.js';
import { type LabelSelectorSpec, labelSelectorOf } from '../../../machinery/label-selector.js';
import type { GroupResource } from '../../../machinery/object.js';
import { fieldsOf, type KubeObject } from '../../../machinery/object.js';
import { conflict, invalid, staleObjectText } from '../../../machinery/status-errors.js';

/** The scale of a workload: how many replicas it shall have and has, and by which labels its pods are found. */
export function scaleOf(object: KubeObject): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const spec = objectIn(fieldsOf(object).spec);
  const status = objectIn(fieldsOf(object).status);
  const selector = selectorText(spec.selector);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: definedFields({ name, namespace, uid, resourceVersion, creationTimestamp }),
    spec: definedFields({ replicas: nonZero(spec.replicas) }),
    status: {
      replicas: numberOf(status.replicas),
      ...(selector === '' ? {} : { selector }),
    },
  };
}

/** The workload with the replicas that a scale asks for. Throws 409 for a scale of an older version, 422 for a bad number. */
export function withScale(resource: GroupResource, current: KubeObject, scale: Scale): KubeObject {
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
  fields.spec = { ...objectIn(fields.spec), replicas };
  return object;
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
