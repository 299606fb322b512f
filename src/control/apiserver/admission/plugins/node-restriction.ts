import type { TokenRequest } from '../../../api/gen/authentication-v1.js';
import type { Node, PersistentVolumeClaim, Pod } from '../../../api/gen/core-v1.js';
import { cloneJson } from '../../../machinery/clone.js';
import { deepEqual, semanticEqual } from '../../../machinery/deep-equal.js';
import type { KubeObject } from '../../../machinery/object.js';
import { quote } from '../../../machinery/quote.js';
import { notFound } from '../../../machinery/status-errors.js';
import { nodeOfUser } from '../../authorization/node/node-identity.js';
import type { AdmissionPlugin, AdmissionRequest } from '../../contracts.js';
import { definePlugin, newObject, oldObject } from '../plugin.js';
import { refusal } from '../refusal.js';
import { type AdmissionServices, findObject } from '../services.js';
import { checkMirrorPod } from './mirror-pod.js';
import { forbiddenNodeLabels } from './node-labels.js';

const pods = { group: '', resource: 'pods' };

/** Holds kubelets to their own node: its object, its lease, its pods and what those need. */
export function nodeRestriction(services: AdmissionServices): AdmissionPlugin {
  return definePlugin('NodeRestriction', ['CREATE', 'UPDATE', 'DELETE'], {
    async validate(request) {
      const node = nodeOfUser(request.context.user);
      if (node === null) return;
      const key = `${request.group}/${request.resource}`;
      if (node === '') {
        if (!restricted.has(key)) return;
        const { name } = request.context.user;
        throw refusal(request, `could not determine node from user ${quote(name)}`);
      }
      await restrict(key, request, node, services);
    },
  });
}

const restricted: ReadonlySet<string> = new Set([
  '/pods',
  '/nodes',
  '/persistentvolumeclaims',
  '/serviceaccounts',
  'coordination.k8s.io/leases',
  'storage.k8s.io/csinodes',
  'resource.k8s.io/resourceslices',
]);

async function restrict(
  key: string,
  request: AdmissionRequest,
  node: string,
  services: AdmissionServices,
): Promise<void> {
  switch (key) {
    case '/pods':
      return restrictPod(request, node, services);
    case '/nodes':
      return restrictNode(request, node);
    case '/persistentvolumeclaims':
      return restrictClaim(request, node);
    case '/serviceaccounts':
      return restrictToken(request, node, services);
    case 'coordination.k8s.io/leases':
      return restrictLease(request, node);
    case 'storage.k8s.io/csinodes':
      return restrictCsiNode(request, node);
    case 'resource.k8s.io/resourceslices':
      return restrictResourceSlice(request, node);
  }
}

async function restrictPod(
  request: AdmissionRequest,
  node: string,
  services: AdmissionServices,
): Promise<void> {
  const { operation, subresource, namespace, name } = request;
  switch (subresource) {
    case '':
      if (operation === 'CREATE') return checkMirrorPod(request, node, services);
      if (operation === 'DELETE') {
        const existing = await podNamed(services, namespace, name);
        if (existing.spec?.nodeName === node) return;
        throw refusal(
          request,
          `node ${quote(node)} can only delete pods with spec.nodeName set to itself`,
        );
      }
      throw refusal(
        request,
        `unexpected operation ${quote(operation)}, node ${quote(node)} can only create and delete mirror pods`,
      );
    case 'status':
      return restrictPodStatus(request, node);
    case 'eviction': {
      const podName = name || (request.object?.metadata.name ?? '');
      if (podName === '') throw refusal(request, 'could not determine pod from request data');
      const existing = await podNamed(services, namespace, podName);
      if (existing.spec?.nodeName === node) return;
      throw refusal(request, `node ${node} can only evict pods with spec.nodeName set to itself`);
    }
    default:
      throw refusal(
        request,
        `unexpected pod subresource ${quote(subresource)}, only 'status' and 'eviction' are allowed`,
      );
  }
}

function restrictPodStatus(request: AdmissionRequest, node: string): void {
  const pod = newObject<Pod>(request);
  const old = oldObject<Pod>(request);
  if (request.operation !== 'UPDATE' || pod === null || old === null)
    throw refusal(request, `unexpected operation ${quote(request.operation)}`);
  if (old.spec?.nodeName !== node) {
    throw refusal(
      request,
      `node ${quote(node)} can only update pod status for pods with spec.nodeName set to itself`,
    );
  }
  if (!semanticEqual(old.metadata.labels, pod.metadata.labels))
    throw refusal(request, `node ${quote(node)} cannot update labels through pod status`);
  if (!semanticEqual(old.status?.resourceClaimStatuses, pod.status?.resourceClaimStatuses))
    throw refusal(request, `node ${quote(node)} cannot update resource claim statues`);
}

