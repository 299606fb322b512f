import type { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.js';
import { duplexPair } from '../duplex-pair.js';
import type { RpcServer } from '../server.js';
import type { Channel } from '../service.js';
import { Http2Channel } from './channel.js';

/**
 * A channel to a server in the same process, over memory. Its calls are calls like any other: counted, bounded in size and in
 * number as the server bounds those of one connection, and ended when it closes.
 */
export function createLocalChannel(
  server: Pick<RpcServer, 'attach'>,
  options: { readonly clock: Clock },
): Channel {
  const open = (): Duplex => {
    const [near, far] = duplexPair();
    options.clock.defer(() => {
      server.attach(far);
      near.emit('connect');
    });
    return near;
  };
  const endpoint = {
    scheme: 'http',
    authority: 'localhost',
    readyEvent: 'connect',
    open,
  } as const;
  return new Http2Channel(endpoint, options);
}
