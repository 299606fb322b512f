import http from 'node:http';
import https from 'node:https';
import type { Clock } from '../base/clock.js';
import {
  type UpgradeOutcome,
  type WebClientRequest,
  type WebClientResponse,
  WebExchange,
} from './web-exchange.js';

export type {
  UpgradedConnection,
  UpgradeOutcome,
  WebClientRequest,
  WebClientResponse,
  WebClientTls,
} from './web-exchange.js';

/** Milliseconds that an unused connection is kept. */
const idleMsMax = 60_000;
/** Unused connections that are kept, to all servers together. */
const idleCountMax = 256;

/** Asks other servers over HTTP/1.1, and keeps connections for the next time. */
export class WebClient {
  readonly #clock: Clock;
  readonly #agents: { readonly http: http.Agent; readonly https: https.Agent };

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
    const options = { keepAlive: true, timeout: idleMsMax, maxFreeSockets: idleCountMax };
    this.#agents = { http: new http.Agent(options), https: new https.Agent(options) };
  }

  /**
   * Asks, and resolves with the beginning of the answer, whatever its status. Rejects with {@link WebClientError}. A request
   * without effects, of which the server has taken a kept connection down, is made again on another.
   */
  async request(request: WebClientRequest): Promise<WebClientResponse> {
    for (;;) {
      const exchange = new WebExchange(request, this.#agents, this.#clock);
      try {
        const outcome = await exchange.outcome;
        if (outcome.kind === 'answered') return outcome.response;
        outcome.connection.socket.destroy();
        throw exchange.errorOf('broken', 'it switched protocols without being asked');
      } catch (error) {
        if (!exchange.isRepeatable) throw error;
      }
    }
  }

  /**
   * Asks for an upgrade; `headers` say to what (`upgrade`, and `connection: Upgrade` is added). Always on a connection of its own.
   * Rejects with {@link WebClientError}.
   */
  openUpgrade(request: WebClientRequest): Promise<UpgradeOutcome> {
    const headers = { ...request.headers, connection: 'Upgrade' };
    return new WebExchange({ ...request, headers }, null, this.#clock).outcome;
  }

  /** Closes the connections that are kept, and those in use. */
  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }
}
