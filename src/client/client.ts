import { setMaxListeners } from 'node:events';
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import type { Prng } from '../base/prng.js';
import type { Channel } from '../rpc/index.js';
import { AuthClient } from './auth.js';
import type { KeyTarget } from './bytes.js';
import { Caller } from './caller.js';
import { ClusterClient } from './cluster.js';
import { Credentials, type UserPassword } from './credentials.js';
import { EndpointPool } from './endpoints.js';
import { KvClient } from './kv.js';
import { LeaderPreference } from './leader-preference.js';
import { LeaseClient } from './lease/lease-client.js';
import { MaintenanceClient } from './maintenance.js';
import { Election } from './recipes/election.js';
import { acquireLock, type Lock, type LockOptions } from './recipes/lock.js';
import { Session, type SessionOptions } from './recipes/session.js';
import type { WatchOptions } from './watch/types.js';
import { WatchStream } from './watch/watch-stream.js';
import type { Watcher } from './watch/watcher.js';

/** A client of one cluster; made by `connect`. Safe for any number of concurrent requests. */
export class Client {
  readonly endpoints: readonly string[];
  readonly kv: KvClient;
  readonly lease: LeaseClient;
  readonly cluster: ClusterClient;
  readonly maintenance: MaintenanceClient;
  readonly auth: AuthClient;
  readonly #clock: Clock;
  readonly #pool: EndpointPool;
  readonly #watches: WatchStream;
  readonly #closed = new AbortController();

  constructor(options: {
    readonly endpoints: readonly string[];
    readonly clock: Clock;
    readonly prng: Prng;
    readonly logger: Logger;
    readonly requestTimeoutMs: number;
    /** Null: nobody in particular. */
    readonly user: UserPassword | null;
    readonly openChannel: (url: string) => Channel;
    readonly prefersLeader: boolean;
  }) {
    const { endpoints: urls, clock, prng, logger, openChannel } = options;
    const closed = this.#closed.signal;
    // Every request that waits to be tried again listens: many at once are no leak.
    setMaxListeners(0, closed);
    this.endpoints = urls;
    this.#clock = clock;
    this.#pool = new EndpointPool({ urls, clock, prng, logger, openChannel });
    const timeoutMs = options.requestTimeoutMs;
    const credentials = options.user === null ? null : new Credentials(options.user);
    const caller = new Caller({ clock, prng, pool: this.#pool, credentials, timeoutMs, closed });
    this.kv = new KvClient(caller);
    this.lease = new LeaseClient(caller, closed);
    this.cluster = new ClusterClient(caller);
    this.maintenance = new MaintenanceClient(caller);
    this.auth = new AuthClient(caller);
    this.#watches = new WatchStream(caller, closed);
    if (options.prefersLeader) {
      const statusOf = (url: string) => this.maintenance.status(url);
      const leader = new LeaderPreference({ clock, pool: this.#pool, urls, statusOf });
      caller.watchTerms((term) => leader.onTerm(term));
    }
  }

  /** Watches keys; aborting `signal` ends it. All watches of a client share one stream. */
  watch(
    target: KeyTarget,
    options: WatchOptions & { readonly signal?: AbortSignal } = {},
  ): Watcher {
    return this.#watches.watch(target, options);
  }

  /** Asks how far the watches have come; each gets a batch without events once the server has sent all up to then. */
  requestProgress(): void {
    this.#watches.requestProgress();
  }

  /** Opens a session: a lease kept alive, to tie locks and leaderships to. */
  session(options: SessionOptions = {}): Promise<Session> {
    return Session.open(this.lease, () => this.#clock.now(), options);
  }

  /** Acquires a lock, waiting for those who came before. */
  lock(name: string, options: LockOptions): Promise<Lock> {
    return acquireLock(this.#recipes(), name, options);
  }

  /** An election, to campaign in or to observe. */
  election(name: string): Election {
    return new Election(this.#recipes(), name);
  }

  /** Fails what is under way with `closed`, ends watches and keep-alives, and closes the connections. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#pool.close();
  }

  #recipes() {
    return { kv: this.kv, watches: this.#watches };
  }
}
