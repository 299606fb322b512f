import type { Exchange } from '../exchange.js';
import type { ProtobufCodec } from '../negotiation/object-codec.js';
import { freshnessOf } from '../options/resource-version.js';
import type { ResourceEndpoint } from './endpoint.js';
import { negotiate } from './output.js';
import { sendStored } from './send-object.js';

/** GET of one object. */
export async function handleGet(
  exchange: Exchange,
  endpoint: ResourceEndpoint,
  protobuf: ProtobufCodec | null,
): Promise<void> {
  const output = negotiate(exchange, protobuf);
  const freshness = freshnessOf(exchange.query.get('resourceVersion') ?? '', '');
  const { namespace, name } = exchange.info;
  const stored = await endpoint.registry.storage.get(namespace, name, freshness);
  await sendStored(exchange, endpoint, output, { status: 200, stored });
}
