import { hostname } from 'node:os';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import { metricsServiceName } from '../../control/metrics-api/index.js';
import { readTextFile } from '../../host/text-file.js';
import { createHttp2Server } from '../../rpc/http2/index.js';
import { type CertificatePair, listen, type WebHandler } from '../../rpc/index.js';
import { makeSelfSigned } from '../apiserver/self-signed.js';
import type { ParsedFlags } from '../program/flags.js';
import { type HealthCheck, healthAnswer, isHealthPath } from '../program/health-answers.js';
import type { ProgramMetrics } from '../program/metrics.js';
import { UsageError } from '../usage-error.js';

/** What is served. */
export interface MetricsServingOptions {
  readonly flags: ParsedFlags;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: ProgramMetrics;
  /** Answers everything but health and its own metrics. */
  readonly api: WebHandler;
  readonly checks: readonly HealthCheck[];
}

/** A port on which metrics are served. */
export interface MetricsServing {
  readonly port: number;
  /** PEM of who signed the certificate that is shown, where that was made here; else null. */
  readonly ca: string | null;
  close(): Promise<void>;
}

const silenceMsMax = 30_000;
const drainMs = 1000;
const limits = { receiveBytesMax: 1 << 16, concurrentStreamsMax: 250 };
const keepalive = { intervalMs: 30_000, timeoutMs: 15_000 };

/** Serves metrics over HTTPS as the flags say. Rejects with UsageError or ListenError. */
export async function serveMetrics(options: MetricsServingOptions): Promise<MetricsServing> {
  const { flags, clock, logger } = options;
  const given = await givenCertificate(flags);
  const names = [metricsServiceName, 'localhost', hostname(), '127.0.0.1', '::1'];
  const pair = given ?? (await makeSelfSigned(names, clock.wallTime()));
  const tls = { ...pair, clientCa: null, clientCertAuth: false, isClientCertUnverified: true };
  const web = answerOf(options);
  const rpc = createHttp2Server({ services: [], web, clock, logger, limits, keepalive });
  const address = flags.text('bind-address');
  const host = address.includes(':') ? `[${address}]` : address;
  const listener = await listen({
    url: `https://${host}:${flags.number('secure-port')}`,
    ...{ tls, rpc, http: new Map(), web, clock, logger, silenceMsMax },
  });
  return {
    port: listener.port,
    ca: given === null ? pair.cert : null,
    async close() {
      await Promise.all([listener.close({ graceMs: drainMs }), rpc.close({ graceMs: drainMs })]);
    },
  };
}

/** Null: none was. */
async function givenCertificate(flags: ParsedFlags): Promise<CertificatePair | null> {
  const certFile = flags.text('tls-cert-file');
  const keyFile = flags.text('tls-private-key-file');
  if (certFile === '' && keyFile === '') return null;
  if (certFile === '' || keyFile === '') {
    throw new UsageError(
      '--tls-cert-file and --tls-private-key-file go together: give both or none',
    );
  }
  const [cert, key] = await Promise.all([readTextFile(certFile), readTextFile(keyFile)]);
  return { cert, key };
}

/** Health says nothing of objects, and is for everybody; so are the numbers of this process. */
function answerOf({ api, metrics, checks }: MetricsServingOptions): WebHandler {
  return async (request, response) => {
    const { path, query } = request;
    if (isHealthPath(path)) {
      const { status, body } = healthAnswer(path, query, path.startsWith('/livez') ? [] : checks);
      response.start(status, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(Buffer.from(body));
    } else if (path === '/metrics') {
      response.start(200, { 'content-type': metrics.registry.contentType });
      response.end(Buffer.from(await metrics.registry.metrics()));
    } else {
      await api(request, response);
    }
  };
}
