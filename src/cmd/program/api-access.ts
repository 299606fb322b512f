import type { Clock } from '../../base/clock.js';
import {
  type ControlClientOptions,
  readInClusterAccess,
  readKubeconfig,
  type ServerAccess,
} from '../../control/client/index.js';
import { flotillaVersion } from '../version.js';
import type { ParsedFlags } from './flags.js';
import type { ProgramMetrics } from './metrics.js';

/** The API server that the flags name; without `--kubeconfig` that of the cluster whose pod this is. Rejects with KubeconfigError. */
export function apiAccess(
  flags: ParsedFlags,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ServerAccess> {
  const kubeconfig = flags.text('kubeconfig');
  if (kubeconfig !== '') return readKubeconfig(kubeconfig);
  return readInClusterAccess({
    host: env.KUBERNETES_SERVICE_HOST,
    port: env.KUBERNETES_SERVICE_PORT,
  });
}

/** How a program's clients talk with it. */
export function clientOptions(
  flags: ParsedFlags,
  about: {
    readonly access: ServerAccess;
    readonly clock: Clock;
    /** The component's name, as managed fields show it. */
    readonly component: string;
    readonly metrics: ProgramMetrics;
  },
): ControlClientOptions {
  const perSecond = flags.number('kube-api-qps');
  const burst = flags.number('kube-api-burst') || Math.max(1, Math.ceil(perSecond * 2));
  const { clock, component, metrics, access } = about;
  const { platform, arch, pid } = process;
  const userAgent = `${component}/${flotillaVersion} (${platform}/${arch}; pid ${pid})`;
  return {
    ...{ clock, userAgent, omitsManagedFields: true },
    observe: metrics.observeRequests(new URL(access.server).host),
    ...(perSecond > 0 ? { rate: { perSecond, burst } } : {}),
  };
}
