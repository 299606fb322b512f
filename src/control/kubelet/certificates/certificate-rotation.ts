import { X509Certificate } from 'node:crypto';
import { type Clock, sleep } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { Prng } from '../../../base/prng.js';
import { makeCertificateRequest } from '../../../host/certificate-request-maker.js';
import type { CertificatePair } from '../../../rpc/index.js';
import { type ControlClient, resources, UnreachableError } from '../../client/index.js';
import { StatusError } from '../../machinery/status.js';

/** What a certificate is for: to be known by as a client, or as a server. */
export type CertificatePurpose = 'client' | 'serving';

/** What a kubelet's certificates are asked for with. */
export interface CertificateRotationOptions {
  readonly purpose: CertificatePurpose;
  readonly client: ControlClient;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
  readonly nodeName: string;
  /** Host names and IP addresses by which the node is reached; none for a client. */
  readonly names: () => readonly string[];
  /** The one in use; null: there is none that the cluster has signed. */
  readonly current: CertificatePair | null;
  /** Takes another one into use, and keeps it. */
  readonly onCertificate: (pair: CertificatePair) => Promise<void>;
}

const requests: Readonly<
  Record<CertificatePurpose, { readonly signerName: string; readonly usages: readonly string[] }>
> = {
  client: {
    signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
    usages: ['digital signature', 'client auth'],
  },
  serving: {
    signerName: 'kubernetes.io/kubelet-serving',
    usages: ['digital signature', 'server auth'],
  },
};
/** How long somebody has to approve a request, before another is made. */
const waitMsMax = 15 * 60_000;
const pollMs = 2000;
/** Between requests that failed. */
const retryMs = { min: 10_000, max: 300_000 };

/**
 * Keeps a certificate that the cluster has signed: asks for one by CertificateSigningRequest, which somebody has to approve, and for the
 * next one when 70 to 90 per cent of its time are over.
 */
export class CertificateRotation {
  readonly #options: CertificateRotationOptions;
  #current: CertificatePair | null;

  constructor(options: CertificateRotationOptions) {
    this.#options = options;
    this.#current = options.current;
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#untilDue(signal);
      await this.renew(signal);
    }
  }

  /** Asks until a certificate is given, or the signal aborts. */
  async renew(signal: AbortSignal): Promise<void> {
    const { clock, logger, purpose } = this.#options;
    let pauseMs = retryMs.min;
    while (!signal.aborted) {
      try {
        const pair = await this.#ask(signal);
        if (pair !== null) {
          await this.#options.onCertificate(pair);
          this.#current = pair;
          logger.info(`a ${purpose} certificate is in use that the cluster has signed`);
          return;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof StatusError || error instanceof UnreachableError)) throw error;
        logger.warn(`no ${purpose} certificate could be asked for`, { error: error.message });
      }
      await sleep(clock, pauseMs, signal).catch(() => {}); // Told to stop.
      pauseMs = Math.min(pauseMs * 2, retryMs.max);
    }
  }

  async #untilDue(signal: AbortSignal): Promise<void> {
    const { clock, prng } = this.#options;
    if (this.#current === null) return;
    const { validFrom, validTo } = new X509Certificate(this.#current.cert);
    const [fromMs, toMs] = [Date.parse(validFrom), Date.parse(validTo)];
    const dueMs = fromMs + (toMs - fromMs) * (0.7 + 0.2 * prng.float());
    const leftMs = Math.max(0, dueMs - clock.wallTime());
    await sleep(clock, leftMs, signal).catch(() => {}); // Told to stop.
  }

  /** Null: it was refused, or nobody approved it. */
  async #ask(signal: AbortSignal): Promise<CertificatePair | null> {
    const { client, nodeName, names, clock, logger, purpose } = this.#options;
    const { signerName, usages } = requests[purpose];
    const { request, key } = await makeCertificateRequest({
      commonName: `system:node:${nodeName}`,
      organizations: ['system:nodes'],
      names: names(),
    });
    const objects = client.objects(resources.certificateSigningRequests);
    const { metadata } = await objects.create(
      {
        metadata: { generateName: 'csr-' },
        spec: {
          ...{ request: Buffer.from(request).toString('base64'), signerName },
          usages: [...usages],
        },
      },
      { signal },
    );
    const { name = '' } = metadata;
    logger.info(`a ${purpose} certificate is asked for`, { request: name });
    const endMs = clock.now() + waitMsMax;
    while (clock.now() < endMs) {
      const { status } = await objects.get({ name }, { signal });
      const refusal = status?.conditions?.find(
        ({ type }) => type === 'Denied' || type === 'Failed',
      );
      if (refusal !== undefined) {
        const { type = '', message = '' } = refusal;
        logger.warn(`no ${purpose} certificate was given`, { request: name, type, message });
        return null;
      }
      if (status?.certificate !== undefined) {
        return { cert: Buffer.from(status.certificate, 'base64').toString('latin1'), key };
      }
      await sleep(clock, pollMs, signal);
    }
    logger.warn(`nobody approved a ${purpose} certificate`, { request: name });
    return null;
  }
}
