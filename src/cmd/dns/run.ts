import { setMaxListeners } from 'node:events';
import type { Logger } from '../../base/logger.js';
import { connectRest, SharedInformers } from '../../control/client/index.js';
import {
  askOverNetwork,
  CachingForwarder,
  informerView,
  NameServer,
  type PodNames,
  untilKubeDns,
  zoneAnswerer,
} from '../../control/dns/index.js';
import { ipProblems } from '../../control/machinery/ip-problems.js';
import { hostClock } from '../../host/clock.js';
import { entropyPrng } from '../../host/entropy.js';
import { apiAccess, clientOptions } from '../program/api-access.js';
import type { ParsedFlags } from '../program/flags.js';
import { ProgramMetrics } from '../program/metrics.js';
import { serveProgram } from '../program/serving.js';
import { UsageError } from '../usage-error.js';
import { DnsMetrics } from './metrics.js';
import { upstreamsOf } from './upstreams.js';

interface Settings {
  readonly host: string;
  readonly port: number;
  readonly zone: string;
  readonly podNames: PodNames;
  readonly ttlSeconds: number;
  readonly upstreamTimeoutMs: number;
  /** '' makes no Service. */
  readonly serviceIp: string;
}

/** Answers questions until the signal aborts. Rejects with UsageError, KubeconfigError, ListenError or StatusError. */
export async function runDns(
  flags: ParsedFlags,
  { logger, signal }: { readonly logger: Logger; readonly signal: AbortSignal },
): Promise<void> {
  setMaxListeners(0, signal);
  const settings = settingsOf(flags);
  const { host, port, zone } = settings;
  const servers = await upstreamsOf(flags, { host, port });
  const clock = hostClock;
  const prng = entropyPrng();
  const access = await apiAccess(flags, process.env);
  const metrics = new ProgramMetrics(clock);
  const counts = new DnsMetrics(metrics.registry);
  const client = connectRest(
    access,
    clientOptions(flags, { access, clock, metrics, component: 'flotilla-dns' }),
  );
  const informers = new SharedInformers({ client, clock, prng, logger });
  let serial = Math.floor(clock.wallTime() / 1000);
  const watchesPods = settings.podNames === 'verified';
  const view = informerView(informers, { watchesPods, onChange: () => serial++ });
  const following = informers.run(signal);
  let isReady = false;
  void informers.untilSynced(signal).then(
    () => {
      isReady = true;
      logger.info('all names of the cluster are known');
    },
    () => {}, // Told to stop.
  );
  const forwarder =
    servers.length === 0
      ? null
      : new CachingForwarder({
          ...{ clock, prng, servers, onCacheHit: () => counts.onCacheHit() },
          askServer: askOverNetwork(clock, settings.upstreamTimeoutMs),
        });
  const answer = zoneAnswerer({
    ...{ view, prng, forwarder, isReady: () => isReady },
    zone: { zone, podNames: settings.podNames, serverIps: [settings.serviceIp || host] },
    facts: { zone, ttlSeconds: settings.ttlSeconds, serial: () => serial },
    onAnswer: (asked, code) => counts.onAnswer(asked, code),
  });
  const checks = [{ name: 'informers', check: () => (isReady ? null : 'not synced yet') }];
  const serving = await serveProgram({ flags, clock, logger, metrics, checks });
  const server = await NameServer.listen({ address: { host, port }, clock, logger, answer });
  logger.info('answering', { address: `${host}:${server.port}`, zone, upstreams: servers.length });
  try {
    if (settings.serviceIp !== '') {
      const of = { clusterIp: settings.serviceIp, servers: [{ host, port: server.port }] };
      await untilKubeDns(client, of, { clock, prng, logger }, signal);
    }
    await following;
  } finally {
    await server.close();
    await serving?.close();
    await client.close();
  }
}

function settingsOf(flags: ParsedFlags): Settings {
  const host = flags.text('dns-bind-address');
  if (ipProblems(host).length > 0)
    throw new UsageError(`--dns-bind-address: ${JSON.stringify(host)} is no IP address`);
  const zone = flags.text('cluster-domain').toLowerCase().replace(/\.$/, '');
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(zone))
    throw new UsageError(`--cluster-domain: ${JSON.stringify(zone)} is no domain`);
  const podNames = flags.text('pod-names');
  if (podNames !== 'insecure' && podNames !== 'verified' && podNames !== 'disabled')
    throw new UsageError(
      `--pod-names: ${JSON.stringify(podNames)} is none of insecure, verified, disabled`,
    );
  const ttlSeconds = flags.number('ttl');
  if (ttlSeconds > 3600) throw new UsageError('--ttl: give 0 to 3600');
  const serviceIp = flags.text('service-cluster-ip');
  if (serviceIp !== '' && ipProblems(serviceIp).length > 0)
    throw new UsageError(`--service-cluster-ip: ${JSON.stringify(serviceIp)} is no IP address`);
  const upstreamTimeoutMs = flags.durationMs('upstream-timeout');
  const port = flags.number('dns-port');
  return { host, port, zone, podNames, ttlSeconds, upstreamTimeoutMs, serviceIp };
}
