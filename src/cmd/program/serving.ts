import { hostname } from 'node:os';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import { readTextFile } from '../../host/text-file.js';
import { createHttp2Server } from '../../rpc/http2/index.js';
import { type CertificatePair, listen, type WebHandler } from '../../rpc/index.js';
import { makeSelfSigned } from '../apiserver/self-signed.js';
import { servingCertificate } from '../apiserver/serving-certificate.js';
import { UsageError } from '../usage-error.js';
import type { ParsedFlags } from './flags.js';
import {
  type HealthCheck,
  healthAnswer,
  isHealthPath,
  notFoundAnswer,
  type PlainAnswer,
} from './health-answers.js';
import type { ProgramMetrics } from './metrics.js';

/** What a program serves besides its work. */
export interface ServingOptions {
  readonly flags: ParsedFlags;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: ProgramMetrics;
  readonly checks: readonly HealthCheck[];
  /** Other paths, as `/configz`, with the documents that are there. */
  readonly documents?: ReadonlyMap<string, () => unknown>;
}

/** A port that serves health and metrics. */
export interface Serving {
  readonly port: number;
  close(): Promise<void>;
}

const silenceMsMax = 30_000;
const drainMs = 1000;
const limits = { receiveBytesMax: 1 << 16, concurrentStreamsMax: 100 };
const keepalive = { intervalMs: 30_000, timeoutMs: 15_000 };

/**
 * Serves /healthz, /livez, /readyz and /metrics over HTTPS as the flags say; null when `--secure-port` is 0. Without a certificate one
 * is made. Rejects with UsageError or ListenError.
 */
export async function serveProgram(options: ServingOptions): Promise<Serving | null> {
  const { flags, clock, logger } = options;
  const port = flags.number('secure-port');
  if (port === 0) return null;
  const address = flags.text('bind-address');
  const tls = {
    ...(await certificateOf(flags, clock.wallTime())),
    ...{ clientCa: null, clientCertAuth: false },
  };
  const web = answerOf(options);
  const rpc = createHttp2Server({ services: [], web, clock, logger, limits, keepalive });
  const host = address.includes(':') ? `[${address}]` : address;
  const listener = await listen({
    url: `https://${host}:${port}`,
    ...{ tls, rpc, http: new Map(), web, clock, logger, silenceMsMax },
  });
  return {
    port: listener.port,
    async close() {
      await Promise.all([listener.close({ graceMs: drainMs }), rpc.close({ graceMs: drainMs })]);
    },
  };
}

async function certificateOf(flags: ParsedFlags, nowMs: number): Promise<CertificatePair> {
  const names = ['localhost', hostname(), '127.0.0.1', '::1'];
  if (flags.text('cert-dir') !== '') return servingCertificate(flags, names, nowMs);
  const certFile = flags.text('tls-cert-file');
  const keyFile = flags.text('tls-private-key-file');
  if (certFile === '' && keyFile === '') return makeSelfSigned(names, nowMs);
  if (certFile === '' || keyFile === '') {
    throw new UsageError(
      '--tls-cert-file and --tls-private-key-file go together: give both or none',
    );
  }
  const [cert, key] = await Promise.all([readTextFile(certFile), readTextFile(keyFile)]);
  return { cert, key };
}

function answerOf({ metrics, checks, documents }: ServingOptions): WebHandler {
  return async ({ method, path, query }, response) => {
    const { status, body, type = 'text/plain; charset=utf-8' } = await answer();
    response.start(status, { 'content-type': type });
    response.end(Buffer.from(body));

    async function answer(): Promise<PlainAnswer> {
      if (method !== 'GET' && method !== 'HEAD') {
        return { status: 405, body: 'method not allowed\n' };
      }
      if (isHealthPath(path)) return healthAnswer(path, query, checks);
      if (path === '/metrics') {
        const body = await metrics.registry.metrics();
        return { status: 200, body, type: metrics.registry.contentType };
      }
      const document = documents?.get(path);
      if (document === undefined) return notFoundAnswer;
      return { status: 200, body: `${JSON.stringify(document())}\n`, type: 'application/json' };
    }
  };
}
