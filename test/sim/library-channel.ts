import type { Clock } from '../../src/base/clock.js';
import { silentLogger } from '../../src/base/logger.js';
import type { Prng } from '../../src/base/prng.js';
import { Caller } from '../../src/client/caller.js';
import { EndpointPool } from '../../src/client/endpoints.js';
import type { CallOptions, Channel } from '../../src/rpc/service.js';
import type { MethodDescriptor } from '../../src/wire/descriptor.js';

/**
 * Unary calls through the client library: it goes from member to member and repeats what is safe to repeat. Fails with
 * ClientError, whose `maybeApplied` is put to the test.
 */
export class LibraryChannel implements Pick<Channel, 'unary'> {
  readonly #caller: Caller;

  constructor(options: {
    readonly endpoints: readonly string[];
    readonly clock: Clock;
    readonly prng: Prng;
    readonly timeoutMs: number;
    readonly openChannel: (endpoint: string) => Channel;
  }) {
    const { endpoints, clock, prng, timeoutMs, openChannel } = options;
    const pool = new EndpointPool({
      urls: endpoints,
      clock,
      prng,
      logger: silentLogger,
      openChannel,
    });
    const closed = new AbortController().signal;
    this.#caller = new Caller({ clock, prng, pool, credentials: null, timeoutMs, closed });
  }

  unary<Req, Res, ReqInit, ResInit>(
    method: MethodDescriptor<Req, Res, ReqInit, ResInit>,
    request: ReqInit,
    options: CallOptions = {},
  ): Promise<Res> {
    const kind = method.name === 'Range' ? 'read' : 'write';
    const { timeoutMs } = options;
    const limit = timeoutMs === undefined ? {} : { timeoutMs };
    return this.#caller.attempt(kind, limit, (channel, call) =>
      channel.unary(method, request, call),
    );
  }
}
