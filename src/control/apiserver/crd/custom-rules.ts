import { parseJsonPath } from '../../api/apiextensions-v1/json-path.js';
import { validateValue } from '../../api/apiextensions-v1/validate-value.js';
import type {
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
} from '../../api/gen/apiextensions-v1.js';
import type { KindRules } from '../../api/kind-definition.js';
import { cloneJson } from '../../machinery/clone.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import type { FieldError } from '../../machinery/field-errors.js';
import { fieldPath, invalidValue } from '../../machinery/field-path.js';
import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { fieldsOf, type KubeObject } from '../../machinery/object.js';
import { failure } from '../../machinery/status-errors.js';
import { customTable } from './custom-table.js';

/** Judges an object by rules in CEL; `old` is undefined for a new one. */
export type RuleJudge = (object: JsonObject, old: JsonObject | undefined) => readonly FieldError[];

/** The rules of one version of a custom resource. */
export function customRules(options: {
  readonly version: CustomResourceDefinitionVersion;
  /** Whether instances are being removed, because their definition is. */
  readonly isTerminating: () => boolean;
  readonly judge: RuleJudge;
}): KindRules {
  const { version, isTerminating, judge } = options;
  const props = valueSchema(version.schema?.openAPIV3Schema ?? {});
  const hasStatus = version.subresources?.status !== undefined;
  const validate = (object: KubeObject, old?: KubeObject): readonly FieldError[] => {
    const [fields, before] = [fieldsOf(object), old && fieldsOf(old)];
    const errors = [
      ...validateValue(props, {
        value: withoutHead(fields),
        old: before && withoutHead(before),
        path: fieldPath(),
      }),
      ...scaleErrors(version, fields),
    ];
    // Rules are asked only about what has the right shape.
    return errors.length > 0 ? errors : judge(fields, before);
  };
  return {
    table: customTable(version.additionalPrinterColumns),
    selectableFields: selectableFields(version),
    allowsUnconditionalUpdate: false,
    countsGeneration: true,
    prepareForCreate(object) {
      if (isTerminating()) throw terminating();
      if (hasStatus) delete fieldsOf(object).status;
    },
    validateCreate: (object) => validate(object),
    prepareForUpdate(object, old) {
      if (hasStatus) restoreStatus(fieldsOf(object), fieldsOf(old));
      if (!deepEqual(desired(object, hasStatus), desired(old, hasStatus)))
        object.metadata.generation = (old.metadata.generation ?? 0) + 1;
    },
    validateUpdate: validate,
    prepareForStatusUpdate: restoreAllButStatus,
    validateStatusUpdate: validate,
  };
}

/** Metadata has its own rules; of it a schema may restrict the name. */
function valueSchema(props: JSONSchemaProps): JSONSchemaProps {
  const { apiVersion: _version, kind: _kind, ...properties } = props.properties ?? {};
  return { ...props, properties };
}

function withoutHead(fields: JsonObject): JsonObject {
  const { apiVersion: _version, kind: _kind, ...rest } = fields;
  return rest;
}

function terminating(): Error {
  const text = 'create not allowed while custom resource definition is terminating';
  return failure(405, 'MethodNotAllowed', text);
}

function restoreStatus(fields: JsonObject, old: JsonObject): void {
  if (old.status === undefined) delete fields.status;
  else fields.status = cloneJson(old.status);
}

/** A write of the status changes nothing else, labels and annotations included. */
function restoreAllButStatus(object: KubeObject, old: KubeObject): void {
  const fields = fieldsOf(object);
  const { status } = fields;
  const { managedFields, resourceVersion } = object.metadata;
  for (const name of Object.keys(fields)) delete fields[name];
  Object.assign(fields, fieldsOf(cloneJson(old)));
  if (status === undefined) delete fields.status;
  else fields.status = status;
  if (managedFields !== undefined) object.metadata.managedFields = managedFields;
  if (resourceVersion !== undefined) object.metadata.resourceVersion = resourceVersion;
}

/** What somebody wants of the object: all but its metadata, and its status where that is written apart. */
function desired(object: KubeObject, hasStatus: boolean): JsonObject {
  const { metadata: _metadata, apiVersion: _version, ...rest } = fieldsOf(object);
  if (!hasStatus) return rest;
  const { status: _status, ...spec } = rest;
  return spec;
}

function selectableFields(
  version: CustomResourceDefinitionVersion,
): Readonly<Record<string, (object: KubeObject) => string>> {
  const fields = (version.selectableFields ?? []).map(({ jsonPath = '' }) => {
    const path = parseJsonPath(jsonPath);
    const selected = (object: KubeObject) => textOf(path.find(fieldsOf(object))[0]);
    return [jsonPath.replace(/^\./, ''), selected] as const;
  });
  return Object.fromEntries(fields);
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'object' || value === undefined ? '' : String(value);
}

/** Replicas are counts, wherever the definition says that they are. */
function scaleErrors(
  { subresources }: CustomResourceDefinitionVersion,
  fields: JsonObject,
): FieldError[] {
  const scale = subresources?.scale;
  if (scale === undefined) return [];
  return [scale.specReplicasPath ?? '', scale.statusReplicasPath ?? ''].flatMap((text) => {
    const path = parseJsonPath(text);
    const [value] = path.find(fields);
    const at = fieldPath(...(path.fieldNames ?? []));
    if (value === undefined || value === null) return [];
    if (typeof value !== 'number' || !Number.isInteger(value))
      return [invalidValue(at, value, 'must be an integer')];
    if (value < 0) return [invalidValue(at, value, 'should be a non-negative integer')];
    return value > 2147483647
      ? [invalidValue(at, value, 'should be less than or equal to 2147483647')]
      : [];
  });
}
