import type { Test } from 'tap';
import type { Clock } from '../../src/base/clock.js';
import { silentLogger } from '../../src/base/logger.js';
import type { HttpRoutes } from '../../src/rpc/http-routes.js';
import { type Listener, listen } from '../../src/rpc/listener.js';
import type { ListenerTls } from '../../src/rpc/listener-tls.js';
import type { RpcServer, RpcServerOptions } from '../../src/rpc/server.js';
import type { Channel, ServiceImplementation } from '../../src/rpc/service.js';
import type { WebHandler, WebRequest, WebUpgradeHandler } from '../../src/rpc/web.js';
import { freePorts } from '../e2e/ports.js';
import { serverCert, serverKey } from './certificates.js';

/** The machine's clock, for tests over real sockets. */
export const realClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  setTimer: (delayMs, callback) => ({ timer: setTimeout(callback, delayMs) }),
  clearTimer: ({ timer }) => clearTimeout(timer as NodeJS.Timeout),
  defer: (callback) => void setImmediate(callback),
  deferBriefly: (callback) => void setImmediate(callback),
};

/** An engine under test. */
export interface Engine {
  readonly name: string;
  createServer(options: RpcServerOptions): RpcServer;
  createChannel(endpoint: string): Channel;
}

export const receiveBytesMax = 2 * 1024 * 1024;

/** A server on a free port. */
export interface Served {
  readonly endpoint: string;
  readonly port: number;
  readonly rpc: RpcServer;
  readonly listener: Listener;
  /** Lines logged at level error. */
  readonly errors: string[];
  close(graceMs?: number): Promise<void>;
}

/** What is different about a server. */
export interface ServeOptions extends Partial<Pick<RpcServerOptions, 'limits'>> {
  /** The address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  readonly tls?: ListenerTls;
  readonly http?: HttpRoutes;
  readonly web?: WebHandler;
  readonly upgrade?: WebUpgradeHandler;
  readonly takesUpgrade?: (request: WebRequest) => boolean;
  readonly silenceMsMax?: number;
  /** What silence and graces are measured with. Default: the machine's. */
  readonly clock?: Clock;
}

/** TLS with the tests' own certificate, for any client. */
export const testTls: ListenerTls = {
  cert: serverCert,
  key: serverKey,
  clientCa: null,
  clientCertAuth: false,
};

/** Serves `services` until the test ends. */
export async function serve(
  t: Test,
  engine: Pick<Engine, 'createServer'>,
  services: readonly ServiceImplementation[],
  options: ServeOptions = {},
): Promise<Served> {
  const { host = '127.0.0.1', tls = null, http = new Map(), silenceMsMax = 60_000 } = options;
  const { clock = realClock } = options;
  const web = options.web === undefined ? {} : { web: options.web };
  const errors: string[] = [];
  const logger = { ...silentLogger, error: (message: string) => void errors.push(message) };
  const rpc = engine.createServer({
    services,
    http,
    ...web,
    clock,
    logger,
    limits: options.limits ?? { receiveBytesMax, concurrentStreamsMax: 1000 },
    keepalive: { intervalMs: 60_000, timeoutMs: 20_000 },
  });
  const scheme = tls === null ? 'http' : 'https';
  const listener = await listen({
    url: `${scheme}://${host}:0`,
    tls,
    rpc,
    http,
    ...web,
    upgrade: options.upgrade,
    takesUpgrade: options.takesUpgrade,
    clock,
    logger,
    silenceMsMax,
  });
  const close = async (graceMs = 0) => {
    await Promise.all([rpc.close({ graceMs }), listener.close({ graceMs })]);
  };
  t.teardown(() => close());
  return {
    endpoint: `${scheme}://${host}:${listener.port}`,
    port: listener.port,
    rpc,
    listener,
    errors,
    close,
  };
}

/** Resolves when `condition` holds; fails after `deadlineMs`. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  what: string,
  deadlineMs = 180_000,
): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`still not after ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A port of this machine on which nothing listens. */
export async function closedPort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

/** A promise with its resolver outside. */
export function deferred<T = void>(): {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
} {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((r) => {
    resolve = r;
  });
  return { promise, resolve };
}
