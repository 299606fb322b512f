import type { JsonValue } from '../../../machinery/json.js';
import { apiVersionOf, type KubeObject } from '../../../machinery/object.js';
import type { Status } from '../../../machinery/status.js';
import { reviewedUser } from '../../authentication/reviews.js';
import type { AdmissionRequest } from '../../contracts.js';

/** Versions of AdmissionReview that are spoken, by preference of the webhook. */
export type ReviewVersion = 'v1' | 'v1beta1';

/** What a webhook answered, checked. */
export interface ReviewAnswer {
  readonly isAllowed: boolean;
  readonly status: Partial<Status> | null;
  /** Operations of a JSON patch; empty without. */
  readonly patch: readonly JsonValue[];
  readonly warnings: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

/** An answer that does not follow the protocol. */
export class ReviewError extends Error {
  override readonly name = 'ReviewError';
}

/** The first version of the webhook's that is known; null when there is none. */
export function reviewVersion(versions: readonly string[] | undefined): ReviewVersion | null {
  for (const version of versions ?? [])
    if (version === 'v1' || version === 'v1beta1') return version;
  return null;
}

/** The body of the question (admission.k8s.io AdmissionReview). */
export function admissionReview(
  request: AdmissionRequest,
  { uid, version }: { readonly uid: string; readonly version: ReviewVersion },
): Uint8Array {
  const { group, version: apiVersion, kind, resource, subresource, context } = request;
  const gvk = request.document ?? { group, version: apiVersion, kind };
  const gvr = { group, version: apiVersion, resource };
  const ofSubresource = subresource === '' ? {} : { subResource: subresource };
  const requestSubresource = subresource === '' ? {} : { requestSubResource: subresource };
  const review = {
    kind: 'AdmissionReview',
    apiVersion: `admission.k8s.io/${version}`,
    request: {
      uid,
      kind: gvk,
      resource: gvr,
      ...ofSubresource,
      requestKind: gvk,
      requestResource: gvr,
      ...requestSubresource,
      ...(request.name !== '' && { name: request.name }),
      ...(request.namespace !== '' && { namespace: request.namespace }),
      operation: request.operation,
      userInfo: reviewedUser(context.user),
      object: typed(request.object, request),
      oldObject: typed(request.oldObject, request),
      dryRun: context.isDryRun,
      options: request.options,
    },
  };
  return new TextEncoder().encode(JSON.stringify(review));
}

/** Objects say what they are, stored ones too. */
function typed(object: KubeObject | null, request: AdmissionRequest): KubeObject | null {
  if (object === null) return null;
  const of = request.document ?? request;
  const { apiVersion = apiVersionOf(of), kind = of.kind } = object;
  if (request.operation !== 'CONNECT') return { ...object, apiVersion, kind };
  const { metadata: _, ...options } = object;
  return { ...options, apiVersion, kind } as KubeObject;
}

interface Response {
  uid?: unknown;
  allowed?: unknown;
  status?: Partial<Status>;
  patch?: unknown;
  patchType?: unknown;
  warnings?: unknown;
  auditAnnotations?: Record<string, string>;
}

/** Reads an answer. Throws {@link ReviewError}. */
export function readAnswer(
  body: Uint8Array,
  asked: { readonly uid: string; readonly version: ReviewVersion; readonly isMutating: boolean },
): ReviewAnswer {
  const review = parse(body) as {
    apiVersion?: unknown;
    kind?: unknown;
    response?: Response;
  } | null;
  const response = review?.response;
  if (response === undefined || response === null)
    throw new ReviewError('webhook response was absent');
  if (asked.version === 'v1') checkVersion1(review, response, asked);
  const hasPatch = response.patch !== undefined && response.patch !== null && response.patch !== '';
  return {
    isAllowed: response.allowed === true,
    status: response.status ?? null,
    patch: asked.isMutating && hasPatch ? decodePatch(response.patch) : [],
    warnings: Array.isArray(response.warnings) ? response.warnings.map(String) : [],
    auditAnnotations: response.auditAnnotations ?? {},
  };
}

function checkVersion1(
  review: { apiVersion?: unknown; kind?: unknown } | null,
  { uid, patch, patchType }: Response,
  asked: { readonly uid: string; readonly isMutating: boolean },
): void {
  if (uid !== asked.uid) {
    throw new ReviewError(
      `expected response.uid=${JSON.stringify(asked.uid)}, got ${JSON.stringify(uid ?? '')}`,
    );
  }
  if (review?.apiVersion !== 'admission.k8s.io/v1' || review.kind !== 'AdmissionReview') {
    throw new ReviewError(
      `expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ${String(review?.apiVersion ?? '')}, Kind=${String(review?.kind ?? '')}`,
    );
  }
  const hasPatch = typeof patch === 'string' && patch !== '';
  const hasType = patchType !== undefined && patchType !== null;
  if (!asked.isMutating) {
    if (hasPatch) throw new ReviewError('validating webhook may not return response.patch');
    if (hasType) throw new ReviewError('validating webhook may not return response.patchType');
    return;
  }
  if (hasPatch && !hasType)
    throw new ReviewError('webhook returned response.patch but not response.patchType');
  if (!hasPatch && hasType)
    throw new ReviewError('webhook returned response.patchType but not response.patch');
  if (hasType && patchType !== 'JSONPatch')
    throw new ReviewError(`unsupported patch type ${JSON.stringify(patchType)}`);
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch (error) {
    throw new ReviewError('the answer is no JSON', { cause: error });
  }
}

function decodePatch(patch: unknown): readonly JsonValue[] {
  try {
    const text = Buffer.from(String(patch), 'base64').toString('utf8');
    const operations: unknown = JSON.parse(text);
    if (Array.isArray(operations)) return operations as JsonValue[];
  } catch {
    // Said below.
  }
  throw new ReviewError('received undecodable patch in webhook response');
}
