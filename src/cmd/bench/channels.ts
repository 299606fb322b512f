import { hostClock } from '../../host/clock.js';
import { createGrpcJsChannel } from '../../rpc/grpc-js/index.js';
import { createHttp2Channel } from '../../rpc/http2/index.js';
import type { Channel } from '../../rpc/index.js';
import type { LoadSpec } from './spec.js';

/** How a load's calls reach a member. */
export type Transport = Pick<LoadSpec, 'channel' | 'tls'>;

/** Opens a connection to an endpoint; it connects on its first call. */
export function openChannel(endpoint: string, { channel, tls }: Transport): Channel {
  const options = { clock: hostClock, ...(tls === null ? {} : { tls }) };
  return channel === 'http2'
    ? createHttp2Channel(endpoint, options)
    : createGrpcJsChannel(endpoint, options);
}
