import {
  type Authority,
  CertificateRequestError,
  readCertificateRequest,
  signCertificateRequest,
  validityOf,
} from '../../../host/certificate-signer.js';
import type {
  CertificateSigningRequest,
  CertificateSigningRequestStatus,
} from '../../api/gen/certificates-v1.js';
import { type Informer, resources, WorkQueue } from '../../client/index.js';
import { formatTime } from '../../machinery/time.js';
import type { Controller, ControllerParts } from '../controller.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound } from '../runtime/write-failures.js';
import { isApproved, isIssued, requestCondition, requestDer } from './request-state.js';
import { signerProblem } from './signer-rules.js';
import { validityFor } from './validity.js';

/** What the flags of the controller manager say. */
export interface SigningOptions {
  /** By the name of the signer; those that are missing are not signed for. */
  readonly authorities: ReadonlyMap<string, Authority>;
  /** The longest that a certificate holds. */
  readonly durationMs: number;
}

const workers = 5;
const pauses = { baseMs: 200, maxMs: 1_000_000 };

/** Signs the certificate requests of Kubernetes' own signers that somebody has approved. */
export class CertificateSigningController implements Controller {
  readonly name = 'certificatesigningrequest-signing-controller';
  readonly #parts: ControllerParts;
  readonly #options: SigningOptions;
  readonly #queue: WorkQueue;
  readonly #requests: Informer<CertificateSigningRequest>;

  constructor(parts: ControllerParts, options: SigningOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#queue = new WorkQueue(parts.clock, pauses);
    this.#requests = parts.informers.of(resources.certificateSigningRequests);
    const onChange = (request: CertificateSigningRequest) => {
      if (this.#isDue(request)) this.#queue.add(request.metadata.name ?? '');
    };
    this.#requests.addHandler({ onAdd: onChange, onUpdate: (_, after) => onChange(after) });
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'certificate', queue: this.#queue, signal, workers },
      informers: [this.#requests],
      reconcile: (name) => this.#reconcile(name, signal),
    });
  }

  #isDue(request: CertificateSigningRequest): boolean {
    return (
      this.#options.authorities.has(request.spec?.signerName ?? '') &&
      isApproved(request) &&
      !isIssued(request) &&
      requestCondition(request, 'Failed') === undefined
    );
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<void> {
    const request = this.#requests.lister.byKey(name);
    if (request === undefined || !this.#isDue(request)) return;
    const { signerName = '', usages = [] } = request.spec ?? {};
    const authority = this.#options.authorities.get(signerName);
    const der = requestDer(request);
    if (authority === undefined || der === null) return;
    const problem = await problemOf(signerName, der, usages);
    const status =
      problem === null
        ? { ...request.status, certificate: await this.#sign(request, der, authority) }
        : this.#failed(request, problem);
    const written: CertificateSigningRequest = { ...request, status };
    const requests = this.#parts.client.objects(resources.certificateSigningRequests);
    await requests.updateStatus(written, { signal }).catch(ignoreNotFound);
  }

  /** Base64 of PEM. */
  async #sign(
    { spec }: CertificateSigningRequest,
    der: Uint8Array,
    authority: Authority,
  ): Promise<string> {
    const { notAfterMs: authorityEndMs } = await validityOf(authority.cert);
    const validity = validityFor(spec?.expirationSeconds, {
      nowMs: this.#parts.clock.wallTime(),
      durationMs: this.#options.durationMs,
      authorityEndMs,
    });
    const terms = { usages: spec?.usages ?? [], ...validity };
    return Buffer.from(await signCertificateRequest(der, terms, authority)).toString('base64');
  }

  #failed({ status }: CertificateSigningRequest, message: string): CertificateSigningRequestStatus {
    const now = formatTime(this.#parts.clock.wallTime());
    const condition = {
      ...{ type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message },
      ...{ lastUpdateTime: now, lastTransitionTime: now },
    };
    return { ...status, conditions: [...(status?.conditions ?? []), condition] };
  }
}

/** What cannot be read will not get better. */
async function problemOf(
  signerName: string,
  der: Uint8Array,
  usages: readonly string[],
): Promise<string | null> {
  try {
    return signerProblem(signerName, await readCertificateRequest(der), usages);
  } catch (error) {
    if (!(error instanceof CertificateRequestError)) throw error;
    return error.message;
  }
}
