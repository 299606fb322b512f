import { setMaxListeners } from 'node:events';
import { type Clock, sleep } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Node, Pod } from '../../control/api/gen/core-v1.js';
import {
  type ControlClient,
  connectRest,
  Informer,
  resources,
  type ServerAccess,
  UnreachableError,
} from '../../control/client/index.js';
import { StatusError } from '../../control/machinery/status.js';
import {
  MetricsSource,
  metricsApi,
  NodeScraper,
  registerMetrics,
  UsageBook,
} from '../../control/metrics-api/index.js';
import { hostClock } from '../../host/clock.js';
import { entropyPrng } from '../../host/entropy.js';
import { readTextFile } from '../../host/text-file.js';
import { WebClient, type WebClientTls } from '../../rpc/index.js';
import { apiAccess, clientOptions } from '../program/api-access.js';
import type { ParsedFlags } from '../program/flags.js';
import { ProgramMetrics } from '../program/metrics.js';
import { UsageError } from '../usage-error.js';
import { openAccess } from './access.js';
import { ScrapeMetrics } from './scrape-metrics.js';
import { serveMetrics } from './serving.js';

const resolutionMsMin = 1000;
const registerPauseMs = 2000;

/** Serves metrics until the signal aborts. Rejects with UsageError, KubeconfigError or ListenError. */
export async function runMetricsServer(
  flags: ParsedFlags,
  { logger, signal }: { readonly logger: Logger; readonly signal: AbortSignal },
): Promise<void> {
  setMaxListeners(0, signal);
  const clock = hostClock;
  const prng = entropyPrng();
  const resolutionMs = flags.durationMs('metric-resolution');
  if (resolutionMs < resolutionMsMin) throw new UsageError('--metric-resolution: give 1s or more');
  const host = advertisedHost(flags);
  const server = await apiAccess(flags, process.env);
  const metrics = new ProgramMetrics(clock);
  const scrapes = new ScrapeMetrics(metrics.registry);
  const client = connectRest(
    server,
    clientOptions(flags, { access: server, clock, component: 'metrics-server', metrics }),
  );
  const parts = { clock, prng, logger };
  const nodes = new Informer<Node>({ ...parts, objects: client.objects(resources.nodes) });
  const objects = client.objects(resources.pods);
  const pods = new Informer<Pod>({ ...parts, objects, keep: withoutRest });
  const book = new UsageBook(resolutionMs);
  const web = new WebClient({ clock });
  const scraper = new NodeScraper({
    ...{ web, clock, logger, book, resolutionMs },
    ...(await kubeletAccess(flags, server)),
    nodes: () => [...nodes.lister.all()],
    onRead: (isGood, tookMs) => scrapes.onRead(isGood, tookMs),
  });
  const now = () => clock.wallTime();
  const source = new MetricsSource({ nodes: nodes.lister, pods: pods.lister, book, now });
  const access = await openAccess(flags, client, { clock, logger });
  const serving = await serveMetrics({
    ...{ flags, clock, logger, metrics },
    api: metricsApi({ source, logger, ...access }),
    checks: [{ name: 'metric-storage-ready', check: () => scraper.problem() }],
  });
  logger.info('serving', { port: serving.port, server: server.server });
  const place = { host, port: serving.port, ca: serving.ca ?? server.tls.ca ?? '' };
  try {
    await Promise.all([
      nodes.run(signal),
      pods.run(signal),
      readFromSyncOn(scraper, nodes, signal),
      flags.isTrue('register') ? register(client, place, { clock, logger, signal }) : null,
    ]);
  } finally {
    await serving.close();
    web.close();
    await client.close();
  }
}

/** Throws UsageError when nobody can know. */
function advertisedHost(flags: ParsedFlags): string {
  const host = flags.text('advertise-address') || flags.text('bind-address');
  if (host !== '0.0.0.0' && host !== '::') return host;
  throw new UsageError('--advertise-address: give the address at which the API server comes');
}

/** What of a pod is shown or asked for. */
function withoutRest({ metadata, spec }: Pod): Pod {
  const { name, namespace, uid, labels, resourceVersion } = metadata;
  return {
    metadata: { name, namespace, uid, labels, resourceVersion } as Pod['metadata'],
    spec: { nodeName: spec?.nodeName } as NonNullable<Pod['spec']>,
  };
}

/** The first round is not of no nodes. */
async function readFromSyncOn(
  scraper: NodeScraper,
  nodes: Informer<Node>,
  signal: AbortSignal,
): Promise<void> {
  await nodes.untilSynced(signal).catch(() => {}); // Told to stop.
  await scraper.run(signal);
}

async function register(
  client: ControlClient,
  place: { readonly host: string; readonly port: number; readonly ca: string },
  { clock, logger, signal }: { clock: Clock; logger: Logger; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    try {
      await registerMetrics(client, place, signal);
      logger.info('the API server knows where the metrics are');
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof StatusError || error instanceof UnreachableError)) throw error;
      logger.warn('the API server cannot be told where the metrics are; trying again', {
        error: error.message,
      });
      await sleep(clock, registerPauseMs, signal).catch(() => {}); // Told to stop.
    }
  }
}

/** How kubelets are asked, as the flags say. Rejects with UsageError. */
async function kubeletAccess(flags: ParsedFlags, server: ServerAccess) {
  const timeoutMs = flags.durationMs('kubelet-request-timeout');
  const certFile = flags.text('kubelet-client-certificate');
  const keyFile = flags.text('kubelet-client-key');
  if ((certFile === '') !== (keyFile === '')) {
    throw new UsageError(
      '--kubelet-client-certificate and --kubelet-client-key go together: give both or none',
    );
  }
  const { cert, key } =
    certFile === ''
      ? server.tls
      : { cert: await readTextFile(certFile), key: await readTextFile(keyFile) };
  const caFile = flags.text('kubelet-certificate-authority');
  const ca = caFile === '' ? server.tls.ca : await readTextFile(caFile);
  const tls: WebClientTls = {
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(ca === undefined ? {} : { ca }),
    ...(flags.isTrue('kubelet-insecure-tls') ? { isUnverified: true } : {}),
  };
  return {
    ...{ tls, timeoutMs, addressTypes: flags.list('kubelet-preferred-address-types') },
    port: flags.isTrue('kubelet-use-node-status-port') ? null : flags.number('kubelet-port'),
    authorization: () => server.authorization(),
  };
}
