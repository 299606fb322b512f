import type { Pod, PodSpec } from '../../../api/gen/core-v1.js';
import { quote } from '../../../machinery/quote.js';
import { notFound } from '../../../machinery/status-errors.js';
import { podReferences } from '../../authorization/node/pod-references.js';
import type { AdmissionRequest } from '../../contracts.js';
import { newObject } from '../plugin.js';
import { isMirrorPod } from '../pod-parts.js';
import { refusal } from '../refusal.js';
import { type AdmissionServices, findObject } from '../services.js';

/**
 * A node may show the pods that it runs from files of its own: as mirror pods that are bound to it and owned by it, and that use nothing
 * of the cluster.
 */
export async function checkMirrorPod(
  request: AdmissionRequest,
  node: string,
  services: AdmissionServices,
): Promise<void> {
  const pod = newObject<Pod>(request);
  if (pod === null) return;
  if (!isMirrorPod(pod)) {
    throw refusal(
      request,
      `pod does not have "kubernetes.io/config.mirror" annotation, node ${quote(node)} can only create mirror pods`,
    );
  }
  if (pod.spec?.nodeName !== node) {
    throw refusal(
      request,
      `node ${quote(node)} can only create pods with spec.nodeName set to itself`,
    );
  }
  await checkOwner(request, pod, node, services);
  checkReferences(request, pod.spec, node);
}

async function checkOwner(
  request: AdmissionRequest,
  pod: Pod,
  node: string,
  services: AdmissionServices,
): Promise<void> {
  const owners = pod.metadata.ownerReferences ?? [];
  const [owner] = owners;
  const refuse = (text: string) => refusal(request, `node ${quote(node)} ${text}`);
  if (owners.length > 1)
    throw refuse('can only create pods with a single owner reference set to itself');
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node)
    throw refuse('can only create pods with an owner reference set to itself');
  if (owner.controller !== true)
    throw refuse('can only create pods with a controller owner reference set to itself');
  if (owner.blockOwnerDeletion === true)
    throw refuse('must not set blockOwnerDeletion on an owner reference');
  const resource = { group: '', resource: 'nodes' };
  const found = await findObject(services, resource, '', node);
  if (found === undefined) throw notFound(resource, node);
  if (found.metadata.uid !== owner.uid) {
    throw refusal(
      request,
      `node ${node} UID mismatch: expected ${owner.uid} got ${found.metadata.uid}`,
    );
  }
}

function checkReferences(request: AdmissionRequest, spec: PodSpec, node: string): void {
  const references = podReferences(spec);
  const refuse = (what: string) =>
    refusal(request, `node ${quote(node)} can not create pods that reference ${what}`);
  if ((spec.serviceAccountName ?? '') !== '') throw refuse('a service account');
  if (references.secrets.size > 0) throw refuse('secrets');
  if (references.configMaps.size > 0) throw refuse('configmaps');
  const projects = (field: 'clusterTrustBundle' | 'podCertificate') =>
    spec.volumes?.some(({ projected }) =>
      projected?.sources?.some((source) => source[field] !== undefined),
    );
  if (projects('clusterTrustBundle')) throw refuse('clustertrustbundles');
  if (projects('podCertificate')) throw refuse('podcertificates');
  if (references.claims.size > 0) throw refuse('persistentvolumeclaims');
  if ((spec.resourceClaims ?? []).length > 0) throw refuse('resourceclaims');
}
