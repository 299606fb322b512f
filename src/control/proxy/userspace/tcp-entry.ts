import type { Clock } from '../../../base/clock.js';
import {
  acceptTcp,
  joinTcp,
  openTcp,
  type TcpAcceptor,
  type TcpConnection,
} from '../../../host/tcp.js';
import type { Target } from '../model/service-port.js';
import { Balancer } from './balancer.js';
import type { OpenEntry } from './open-entry.js';
import type { Entry } from './plan-entries.js';
import { admits } from './source-ranges.js';

/** How long endpoints are waited for, one after the other. */
const attemptMs: readonly number[] = [250, 500, 1000, 2000];
const connectionsMax = 10_000;

/** Takes connections and passes them on; each side may end its direction while the other goes on. */
export class TcpEntry implements OpenEntry {
  readonly #clock: Clock;
  readonly #balancer = new Balancer();
  readonly #acceptors: TcpAcceptor[] = [];
  #admits: (host: string) => boolean = () => true;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get port(): number {
    return this.#acceptors[0]?.port ?? 0;
  }

  /** Rejects with ListenError; nothing listens then. */
  async open({ hosts, port }: Entry): Promise<void> {
    try {
      for (const host of hosts) {
        const address = { host, port: this.port || port };
        const take = (connection: TcpConnection) => this.#take(connection);
        this.#acceptors.push(await acceptTcp(address, { connectionsMax }, take));
      }
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  update({ targets, affinitySeconds, sourceRanges }: Entry): void {
    this.#balancer.update(targets, affinitySeconds);
    this.#admits = admits(sourceRanges);
  }

  /** Connections go on. */
  async close(): Promise<void> {
    for (const acceptor of this.#acceptors.splice(0)) await acceptor.close();
  }

  async #take(client: TcpConnection): Promise<void> {
    const endpoint = this.#admits(client.remoteHost) ? await this.#connect(client) : null;
    if (endpoint === null) client.reset();
    else if (client.stream.destroyed) endpoint.reset();
    else joinTcp(client, endpoint);
  }

  async #connect({ remoteHost }: TcpConnection): Promise<TcpConnection | null> {
    const failed: Target[] = [];
    for (const timeoutMs of attemptMs) {
      const target = this.#balancer.choose(remoteHost, this.#clock.now(), failed);
      if (target === null) return null;
      try {
        return await openTcp({ host: target.ip, port: target.port }, timeoutMs);
      } catch {
        failed.push(target);
      }
    }
    return null;
  }
}
