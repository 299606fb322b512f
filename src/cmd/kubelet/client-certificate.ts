import { X509Certificate } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { stringify } from 'yaml';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Prng } from '../../base/prng.js';
import {
  type ControlClient,
  connectRest,
  KubeconfigError,
  readKubeconfig,
  type ServerAccess,
} from '../../control/client/index.js';
import { CertificateRotation } from '../../control/kubelet/certificates/certificate-rotation.js';
import type { CertificatePair, WebClientTls } from '../../rpc/index.js';
import { writePrivate } from '../credentials/write-private.js';
import { certificateFile, keepCertificate, keptCertificate } from './kept-certificate.js';

/** What a kubelet's way to the API server is found with. */
export interface KubeletAccessParts {
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
  readonly nodeName: string;
  /** Where certificates are kept. */
  readonly folder: string;
}

/**
 * Sees to it that `kubeconfig` names a client certificate that is good: when it is not there, or its certificate is over, the cluster is asked
 * for one as who `bootstrap` is. Waits until somebody has approved it, or the signal aborts. Rejects with KubeconfigError.
 */
export async function bootstrapKubeconfig(
  { kubeconfig, bootstrap }: { readonly kubeconfig: string; readonly bootstrap: string },
  parts: KubeletAccessParts,
  signal: AbortSignal,
): Promise<void> {
  const { clock, logger, nodeName, folder } = parts;
  if (kubeconfig === '')
    throw new KubeconfigError('--bootstrap-kubeconfig needs --kubeconfig, which is written');
  if (await isUsable(kubeconfig, clock.wallTime())) return;
  const access = await readKubeconfig(bootstrap);
  const client = connectRest(access, { clock, userAgent: 'kubelet-bootstrap' });
  const path = resolve(certificateFile(folder, 'client'));
  try {
    const rotation = new CertificateRotation({
      ...{ ...parts, client, purpose: 'client', current: null, names: () => [] },
      onCertificate: (pair) => keepCertificate(path, pair),
    });
    await rotation.renew(signal);
    if (signal.aborted) return;
  } finally {
    await client.close();
  }
  await mkdir(dirname(kubeconfig), { recursive: true });
  await writePrivate(kubeconfig, kubeconfigFor(access, path));
  logger.info('the cluster has given a client certificate', { node: nodeName, kubeconfig });
}

/** A kubeconfig whose credentials are good for a while yet; those that are no certificates are good. */
async function isUsable(path: string, nowMs: number): Promise<boolean> {
  try {
    const { tls } = await readKubeconfig(path);
    return tls.cert === undefined || endOf(tls.cert) > nowMs;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (isMissing) return false;
    throw error;
  }
}

/** A server, and a client certificate that is replaced while it is in use. */
export class RotatedAccess implements ServerAccess {
  readonly server: string;
  readonly #access: ServerAccess;
  readonly #parts: KubeletAccessParts;
  #tls: WebClientTls;

  private constructor(access: ServerAccess, parts: KubeletAccessParts, tls: WebClientTls) {
    this.server = access.server;
    this.#access = access;
    this.#parts = parts;
    this.#tls = tls;
  }

  /** The certificate that an earlier run was given counts before that of the kubeconfig. Throws KubeconfigError when there is none. */
  static async open(access: ServerAccess, parts: KubeletAccessParts): Promise<RotatedAccess> {
    const { cert, key } = access.tls;
    if (cert === undefined || key === undefined)
      throw new KubeconfigError(
        '--rotate-certificates needs a --kubeconfig with a client certificate',
      );
    const path = certificateFile(parts.folder, 'client');
    const kept = await keptCertificate(path, parts.clock.wallTime());
    return new RotatedAccess(access, parts, { ...access.tls, ...(kept ?? { cert, key }) });
  }

  get tls(): WebClientTls {
    return this.#tls;
  }

  authorization(): Promise<string | null> {
    return this.#access.authorization();
  }

  /** Asks for the next certificate whenever it is time to, until the signal aborts. */
  async rotate(client: ControlClient, signal: AbortSignal): Promise<void> {
    const { cert = '', key = '' } = this.#tls;
    const path = certificateFile(this.#parts.folder, 'client');
    const rotation = new CertificateRotation({
      ...{ ...this.#parts, client, purpose: 'client', current: { cert, key }, names: () => [] },
      onCertificate: async (pair: CertificatePair) => {
        await keepCertificate(path, pair);
        this.#tls = { ...this.#tls, ...pair };
      },
    });
    await rotation.run(signal);
  }
}

function endOf(cert: string): number {
  return Date.parse(new X509Certificate(cert).validTo);
}

/** As kubelets write it. */
function kubeconfigFor({ server, tls }: ServerAccess, certificatePath: string): string {
  const { ca, serverName, isUnverified } = tls;
  const cluster = {
    server,
    ...(ca === undefined
      ? {}
      : { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
    ...(serverName === undefined ? {} : { 'tls-server-name': serverName }),
    ...(isUnverified === true ? { 'insecure-skip-tls-verify': true } : {}),
  };
  const user = { 'client-certificate': certificatePath, 'client-key': certificatePath };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'default-cluster', cluster }],
    users: [{ name: 'default-auth', user }],
    contexts: [
      {
        name: 'default-context',
        context: { cluster: 'default-cluster', user: 'default-auth', namespace: 'default' },
      },
    ],
    'current-context': 'default-context',
  });
}
