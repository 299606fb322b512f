import type { ResourceRow } from '../../api/rows.js';
import { validateBySchema } from '../../api/validate-by-schema.js';
import type { FieldError } from '../../machinery/field-errors.js';
import { fieldPath } from '../../machinery/field-path.js';
import type { KubeObject } from '../../machinery/object.js';
import { validateObjectMeta, validateObjectMetaUpdate } from '../../machinery/object-meta.js';
import { invalid } from '../../machinery/status-errors.js';
import type { RegistryOptions } from './registry-options.js';
import { ruleContext, type WriteRequest } from './write-request.js';

const metadataPath = fieldPath('metadata');

/** What is wrong with a new object: its metadata, then what its kind's rules say. */
export function validateNew(
  options: RegistryOptions,
  request: WriteRequest,
  object: KubeObject,
): readonly FieldError[] {
  const { row } = options;
  const { rules, schema } = row;
  const errors = [
    ...validateObjectMeta(object.metadata, {
      isNamespaced: row.isNamespaced,
      nameRule: rules.nameRule ?? 'dns-subdomain',
      path: metadataPath,
    }),
  ];
  if (rules.validateCreate === undefined) errors.push(...validateBySchema(object, schema));
  else errors.push(...rules.validateCreate(object, ruleContext(request)));
  return errors;
}

/** What is wrong with a changed object. */
export function validateChanged(
  options: RegistryOptions,
  request: WriteRequest,
  object: KubeObject,
  old: KubeObject,
): readonly FieldError[] {
  const { rules, schema } = options.row;
  const errors = [...validateObjectMetaUpdate(object.metadata, old.metadata, metadataPath)];
  const context = ruleContext(request);
  if (request.subresource === 'status') {
    errors.push(...(rules.validateStatusUpdate?.(object, old, context) ?? []));
  } else if (rules.validateUpdate !== undefined) {
    errors.push(...rules.validateUpdate(object, old, context));
  } else if (rules.validateCreate !== undefined) {
    errors.push(...rules.validateCreate(object, context));
  } else {
    errors.push(...validateBySchema(object, schema));
  }
  return errors;
}

/** Throws 422 with all errors, when there are any. */
export function throwIfInvalid(
  { group, kind }: ResourceRow,
  { metadata }: KubeObject,
  errors: readonly FieldError[],
): void {
  if (errors.length > 0) throw invalid({ group, kind }, metadata.name ?? '', errors);
}
