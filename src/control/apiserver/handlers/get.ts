import type { Exchange } from '../exchange.js';
import { freshnessOf } from '../options/resource-version.js';
import { protobufOf, type ResourceEndpoint } from './endpoint.js';
import type { HandlerTools } from './handler-tools.js';
import { negotiate } from './output.js';
import { sendStored } from './send-object.js';

/** GET of one object. */
export async function handleGet(
  exchange: Exchange,
  endpoint: ResourceEndpoint,
  tools: HandlerTools,
): Promise<void> {
  const output = negotiate(exchange, protobufOf(endpoint, tools));
  const freshness = freshnessOf(exchange.query.get('resourceVersion') ?? '', '');
  const { namespace, name } = exchange.info;
  const stored = await endpoint.registry.storage.get(namespace, name, freshness);
  await sendStored(exchange, endpoint, output, { status: 200, stored });
}