function restrictNode(request: AdmissionRequest, node: string): void {
  const name = request.name || (request.object?.metadata.name ?? '');
  if (name !== node)
    throw refusal(request, `node ${quote(node)} is not allowed to modify node ${quote(name)}`);
  const changed = newObject<Node>(request);
  const old = oldObject<Node>(request);
  if (changed === null) return;
  if (old === null) {
    if (changed.spec?.configSource !== undefined) {
      throw refusal(
        request,
        `node ${quote(node)} is not allowed to create pods with a non-nil configSource`,
      );
    }
    const forbidden = forbiddenNodeLabels(changed.metadata.labels, undefined);
    if (forbidden.length === 0) return;
    throw refusal(
      request,
      `node ${quote(node)} is not allowed to set the following labels: ${forbidden.join(', ')}`,
    );
  }
  const { configSource } = changed.spec ?? {};
  if (configSource !== undefined && !deepEqual(configSource, old.spec?.configSource)) {
    throw refusal(
      request,
      `node ${quote(node)} is not allowed to update configSource to a new non-nil configSource`,
    );
  }
  if (!deepEqual(changed.spec?.taints ?? [], old.spec?.taints ?? []))
    throw refusal(request, `node ${quote(node)} is not allowed to modify taints`);
  const forbidden = forbiddenNodeLabels(changed.metadata.labels, old.metadata.labels);
  if (forbidden.length > 0)
    throw refusal(request, `is not allowed to modify labels: ${forbidden.join(', ')}`);
  const added = (changed.metadata.ownerReferences ?? []).filter(
    (owner) => !(old.metadata.ownerReferences ?? []).some((known) => deepEqual(known, owner)),
  );
  if (added.length > 0)
    throw refusal(request, `node ${quote(node)} is not allowed to modify ownerReferences`);
}

function restrictClaim(request: AdmissionRequest, node: string): void {
  if (request.subresource !== 'status') throw refusal(request, 'may only update PVC status');
  const claim = newObject<PersistentVolumeClaim>(request);
  const old = oldObject<PersistentVolumeClaim>(request);
  if (request.operation !== 'UPDATE' || claim === null || old === null)
    throw refusal(request, `unexpected operation ${quote(request.operation)}`);
  if (semanticEqual(withoutNodesFields(claim), withoutNodesFields(old))) return;
  throw refusal(
    request,
    `node ${quote(node)} is not allowed to update fields other than status.quantity and status.conditions`,
  );
}

/** What kubelets report of a claim, and what every write changes, taken out. */
function withoutNodesFields(claim: PersistentVolumeClaim): PersistentVolumeClaim {
  const copy = cloneJson(claim);
  delete copy.metadata.resourceVersion;
  delete copy.metadata.managedFields;
  delete copy.status?.capacity;
  delete copy.status?.conditions;
  delete copy.status?.allocatedResourceStatuses;
  delete copy.status?.allocatedResources;
  return copy;
}

async function restrictToken(
  request: AdmissionRequest,
  node: string,
  services: AdmissionServices,
): Promise<void> {
  if (request.operation !== 'CREATE' || request.subresource !== 'token') return;
  const {
    apiVersion,
    kind,
    name = '',
    uid = '',
  } = newObject<TokenRequest>(request)?.spec?.boundObjectRef ?? {};
  if (apiVersion !== 'v1' || kind !== 'Pod' || name === '')
    throw refusal(request, 'node requested token not bound to a pod');
  if (uid === '') throw refusal(request, 'node requested token with a pod binding without a uid');
  const pod = await podNamed(services, request.namespace, name);
  if (pod.metadata.uid !== uid) {
    throw refusal(
      request,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  if (pod.spec?.nodeName !== node)
    throw refusal(request, 'node requested token bound to a pod scheduled on a different node');
}

function restrictLease(request: AdmissionRequest, node: string): void {
  if (request.namespace !== 'kube-node-lease') {
    throw refusal(request, `can only access leases in the "kube-node-lease" system namespace`);
  }
  const name = request.name || (request.object?.metadata.name ?? '');
  if (name !== node) {
    throw refusal(request, 'can only access node lease with the same name as the requesting node');
  }
}

function restrictCsiNode(request: AdmissionRequest, node: string): void {
  const name = request.name || (request.object?.metadata.name ?? '');
  if (name !== node) {
    throw refusal(request, `can only access CSINode with the same name as the requesting node`);
  }
}

function restrictResourceSlice(request: AdmissionRequest, node: string): void {
  const nodeName = (object: KubeObject | null) =>
    (object as { spec?: { nodeName?: string } } | null)?.spec?.nodeName ?? '';
  if (request.operation === 'CREATE' && nodeName(request.object) !== node)
    throw refusal(
      request,
      'can only create ResourceSlice with the same NodeName as the requesting node',
    );
  if (request.operation === 'UPDATE' && nodeName(request.oldObject) !== node)
    throw refusal(
      request,
      'can only update ResourceSlice with the same NodeName as the requesting node',
    );
  if (request.operation === 'DELETE' && nodeName(request.oldObject) !== node)
    throw refusal(
      request,
      'can only delete ResourceSlice with the same NodeName as the requesting node',
    );
}

async function podNamed(
  services: AdmissionServices,
  namespace: string,
  name: string,
): Promise<Pod> {
  const found = (await findObject(services, pods, namespace, name)) as Pod | undefined;
  if (found === undefined) throw notFound(pods, name);
  return found;
}
