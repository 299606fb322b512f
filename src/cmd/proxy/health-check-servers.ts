import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import { type HealthCheckPort, healthCheckAnswer } from '../../control/proxy/index.js';
import { type PlainServer, servePlain } from './plain-server.js';

/** A server for each service whose load balancer asks this node for its own endpoints. */
export class HealthCheckServers {
  readonly #parts: { readonly clock: Clock; readonly logger: Logger };
  readonly #isProxyHealthy: () => boolean;
  readonly #servers = new Map<number, PlainServer>();
  /** By port, as of the last sync. */
  #checks = new Map<number, HealthCheckPort>();

  constructor(parts: {
    readonly clock: Clock;
    readonly logger: Logger;
    readonly isProxyHealthy: () => boolean;
  }) {
    this.#parts = parts;
    this.#isProxyHealthy = parts.isProxyHealthy;
  }

  /** Opens and closes ports as services come and go. A port that is taken is tried again at the next call. */
  async sync(checks: readonly HealthCheckPort[]): Promise<void> {
    this.#checks = new Map(checks.map((check) => [check.port, check]));
    for (const [port, server] of [...this.#servers]) {
      if (this.#checks.has(port)) continue;
      this.#servers.delete(port);
      await server.close();
    }
    for (const port of this.#checks.keys()) {
      if (!this.#servers.has(port)) await this.#open(port);
    }
  }

  async close(): Promise<void> {
    await this.sync([]);
  }

  async #open(port: number): Promise<void> {
    try {
      const address = { host: '::', port };
      this.#servers.set(port, await servePlain(address, this.#parts, () => this.#answer(port)));
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      this.#parts.logger.error('a health check port is not served', { port, problem });
    }
  }

  #answer(port: number) {
    const check = this.#checks.get(port);
    if (check === undefined) return null;
    return {
      ...healthCheckAnswer(check, this.#isProxyHealthy()),
      type: 'application/json',
      headers: {
        'x-content-type-options': 'nosniff',
        'x-load-balancing-endpoint-weight': String(check.localEndpoints),
      },
    };
  }
}
