import { networkInterfaces } from 'node:os';
import { defined } from '../../base/assert.js';
import { type Clock, sleep } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import { connect } from '../../client/index.js';
import type { TokenAuthenticator } from '../../control/apiserver/authentication/token-authenticator.js';
import { controlService } from '../../control/apiserver/grpc/control-service.js';
import { isLoopback } from '../../control/apiserver/server/kubernetes-service.js';
import { loadPageFiles, servePage } from '../../control/dashboard/index.js';
import { hostClock } from '../../host/clock.js';
import { entropyPrng } from '../../host/entropy.js';
import { readTextFile } from '../../host/text-file.js';
import { createHttp2Server } from '../../rpc/http2/index.js';
import { type Listener, type ListenerTls, listen } from '../../rpc/index.js';
import { type FollowedFiles, followFiles, readAll } from '../credentials/follow-files.js';
import { UsageError } from '../usage-error.js';
import { composeApiServer } from './compose.js';
import type { ParsedFlags } from './parse.js';
import { servingCertificate } from './serving-certificate.js';
import { listenerTls, servingFiles } from './tls.js';

/** An API server that answers requests. */
export interface RunningApiServer {
  /** As `https://127.0.0.1:6443`. */
  readonly url: string;
  readonly port: number;
  /** PEM of the certificate that clients see. */
  readonly certificate: string;
  /** Resolves once everything that a cluster begins with is there. */
  readonly ready: Promise<void>;
  /** Tells balancers, waits as long as the flags say, ends watches, finishes what is under way. */
  close(): Promise<void>;
}

const silenceMsMax = 30_000;
const drainMs = 60_000;
const storeRequestMs = 10_000;
const pingIntervalMs = 30_000;
const pingTimeoutMs = 15_000;
const streamsMax = 1000;
const messageBytesMax = 4 * 1024 * 1024;

/** Starts an API server as the flags say. Rejects when it cannot listen; nothing keeps running then. */
export async function startApiServer(
  flags: ParsedFlags,
  options: { readonly logger: Logger; readonly extraTokens?: TokenAuthenticator },
): Promise<RunningApiServer> {
  const storeUrls = flags.list('etcd-servers');
  if (storeUrls.length === 0) {
    throw new UsageError(
      '--etcd-servers is required: give the URLs of the store, as http://127.0.0.1:2379',
    );
  }
  const { logger } = options;
  const clock = hostClock;
  const [bindAddress = '0.0.0.0', ...furtherAddresses] = flags.list('bind-address');
  const address = advertisedAddress(flags.text('advertise-address'), bindAddress);
  const names = certificateNames(address);
  // What is not there is told of below.
  const servingText = await readAll(servingFiles(flags)).catch(() => '');
  const certificate = await servingCertificate(flags, names, clock.wallTime());
  const tls: ListenerTls = await listenerTls(flags, certificate);
  const client = connect({
    endpoints: storeUrls,
    prefersLeader: true,
    logger,
    timeouts: { requestMs: storeRequestMs },
    ...(await storeTls(flags)),
  });
  const inputs = { flags, client, clock, prng: entropyPrng(), logger, address };
  const { extraTokens } = options;
  const composed = await composeApiServer({
    ...inputs,
    ...(extraTokens === undefined ? {} : { extraTokens }),
  }).catch(async (error: unknown) => {
    await client.close();
    throw error;
  });
  const { server } = composed;
  const web = servePage(loadPageFiles, server.handle, logger);
  const rpc = createHttp2Server({
    services: [controlService(server.handle)],
    web,
    clock,
    logger,
    limits: { receiveBytesMax: messageBytesMax, concurrentStreamsMax: streamsMax },
    keepalive: { intervalMs: pingIntervalMs, timeoutMs: pingTimeoutMs },
  });
  const closeParts = async () => {
    await composed.beside.stop();
    await composed.close();
    await client.close();
  };
  const listenAt = (host: string, port: number) =>
    listen({
      ...{ url: `https://${urlHost(host)}:${port}`, tls, rpc, http: new Map(), web },
      ...{ upgrade: server.handleUpgrade, takesUpgrade: composed.takesUpgrade },
      ...{ clock, logger, silenceMsMax },
    });
  const listeners: Listener[] = [];
  const closeListeners = (graceMs: number) =>
    Promise.all(listeners.map((each) => each.close({ graceMs })));
  try {
    listeners.push(await listenAt(bindAddress, flags.number('secure-port')));
    for (const host of furtherAddresses) listeners.push(await listenAt(host, portOf(listeners)));
  } catch (error) {
    await closeListeners(0);
    await closeParts();
    throw error;
  }
  const followed = followServing(flags, {
    ...{ text: servingText, clock, logger },
    async apply() {
      const changed = await servingCertificate(flags, names, clock.wallTime());
      const changedTls = await listenerTls(flags, changed);
      for (const listener of listeners) listener.setTls(changedTls);
    },
  });
  const port = portOf(listeners);
  const ready = composed.beside.start(port);
  return {
    url: `https://${urlHost(dialable(bindAddress))}:${port}`,
    port,
    certificate: certificate.cert,
    ready,
    async close() {
      server.readiness.beginShutdown();
      await followed?.close();
      await sleep(clock, flags.durationMs('shutdown-delay-duration'));
      // Without a store nothing can be answered any more: who waits for it is told so now.
      if (!(await composed.beside.leave())) await client.close();
      await composed.beside.stop();
      await ready;
      server.endWatches();
      await Promise.all([closeListeners(drainMs), rpc.close({ graceMs: drainMs })]);
      await composed.close();
      await client.close();
    },
  };
}

/** Takes certificates that are replaced into use; null when the flags name none. */
function followServing(
  flags: ParsedFlags,
  parts: {
    readonly text: string;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly apply: () => Promise<void>;
  },
): FollowedFiles | null {
  const paths = servingFiles(flags);
  return paths.length === 0 ? null : followFiles({ ...parts, what: 'serving certificate', paths });
}

/** All addresses are listened on at one port: that of the first. */
function portOf([first]: readonly Listener[]): number {
  return defined(first).port;
}

async function storeTls(
  flags: ParsedFlags,
): Promise<{ tls?: { ca?: string; cert?: string; key?: string } }> {
  const tls: { ca?: string; cert?: string; key?: string } = {};
  const read = async (name: string) => readTextFile(flags.text(name));
  if (flags.text('etcd-cafile') !== '') tls.ca = await read('etcd-cafile');
  if (flags.text('etcd-certfile') !== '') tls.cert = await read('etcd-certfile');
  if (flags.text('etcd-keyfile') !== '') tls.key = await read('etcd-keyfile');
  return Object.keys(tls).length === 0 ? {} : { tls };
}

function certificateNames(address: string): string[] {
  const service = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  const cluster = 'kubernetes.default.svc.cluster.local';
  return [...new Set(['localhost', ...service, cluster, '127.0.0.1', '::1', address])];
}

/** The address that others reach: as given, or bound to, or the first of this machine that leads out of it. */
function advertisedAddress(given: string, bound: string): string {
  if (given !== '') return given;
  const isGeneral = bound === '0.0.0.0' || bound === '::' || isLoopback(bound);
  if (!isGeneral) return bound;
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const outward = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  return (outward.find(({ family }) => family === 'IPv4') ?? outward[0])?.address ?? '127.0.0.1';
}

/** An address that means all of them cannot be dialled. */
function dialable(address: string): string {
  return address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address;
}

function urlHost(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
