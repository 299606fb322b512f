import { setMaxListeners } from 'node:events';
import { hostname } from 'node:os';
import type { Logger } from '../../base/logger.js';
import { connectRest, createEventRecorder } from '../../control/client/index.js';
import { Kubelet } from '../../control/kubelet/kubelet.js';
import type { JsonObject } from '../../control/machinery/json.js';
import { hostClock } from '../../host/clock.js';
import { entropyPrng } from '../../host/entropy.js';
import { hostMachine } from '../../host/machine.js';
import { hostNodeFiles } from '../../host/node-files.js';
import { apiAccess, clientOptions } from '../program/api-access.js';
import type { ParsedFlags } from '../program/flags.js';
import { ProgramMetrics } from '../program/metrics.js';
import { bootstrapKubeconfig, RotatedAccess } from './client-certificate.js';
import { withConfigFile } from './config-file.js';
import { serveHealthz } from './healthz.js';
import { openRuntime } from './runtimes.js';
import { certificateFolder, serveKubelet } from './serving.js';
import { kubeletSettings } from './settings.js';

/** Runs a node until the signal aborts; its pods go on. Rejects with UsageError, KubeconfigError, ListenError or RuntimeError. */
export async function runKubelet(
  onCommandLine: ParsedFlags,
  argv: readonly string[],
  { logger, signal }: { readonly logger: Logger; readonly signal: AbortSignal },
): Promise<void> {
  setMaxListeners(0, signal);
  const { flags, document } = await withConfigFile(onCommandLine, argv, logger);
  const settings = kubeletSettings(flags, {
    hostname: hostname(),
    document: document as JsonObject,
  });
  const clock = hostClock;
  const prng = entropyPrng();
  const { nodeName: host } = settings;
  const certificates = {
    ...{ clock, prng, logger, nodeName: host, folder: certificateFolder(flags, settings) },
  };
  const bootstrap = flags.text('bootstrap-kubeconfig');
  if (bootstrap !== '') {
    const kubeconfig = flags.text('kubeconfig');
    await bootstrapKubeconfig({ kubeconfig, bootstrap }, certificates, signal);
    if (signal.aborted) return;
  }
  const given = await apiAccess(flags, process.env);
  const isRotated = flags.isTrue('rotate-certificates');
  const access = isRotated ? await RotatedAccess.open(given, certificates) : given;
  const metrics = new ProgramMetrics(clock);
  const client = connectRest(
    access,
    clientOptions(flags, { access, clock, component: 'kubelet', metrics }),
  );
  const events = createEventRecorder({ client, clock, prng, logger, component: 'kubelet', host });
  const runtime = await openRuntime(flags, { clock, prng, logger });
  const parts = { client, clock, prng, logger, events, runtime };
  const serving = await serveKubelet({
    ...{ flags, settings, client, clock, prng, logger, metrics },
    addresses: settings.nodeIps.length > 0 ? settings.nodeIps : await hostMachine.addresses(),
  });
  const kubelet = await Kubelet.open(
    { ...parts, machine: hostMachine, files: hostNodeFiles },
    { ...settings, port: serving.port },
  );
  serving.show(kubelet.view, await hostMachine.identity());
  const healthz = await serveHealthz(kubelet.view, settings, { clock, logger });
  logger.info('running', {
    ...{ node: settings.nodeName, server: access.server, port: serving.port },
  });
  const ending = new AbortController();
  signal.addEventListener('abort', () => {
    const ends = settings.shutdownGraceMs > 0 ? kubelet.shutDown() : Promise.resolve();
    void ends.finally(() => ending.abort());
  });
  const rotated =
    access instanceof RotatedAccess ? access.rotate(client, ending.signal) : Promise.resolve();
  try {
    await Promise.all([kubelet.run(ending.signal), rotated]);
  } finally {
    await serving.close();
    await events.close();
    await healthz?.close();
    await runtime.close();
    await client.close();
  }
}
