import type { Exchange } from '../exchange.js';
import { optionsObject, parseWriteOptions } from '../options/write-options.js';
import { protobufOf, type ResourceEndpoint, toStoredVersion } from './endpoint.js';
import type { HandlerTools } from './handler-tools.js';
import { negotiate } from './output.js';
import { readBody } from './read-body.js';
import { sendStored } from './send-object.js';
import { expectedBody, writeRequest } from './write-context.js';

/** POST to a collection. */
export async function handleCreate(
  exchange: Exchange,
  endpoint: ResourceEndpoint,
  tools: HandlerTools,
): Promise<void> {
  const output = negotiate(exchange, protobufOf(endpoint, tools));
  const options = parseWriteOptions(exchange.query, 'CreateOptions');
  const body = await readBody(exchange);
  const object = tools.bodies.decode(exchange, body, expectedBody(endpoint, options));
  const request = writeRequest(exchange, {
    ...options,
    options: optionsObject('CreateOptions', options),
  });
  const stored = await endpoint.registry.create(request, toStoredVersion(endpoint, object));
  await sendStored(exchange, endpoint, output, { status: 201, stored });
}
