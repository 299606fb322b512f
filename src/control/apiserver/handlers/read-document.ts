import { defined } from '../../../base/assert.js';
import { schemaOf } from '../../api/schema.js';
import { setSchemaDefaults } from '../../api/schema-defaults.js';
import { fieldsOf, type GroupVersionKind, type KubeObject } from '../../machinery/object.js';
import type { Exchange } from '../exchange.js';
import type { WriteOptions } from '../options/write-options.js';
import type { HandlerTools } from './handler-tools.js';
import { readBody } from './read-body.js';

/** Reads a body that is of another kind than the resource. */
export async function readDocument(
  exchange: Exchange,
  tools: HandlerTools,
  of: GroupVersionKind,
  { fieldValidation }: Pick<WriteOptions, 'fieldValidation'>,
): Promise<KubeObject> {
  const schema = defined(schemaOf(of), `schema of ${of.kind}`);
  const body = await readBody(exchange);
  const setDefaults = (object: KubeObject) => setSchemaDefaults(fieldsOf(object), schema);
  const isCustom = false;
  return tools.bodies.decode(exchange, body, {
    of,
    schema,
    isCustom,
    setDefaults,
    fieldValidation,
  });
}
