import type { Pod } from '../../../api/gen/core-v1.js';
import type { AdmissionPlugin, AdmissionRequest } from '../../contracts.js';
import { definePlugin } from '../plugin.js';
import { errorText, refusal } from '../refusal.js';
import type { ImageReviewSpec, ImageReviews } from './image-reviews.js';

/** What keys of audit annotations begin with. */
const auditPrefix = 'imagepolicywebhook.image-policy.k8s.io/';
const failedOpen = 'alpha.image-policy.k8s.io/failed-open';

/** Lets a backend decide which images pods may have. */
export function imagePolicyWebhook(
  reviews: ImageReviews,
  { defaultAllow }: { readonly defaultAllow: boolean },
): AdmissionPlugin {
  return definePlugin('ImagePolicyWebhook', ['CREATE', 'UPDATE'], {
    async validate(request) {
      const spec = specOf(request);
      if (spec === null) return;
      const { signal } = request.context;
      const status = await reviews.review(spec, signal).catch((error: unknown) => {
        if (!defaultAllow) throw refusal(request, errorText(error));
        letIn(request);
        return null;
      });
      if (status === null) return;
      for (const [key, value] of Object.entries(status.auditAnnotations ?? {}))
        request.context.annotate?.(auditPrefix + key, value);
      if (status.allowed === true) return;
      throw refusal(
        request,
        status.reason
          ? `image policy webhook backend denied one or more images: ${status.reason}`
          : 'one or more images rejected by webhook backend',
      );
    },
  });
}

/** Null: the request brings no images. */
function specOf(request: AdmissionRequest): ImageReviewSpec | null {
  const { group, resource, subresource, namespace } = request;
  if (group !== '' || resource !== 'pods') return null;
  if (subresource !== '' && subresource !== 'ephemeralcontainers') return null;
  const { metadata, spec } = request.object as Pod;
  const containers =
    subresource === ''
      ? [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]
      : (spec?.ephemeralContainers ?? []);
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([key]) =>
    key.includes('.image-policy.k8s.io/'),
  );
  return {
    containers: containers.map(({ image = '' }) => ({ image })),
    annotations: Object.fromEntries(annotations),
    namespace,
  };
}

/** The pod comes in without having been judged, which is to be seen. */
function letIn({ context, object }: AdmissionRequest): void {
  context.annotate?.(`${auditPrefix}failed-open`, 'true');
  if (object === null) return;
  object.metadata.annotations = { ...object.metadata.annotations, [failedOpen]: 'true' };
}
