import {
  CertificateRequestError,
  type RequestedCertificate,
  readCertificateRequest,
} from '../../../host/certificate-signer.js';
import type { SubjectAccessReview } from '../../api/gen/authorization-v1.js';
import type { CertificateSigningRequest } from '../../api/gen/certificates-v1.js';
import { apiResource, type Informer, resources, WorkQueue } from '../../client/index.js';
import { formatTime } from '../../machinery/time.js';
import {
  isApproved,
  isIssued,
  requestCondition,
  requestDer,
} from '../certificate-signing/request-state.js';
import type { Controller, ControllerParts } from '../controller.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound } from '../runtime/write-failures.js';
import { type Approval, approvalsFor } from './plan.js';

const workers = 5;
const pauses = { baseMs: 200, maxMs: 1_000_000 };
const reviews = apiResource<SubjectAccessReview>(
  'authorization.k8s.io/v1',
  'subjectaccessreviews',
  'SubjectAccessReview',
  'cluster',
);

/** Approves the client certificates of kubelets, for those who may have them without anybody asking. */
export class CertificateApprovingController implements Controller {
  readonly name = 'certificatesigningrequest-approving-controller';
  readonly #parts: ControllerParts;
  readonly #queue: WorkQueue;
  readonly #requests: Informer<CertificateSigningRequest>;

  constructor(parts: ControllerParts) {
    this.#parts = parts;
    this.#queue = new WorkQueue(parts.clock, pauses);
    this.#requests = parts.informers.of(resources.certificateSigningRequests);
    const onChange = (request: CertificateSigningRequest) => {
      if (isPending(request)) this.#queue.add(request.metadata.name ?? '');
    };
    this.#requests.addHandler({ onAdd: onChange, onUpdate: (_, after) => onChange(after) });
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'certificate_approving', queue: this.#queue, signal },
      ...{ informers: [this.#requests], workers, forgets: false },
      reconcile: (name) => this.#reconcile(name, signal),
    });
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<void> {
    const request = this.#requests.lister.byKey(name);
    const der = request === undefined ? null : requestDer(request);
    if (request === undefined || der === null || !isPending(request)) {
      return this.#queue.forget(name);
    }
    const requested = await readableRequest(der);
    // What cannot be read is nobody's to have without being asked for.
    if (requested === null) return this.#queue.forget(name);
    const approvals = approvalsFor(request, requested);
    for (const approval of approvals) {
      if (!(await this.#mayHave(request, approval, signal))) continue;
      await this.#approve(request, approval, signal);
      return this.#queue.forget(name);
    }
    // Who asks may be allowed to later: a role binding may be on its way.
    if (approvals.length > 0) this.#queue.addRateLimited(name);
    else this.#queue.forget(name);
  }

  async #mayHave(
    { spec }: CertificateSigningRequest,
    { subresource }: Approval,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { username = '', uid = '', groups = [], extra = {} } = spec ?? {};
    const resourceAttributes = {
      ...{ group: 'certificates.k8s.io', resource: 'certificatesigningrequests' },
      ...{ verb: 'create', subresource, version: '*' },
    };
    const review = await this.#parts.client
      .objects(reviews)
      .create(
        { metadata: {}, spec: { user: username, uid, groups, extra, resourceAttributes } },
        { signal },
      );
    return review.status?.allowed === true;
  }

  async #approve(
    request: CertificateSigningRequest,
    { message }: Approval,
    signal: AbortSignal,
  ): Promise<void> {
    const now = formatTime(this.#parts.clock.wallTime());
    const condition = {
      ...{ type: 'Approved', status: 'True', reason: 'AutoApproved', message },
      ...{ lastUpdateTime: now, lastTransitionTime: now },
    };
    const conditions = [...(request.status?.conditions ?? []), condition];
    const approved = { ...request, status: { ...request.status, conditions } };
    const requests = this.#parts.client.objects(resources.certificateSigningRequests);
    await requests.update(approved, { subresource: 'approval', signal }).catch(ignoreNotFound);
  }
}

function isPending(request: CertificateSigningRequest): boolean {
  return (
    !isIssued(request) &&
    !isApproved(request) &&
    requestCondition(request, 'Denied') === undefined &&
    requestCondition(request, 'Approved') === undefined
  );
}

/** Null: anybody may send bytes that are no request. */
async function readableRequest(der: Uint8Array): Promise<RequestedCertificate | null> {
  try {
    return await readCertificateRequest(der);
  } catch (error) {
    if (!(error instanceof CertificateRequestError)) throw error;
    return null;
  }
}
