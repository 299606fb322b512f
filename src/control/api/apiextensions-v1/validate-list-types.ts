import type { FieldError } from '../../machinery/field-errors.js';
import {
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import type { JSONSchemaProps } from '../gen/apiextensions-v1.js';
import { itemsOf } from './structural-node.js';

/** Types of values without parts. */
export const scalarTypes: readonly string[] = ['string', 'number', 'integer', 'boolean'];

/** What is wrong with how an object is merged. */
export function mapTypeErrors(props: JSONSchemaProps, path: FieldPath): FieldError[] {
  const mapType = props['x-kubernetes-map-type'];
  if (mapType === undefined) return [];
  const errors: FieldError[] = [];
  if (props.type !== 'object')
    errors.push(
      (props.type ?? '') === ''
        ? required(path.child('type'), 'must be object if x-kubernetes-map-type is specified')
        : invalidValue(
            path.child('type'),
            props.type,
            'must be object if x-kubernetes-map-type is specified',
          ),
    );
  if (mapType !== 'atomic' && mapType !== 'granular')
    errors.push(notSupported(path.child('x-kubernetes-map-type'), mapType, ['atomic', 'granular']));
  return errors;
}

/** What is wrong with how a list is merged. */
export function listTypeErrors(props: JSONSchemaProps, path: FieldPath): FieldError[] {
  const listType = props['x-kubernetes-list-type'];
  const keys = props['x-kubernetes-list-map-keys'] ?? [];
  const errors: FieldError[] = [];
  if (listType !== undefined) {
    const detail = 'must be array if x-kubernetes-list-type is specified';
    if ((props.type ?? '') === '') errors.push(required(path.child('type'), detail));
    else if (props.type !== 'array')
      errors.push(invalidValue(path.child('type'), props.type, detail));
    if (!['atomic', 'set', 'map'].includes(listType))
      errors.push(
        notSupported(path.child('x-kubernetes-list-type'), listType, ['atomic', 'set', 'map']),
      );
  }
  if (keys.length > 0 && listType !== 'map')
    errors.push(
      listType === undefined
        ? required(
            path.child('x-kubernetes-list-type'),
            'must be map if x-kubernetes-list-map-keys is non-empty',
          )
        : invalidValue(
            path.child('x-kubernetes-list-type'),
            listType,
            'must be map if x-kubernetes-list-map-keys is non-empty',
          ),
    );
  if (listType === 'map') errors.push(...mapKeyErrors(props, keys, path));
  if (listType === 'set') {
    const items = itemsOf(props);
    if (items?.nullable === true)
      errors.push(
        forbiddenField(
          path.child('items', 'nullable'),
          'cannot be nullable when x-kubernetes-list-type is set',
        ),
      );
    if (
      items?.type === 'array' &&
      items['x-kubernetes-list-type'] !== undefined &&
      items['x-kubernetes-list-type'] !== 'atomic'
    )
      errors.push(
        invalidValue(
          path.child('items', 'x-kubernetes-list-type'),
          items['x-kubernetes-list-type'],
          'must be atomic as item of a list with x-kubernetes-list-type=set',
        ),
      );
    if (items?.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic')
      errors.push(
        invalidValue(
          path.child('items', 'x-kubernetes-map-type'),
          items['x-kubernetes-map-type'] ?? null,
          'must be atomic as item of a list with x-kubernetes-list-type=set',
        ),
      );
  }
  return errors;
}

function mapKeyErrors(
  props: JSONSchemaProps,
  keys: readonly string[],
  path: FieldPath,
): FieldError[] {
  const keysPath = path.child('x-kubernetes-list-map-keys');
  if (keys.length === 0)
    return [required(keysPath, 'must not be empty if x-kubernetes-list-type is map')];
  const items = itemsOf(props);
  if (items === undefined)
    return [required(path.child('items'), 'must have a schema if x-kubernetes-list-type is map')];
  const errors: FieldError[] = [];
  const itemsPath = path.child('items');
  if (items.type !== 'object')
    errors.push(
      invalidValue(
        itemsPath.child('type'),
        items.type ?? '',
        "must be object if parent array's x-kubernetes-list-type is map",
      ),
    );
  const seen = new Set<string>();
  keys.forEach((key, at) => {
    const property = items.properties?.[key];
    if (seen.has(key))
      errors.push({
        type: 'FieldValueDuplicate',
        field: keysPath.index(at).toString(),
        message: `Duplicate value: ${JSON.stringify(key)}`,
      });
    seen.add(key);
    if (property === undefined) {
      errors.push(invalidValue(keysPath.index(at), key, 'must name a property of the item schema'));
    } else if (!scalarTypes.includes(property.type ?? '')) {
      errors.push(
        invalidValue(
          itemsPath.child('properties').key(key).child('type'),
          property.type ?? '',
          "must be a scalar type if parent array's x-kubernetes-list-type is map",
        ),
      );
    } else if (property.default === undefined && !(items.required ?? []).includes(key)) {
      errors.push(
        required(
          itemsPath.child('properties').key(key).child('default'),
          'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
        ),
      );
    }
  });
  return errors;
}
