import type { Clock } from '../base/clock.js';
import { type Logger, silentLogger } from '../base/logger.js';
import type { Prng } from '../base/prng.js';
import { hostClock } from '../host/clock.js';
import { entropyPrng } from '../host/entropy.js';
import { type ChannelTls, createHttp2Channel } from '../rpc/http2/index.js';
import { type Channel, RpcError } from '../rpc/index.js';
import { Client } from './client.js';
import type { UserPassword } from './credentials.js';
import { ClientError } from './errors.js';

/** How a client reaches a cluster. */
export interface ConnectOptions {
  /** One or several members, `http://host:port`, `https://host:port` or `host:port`. Which comes first does not matter. */
  readonly endpoints: readonly string[];
  /** For `https` endpoints, PEM texts. Without `ca` the system's authorities count. */
  readonly tls?: ChannelTls;
  /**
   * Calls go to the member that leads, where writes are a step shorter: for who writes much. Default false: they stay with any member that
   * answers.
   */
  readonly prefersLeader?: boolean;
  /**
   * Logs in, where the cluster has authentication enabled; tokens are renewed as needed. Without it a client with a TLS certificate
   * is who its common name says, if the members were told to look at that.
   */
  readonly user?: UserPassword;
  readonly timeouts?: {
    /** Until a request fails, retries included. Default 5000. */
    readonly requestMs?: number;
    /**
     * Between pings on silent connections with calls under way, and until an answer must be there. Defaults 6000 and 5000.
     * Servers send clients away that ping more often than they allow; etcd's default allows 5000.
     */
    readonly pingIntervalMs?: number;
    readonly pingTimeoutMs?: number;
  };
  /** Told when endpoints fail and recover. Default: nobody. */
  readonly logger?: Logger;
  /** For tests: time, chance, and what carries the calls. */
  readonly clock?: Clock;
  readonly prng?: Prng;
  readonly openChannel?: (endpoint: string) => Channel;
}

const requestMsDefault = 5000;
const pingIntervalMsDefault = 6000;
const pingTimeoutMsDefault = 5000;

/**
 * Makes a client. It connects on the first request. Throws `invalid-argument` for endpoints that cannot be used.
 *
 * ```ts
 * const client = connect({ endpoints: ['http://127.0.0.1:2379'] });
 * await client.kv.put('greeting', 'hello');
 * await client.close();
 * ```
 */
export function connect(options: ConnectOptions): Client {
  if (options.endpoints.length === 0) {
    throw new ClientError('invalid-argument', 'no endpoints given; name at least one member');
  }
  const clock = options.clock ?? hostClock;
  try {
    return new Client({
      endpoints: [...new Set(options.endpoints)],
      clock,
      prng: options.prng ?? entropyPrng(),
      logger: options.logger ?? silentLogger,
      user: options.user ?? null,
      requestTimeoutMs: options.timeouts?.requestMs ?? requestMsDefault,
      openChannel: options.openChannel ?? ((url) => openHttp2Channel(url, clock, options)),
      prefersLeader: options.prefersLeader ?? false,
    });
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    throw new ClientError('invalid-argument', error.message, { cause: error });
  }
}

function openHttp2Channel(url: string, clock: Clock, { tls, timeouts }: ConnectOptions): Channel {
  return createHttp2Channel(url, {
    clock,
    keepalive: {
      intervalMs: timeouts?.pingIntervalMs ?? pingIntervalMsDefault,
      timeoutMs: timeouts?.pingTimeoutMs ?? pingTimeoutMsDefault,
    },
    ...(tls === undefined ? {} : { tls }),
  });
}
