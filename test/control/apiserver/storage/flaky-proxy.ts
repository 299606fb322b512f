import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Test } from 'tap';

/** Carries connections to a store, and breaks them when told to. */
export class FlakyProxy {
  readonly endpoint: string;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  #isOpen = true;
  #target: URL;

  private constructor(
    endpoint: string,
    options: { readonly target: URL; readonly server: Server; readonly sockets: Set<Socket> },
  ) {
    this.endpoint = endpoint;
    this.#target = options.target;
    this.#server = options.server;
    this.#sockets = options.sockets;
  }

  /** A proxy to `target` until the test ends. */
  static async start(t: Test, target: string): Promise<FlakyProxy> {
    const sockets = new Set<Socket>();
    const server = createServer((near) => {
      if (!proxy.#isOpen) {
        near.destroy();
        return;
      }
      const far = connect(Number(proxy.#target.port), proxy.#target.hostname);
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const own = (server.address() as { port: number }).port;
    const proxy = new FlakyProxy(`http://127.0.0.1:${own}`, {
      target: new URL(target),
      server,
      sockets,
    });
    t.teardown(() => proxy.#close());
    return proxy;
  }

  /** Breaks every connection; new ones are let through. */
  drop(): void {
    for (const socket of [...this.#sockets]) socket.destroy();
  }

  /** Breaks every connection, and refuses new ones until {@link open}. */
  shut(): void {
    this.#isOpen = false;
    this.drop();
  }

  /** Breaks every connection; new ones lead to another server. */
  retarget(target: string): void {
    this.#target = new URL(target);
    this.drop();
  }

  open(): void {
    this.#isOpen = true;
  }

  async #close(): Promise<void> {
    this.drop();
    await new Promise((done) => this.#server.close(done));
  }
}
