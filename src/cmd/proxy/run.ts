import { setMaxListeners } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import { connectRest, resources, SharedInformers } from '../../control/client/index.js';
import { PodNetwork } from '../../control/network/index.js';
import { Proxier } from '../../control/proxy/index.js';
import { hostClock } from '../../host/clock.js';
import { runCommand } from '../../host/command.js';
import { entropyPrng } from '../../host/entropy.js';
import { hostMachine } from '../../host/machine.js';
import { readTextFile } from '../../host/text-file.js';
import { apiAccess, clientOptions } from '../program/api-access.js';
import type { ParsedFlags } from '../program/flags.js';
import type { PlainAnswer } from '../program/health-answers.js';
import { ProgramMetrics } from '../program/metrics.js';
import { cleanUpAll, type ModeBackends, makeBackends } from './backends.js';
import { applyConntrackSettings } from './conntrack-settings.js';
import { HealthCheckServers } from './health-check-servers.js';
import { ProxyMetrics } from './metrics.js';
import { type PlainServer, servePlain } from './plain-server.js';
import { proxyHealth } from './proxy-health.js';
import { type ProxyCommandSettings, proxySettings, withConfiguration } from './settings.js';
import { configurationOf } from './write-config.js';

/** Serves services until the signal aborts; rules stay. Rejects with UsageError, KubeconfigError, ListenError or CommandError. */
export async function runProxy(
  given: ParsedFlags,
  { logger, signal }: { readonly logger: Logger; readonly signal: AbortSignal },
): Promise<void> {
  setMaxListeners(0, signal);
  const file = given.text('config');
  const flags = file === '' ? given : withConfiguration(given, await readTextFile(file));
  const clock = hostClock;
  const settings = proxySettings(flags, process.getuid?.() === 0);
  const written = flags.text('write-config-to');
  if (written !== '') return writeFile(written, configurationOf(flags));
  if (flags.isTrue('cleanup')) return cleanUpAll(settings, { clock, logger });
  if (flags.isTrue('init-only')) return applyConntrackSettings(flags, { run: runCommand, logger });
  const access = await apiAccess(flags, process.env);
  const metrics = new ProgramMetrics(clock);
  const counts = new ProxyMetrics(metrics.registry);
  const client = connectRest(
    access,
    clientOptions(flags, { access, clock, metrics, component: 'kube-proxy' }),
  );
  const informers = new SharedInformers({ client, clock, prng: entropyPrng(), logger });
  const backends = await makeBackends(settings, { clock, logger });
  const isInKernel = backends.mode !== 'userspace';
  if (isInKernel) await applyConntrackSettings(flags, { run: runCommand, logger });
  const { nodeName, minSyncPeriodMs, syncPeriodMs } = settings;
  const checks = new HealthCheckServers({
    clock,
    logger,
    isProxyHealthy: () => health.isHealthy(),
  });
  const proxier = new Proxier({
    ...{ informers, clock, logger, nodeName, minSyncPeriodMs, syncPeriodMs },
    backends: backends.byFamily,
    settings: settings.proxy,
    machineAddresses: () => hostMachine.addresses(),
    run: isInKernel ? runCommand : null,
    onHealthChecks: (ports) => checks.sync(ports),
    onProgrammed: (latencyMs) => counts.onProgrammed(latencyMs),
    onSync: (tookMs, ports) => {
      counts.onSync(tookMs, ports, clock.wallTime());
      health.onSync();
      logger.debug('rules are up to date', { tookMs, ports });
    },
  });
  const podNetwork = settings.keepsPodNetwork
    ? new PodNetwork({
        ...{ informers, clock, logger, nodeName, minSyncPeriodMs, syncPeriodMs, run: runCommand },
        clusterCidrs: settings.proxy.clusterCidrs,
      })
    : null;
  const nodes = informers.of(resources.nodes).lister;
  const health = proxyHealth({ clock, proxier, syncPeriodMs, node: () => nodes.get('', nodeName) });
  const servers = await serve(settings, { clock, logger, metrics, health, backends });
  try {
    await Promise.all([informers.run(signal), proxier.run(signal), podNetwork?.run(signal)]);
  } finally {
    // Rules outlive the proxy, but not where they lead to it.
    if (!isInKernel) for (const backend of backends.byFamily.values()) await backend.cleanUp();
    await checks.close();
    for (const server of servers) await server.close();
    await client.close();
  }
}

async function serve(
  { healthz, metrics: metricsAddress }: ProxyCommandSettings,
  parts: {
    readonly clock: Clock;
    readonly logger: Logger;
    readonly metrics: ProgramMetrics;
    readonly health: ReturnType<typeof proxyHealth>;
    readonly backends: ModeBackends;
  },
): Promise<readonly PlainServer[]> {
  const { health, metrics, backends } = parts;
  const servers: PlainServer[] = [];
  if (healthz !== null) {
    const routes = (path: string) => health.answer(path);
    servers.push(await servePlain(healthz, parts, routes));
  }
  if (metricsAddress !== null) {
    const { registry } = metrics;
    const routes = async (path: string) => {
      if (path === '/proxyMode') return { status: 200, body: backends.mode };
      if (path === '/serviceAddresses') return jsonAnswer(backends.entries());
      if (path === '/healthz') return { status: 200, body: 'ok' };
      if (path !== '/metrics') return null;
      return { status: 200, body: await registry.metrics(), type: registry.contentType };
    };
    servers.push(await servePlain(metricsAddress, parts, routes));
  }
  return servers;
}

function jsonAnswer(value: unknown): PlainAnswer {
  return { status: 200, body: `${JSON.stringify(value, null, 2)}\n`, type: 'application/json' };
}
