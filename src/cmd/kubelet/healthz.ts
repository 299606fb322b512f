import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { KubeletView } from '../../control/kubelet/kubelet-view.js';
import type { KubeletSettings } from '../../control/kubelet/settings.js';
import { createHttp2Server } from '../../rpc/http2/index.js';
import { listen } from '../../rpc/index.js';
import { healthAnswer, isHealthPath, notFoundAnswer } from '../program/health-answers.js';

const silenceMsMax = 10_000;
const keepalive = { intervalMs: 0, timeoutMs: 0 };

/** Serves /healthz over plain HTTP, as those who supervise kubelets ask for it; null when the port is 0. Rejects with ListenError. */
export async function serveHealthz(
  view: KubeletView,
  { healthzPort, healthzAddress }: KubeletSettings,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<{ close(): Promise<void> } | null> {
  if (healthzPort === 0) return null;
  const limits = { receiveBytesMax: 1 << 16, concurrentStreamsMax: 16 };
  const rpc = createHttp2Server({ services: [], clock, logger, keepalive, limits });
  const checks = [{ name: 'syncloop', check: () => view.health() }];
  const host = healthzAddress.includes(':') ? `[${healthzAddress}]` : healthzAddress;
  const listener = await listen({
    url: `http://${host}:${healthzPort}`,
    ...{ tls: null, rpc, http: new Map(), clock, logger, silenceMsMax },
    web: async ({ path, query }, response) => {
      const isHealth = isHealthPath(path);
      const { status, body } = isHealth ? await healthAnswer(path, query, checks) : notFoundAnswer;
      response.start(status, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(Buffer.from(body));
    },
  });
  return {
    async close() {
      await Promise.all([rpc.close({ graceMs: 0 }), listener.close({ graceMs: 0 })]);
    },
  };
}
