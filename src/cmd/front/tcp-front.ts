import { type Clock, sleep } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Address } from '../../host/net.js';
import {
  acceptTcp,
  joinTcp,
  openTcp,
  type TcpAcceptor,
  type TcpConnection,
} from '../../host/tcp.js';
import { inOrder, type PooledServer } from './server-pool.js';

/** How a server answers: it is ready, it says that it is not, nobody listens, or it takes connections and says nothing. */
export type Health = 'ready' | 'unready' | 'gone' | 'silent';

/** What a front works with. */
export interface TcpFrontOptions {
  readonly servers: readonly Address[];
  /** Asks a server how it is, within a bounded time. Never rejects. */
  readonly healthOf: (server: Address) => Promise<Health>;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Server extends PooledServer {
  readonly address: Address;
  /** Both sides of what is under way. */
  readonly under: Set<{ readonly client: TcpConnection; readonly server: TcpConnection }>;
  health: Health | null;
  /** Checks in a row without an answer. */
  silences: number;
}

const checkMs = 1000;
/** One silence may be a busy moment. */
const silencesMax = 3;
/** Servers are on this machine, or near. */
const connectMs = 1000;
const connectionsMax = 20_000;

/**
 * One address for several servers: each connection goes to the ready server that has the fewest, and to another when that does not take
 * it. A server that stays silent loses its connections, so that clients go elsewhere.
 */
export class TcpFront {
  readonly #options: TcpFrontOptions;
  readonly #servers: readonly Server[];
  readonly #acceptors: TcpAcceptor[] = [];

  constructor(options: TcpFrontOptions) {
    this.#options = options;
    this.#servers = options.servers.map((address) => ({
      ...{ address, name: `${address.host}:${address.port}`, isReady: false, connections: 0 },
      ...{ under: new Set(), health: null, silences: 0 },
    }));
  }

  /** Servers that are ready now. */
  get ready(): readonly string[] {
    return this.#servers.filter(({ isReady }) => isReady).map(({ name }) => name);
  }

  /** Takes connections at an address; the port is where it listens. Rejects with ListenError. */
  async listen(address: Address): Promise<number> {
    const acceptor = await acceptTcp(address, { connectionsMax }, (client) => {
      void this.#take(client);
    });
    this.#acceptors.push(acceptor);
    return acceptor.port;
  }

  /** Looks after the servers until the signal aborts; then all connections end. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await Promise.all(this.#servers.map((server) => this.#check(server)));
      await sleep(clock, checkMs, signal).catch(() => {}); // It is over.
    }
    for (const acceptor of this.#acceptors.splice(0)) await acceptor.close();
    for (const server of this.#servers) cutOff(server);
  }

  async #check(server: Server): Promise<void> {
    const health = await this.#options.healthOf(server.address);
    if (health !== server.health) {
      const { logger } = this.#options;
      const about = { server: server.name, health, connections: server.connections };
      if (health === 'ready') logger.info('a server is ready', about);
      else logger.warn('a server is left out', about);
    }
    server.health = health;
    server.isReady = health === 'ready';
    server.silences = health === 'silent' ? server.silences + 1 : 0;
    if (server.silences >= silencesMax) cutOff(server);
  }

  async #take(client: TcpConnection): Promise<void> {
    for (const server of inOrder(this.#servers)) {
      // Counted from the beginning: many may come at once.
      server.connections++;
      try {
        const connection = await openTcp(server.address, connectMs);
        this.#join(client, server, connection);
        return;
      } catch {
        server.connections--;
        server.isReady = false;
      }
    }
    client.reset();
  }

  #join(client: TcpConnection, server: Server, connection: TcpConnection): void {
    if (client.stream.destroyed) {
      server.connections--;
      connection.reset();
      return;
    }
    const pair = { client, server: connection };
    server.under.add(pair);
    connection.stream.once('close', () => {
      server.connections--;
      server.under.delete(pair);
    });
    joinTcp(client, connection);
  }
}

function cutOff({ under }: Server): void {
  for (const { client, server } of [...under]) {
    client.reset();
    server.reset();
  }
}
