import type { Duplex } from 'node:stream';
import { Routes } from '../dispatch.js';
import { HttpDate } from '../http-date.js';
import type { HttpRoutes } from '../http-routes.js';
import type { MethodCounts } from '../method-counts.js';
import type { RpcServer, RpcServerOptions } from '../server.js';
import type { WebHandler } from '../web.js';
import { FlushQueue } from './flush-queue.js';
import { ServerConnection, type ServerShared } from './server-connection.js';
import { TimeSlices } from './time-slices.js';

/** Multiples of it, modulo 1, are spread as evenly as can be however many there are. */
const goldenRatio = (Math.sqrt(5) - 1) / 2;

/** The engine on our own HTTP/2 layer. */
export function createHttp2Server(options: RpcServerOptions): RpcServer {
  return new Http2Server(options);
}

class Http2Server implements RpcServer, ServerShared {
  readonly options: RpcServerOptions;
  readonly routes: Routes;
  readonly http: HttpRoutes;
  readonly web: WebHandler | null;
  readonly flushQueue: FlushQueue;
  readonly slices: TimeSlices;
  readonly date: HttpDate;
  readonly #connections = new Set<ServerConnection>();
  /** Connections taken over so far. */
  #count = 0;
  /** Whoever waits for the last connection. */
  #onEmpty: () => void = () => {};
  #closed: Promise<void> | null = null;

  constructor(options: RpcServerOptions) {
    this.options = options;
    this.routes = new Routes(options.services);
    this.http = options.http ?? new Map();
    this.web = options.web ?? null;
    this.flushQueue = new FlushQueue(options.clock);
    this.slices = new TimeSlices(options.clock);
    this.date = new HttpDate(options.clock);
  }

  attach(connection: Duplex): void {
    if (this.#closed !== null) {
      connection.destroy();
      return;
    }
    this.#count++;
    this.#connections.add(new ServerConnection(connection, this));
  }

  counts(): readonly MethodCounts[] {
    return this.routes.counts();
  }

  nextAgeFactor(): number {
    return 0.9 + 0.2 * ((this.#count * goldenRatio) % 1);
  }

  onConnectionOver(connection: ServerConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#onEmpty();
  }

  close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#closed ??= this.#drain(graceMs);
    return this.#closed;
  }

  async #drain(graceMs: number): Promise<void> {
    if (this.#connections.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const connection of this.#connections) connection.drain();
    const { clock } = this.options;
    const timer = clock.setTimer(graceMs, () => {
      for (const connection of [...this.#connections]) connection.destroy();
    });
    await empty;
    clock.clearTimer(timer);
  }
}
