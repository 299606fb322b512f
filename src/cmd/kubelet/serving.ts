import { join } from 'node:path';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Prng } from '../../base/prng.js';
import { ClientCertificateAuthenticator } from '../../control/apiserver/authentication/client-certificate.js';
import type { ControlClient } from '../../control/client/index.js';
import {
  AccessReviews,
  type CertificateReader,
  TokenReviews,
} from '../../control/delegation/index.js';
import { CertificateRotation } from '../../control/kubelet/certificates/certificate-rotation.js';
import type { KubeletView } from '../../control/kubelet/kubelet-view.js';
import type { KubeletAccessOptions } from '../../control/kubelet/server/access.js';
import { type KubeletHandler, sendText } from '../../control/kubelet/server/call.js';
import { kubeletRoutes } from '../../control/kubelet/server/kubelet-routes.js';
import { KubeletServer } from '../../control/kubelet/server/kubelet-server.js';
import type { KubeletSettings } from '../../control/kubelet/settings.js';
import { hostLogFiles } from '../../host/log-files.js';
import type { MachineIdentity } from '../../host/machine.js';
import type { CertificatePair } from '../../rpc/index.js';
import { certificatesIn } from '../apiserver/security.js';
import { servingCertificate } from '../apiserver/serving-certificate.js';
import type { ParsedFlags } from '../program/flags.js';
import type { ProgramMetrics } from '../program/metrics.js';
import { UsageError } from '../usage-error.js';
import { certificateFile, keepCertificate, keptCertificate } from './kept-certificate.js';

/** What the kubelet's API is served with. */
export interface KubeletServingOptions {
  readonly flags: ParsedFlags;
  readonly settings: KubeletSettings;
  readonly client: ControlClient;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
  /** Of the node. */
  readonly addresses: readonly string[];
  readonly metrics: ProgramMetrics;
}

/** The ports of a kubelet's API. Until {@link KubeletServing.show} is called everything is answered 503. */
export interface KubeletServing {
  /** Of the one that the node names. */
  readonly port: number;
  show(view: KubeletView, machine: MachineIdentity): void;
  close(): Promise<void>;
}

/** Serves the kubelet's API as the flags say. Rejects with UsageError or ListenError. */
export async function serveKubelet(options: KubeletServingOptions): Promise<KubeletServing> {
  const { flags, settings, clock, logger } = options;
  let answer: KubeletHandler = notReady;
  let readOnly: KubeletHandler = notReady;
  const host = flags.text('address');
  const { pair: tls, signed } = await certificateOf(options);
  const access = await accessOf(options);
  const parts = { host, clock, logger };
  const server = await KubeletServer.listen({
    ...{ ...parts, port: settings.port, tls, access },
    handler: (call) => answer(call),
  });
  const readOnlyPort = flags.number('read-only-port');
  const plain =
    readOnlyPort === 0
      ? null
      : await KubeletServer.listen({
          ...{ ...parts, port: readOnlyPort, tls: null, access: null },
          handler: (call) => readOnly(call),
        });
  const rotating = new AbortController();
  const rotated = isRotated(flags)
    ? rotate(options, { server, signed }, rotating.signal)
    : Promise.resolve();
  return {
    port: server.port,
    show(view, machine) {
      const routes = (hasDebugging: boolean) =>
        kubeletRoutes({
          ...{ view, machine, clock, logger, logFiles: hostLogFiles, hasDebugging },
          streamIdleMs: flags.durationMs('streaming-connection-idle-timeout'),
          metrics: async () => ({
            type: options.metrics.registry.contentType,
            text: await options.metrics.registry.metrics(),
          }),
        });
      answer = routes(flags.isTrue('enable-debugging-handlers'));
      readOnly = routes(false);
    },
    async close() {
      rotating.abort();
      await Promise.all([rotated, server.close(), plain?.close()]);
    },
  };
}

/** Keeps the port's certificate signed by the cluster, until the signal aborts. */
function rotate(
  { flags, settings, client, clock, prng, logger, addresses }: KubeletServingOptions,
  { server, signed }: { readonly server: KubeletServer; readonly signed: CertificatePair | null },
  signal: AbortSignal,
): Promise<void> {
  const folder = certificateFolder(flags, settings);
  const rotation = new CertificateRotation({
    purpose: 'serving',
    ...{ client, clock, prng, logger, current: signed, nodeName: settings.nodeName },
    names: () => [settings.nodeName, ...addresses],
    async onCertificate(pair) {
      server.setCertificate(pair);
      await keepCertificate(certificateFile(folder, 'server'), pair);
    },
  });
  return rotation.run(signal);
}

const notReady: KubeletHandler = (call) => sendText(call, 503, 'the kubelet is starting\n');

async function certificateOf({ flags, settings, clock }: KubeletServingOptions) {
  const names = [settings.nodeName, ...settings.nodeIps, 'localhost', '127.0.0.1', '::1'];
  const folder = certificateFolder(flags, settings);
  const nowMs = clock.wallTime();
  const signed = isRotated(flags)
    ? await keptCertificate(certificateFile(folder, 'server'), nowMs)
    : null;
  const pair =
    signed ?? (await servingCertificate(flags, names, nowMs, { folder, name: 'kubelet' }));
  return { pair, signed };
}

/** Where certificates are kept. */
export function certificateFolder(flags: ParsedFlags, { rootDir }: KubeletSettings): string {
  return flags.text('cert-dir') || join(rootDir, 'pki');
}

/** Who is given a certificate asks for none. */
function isRotated(flags: ParsedFlags): boolean {
  return flags.isTrue('rotate-server-certificates') && flags.text('tls-cert-file') === '';
}

/** Throws UsageError. */
async function accessOf(options: KubeletServingOptions): Promise<KubeletAccessOptions> {
  const { flags, settings, client, clock, logger } = options;
  const badMs = 10_000;
  const goodMs = flags.durationMs('authentication-token-webhook-cache-ttl');
  const times = {
    allowedMs: flags.durationMs('authorization-webhook-cache-authorized-ttl'),
    deniedMs: flags.durationMs('authorization-webhook-cache-unauthorized-ttl'),
  };
  const mode = flags.text('authorization-mode');
  if (mode !== 'Webhook' && mode !== 'AlwaysAllow') {
    throw new UsageError(
      `--authorization-mode: ${JSON.stringify(mode)} is neither Webhook nor AlwaysAllow`,
    );
  }
  return {
    certificates: await certificateReader(flags, clock),
    tokens: flags.isTrue('authentication-token-webhook')
      ? new TokenReviews(client, clock, { goodMs, badMs: Math.min(goodMs, badMs) })
      : null,
    isAnonymousAllowed: flags.isTrue('anonymous-auth'),
    reviews: mode === 'Webhook' ? new AccessReviews(client, clock, times) : null,
    nodeName: settings.nodeName,
    logger,
  };
}

async function certificateReader(
  flags: ParsedFlags,
  clock: Clock,
): Promise<CertificateReader | null> {
  const authorities = await certificatesIn(flags.text('client-ca-file'));
  if (authorities.length === 0) return null;
  const authenticator = new ClientCertificateAuthenticator(authorities, clock);
  return {
    userOf: (peerCertificates) =>
      authenticator.authenticate({ peerCertificates, headers: new Map() }),
  };
}
