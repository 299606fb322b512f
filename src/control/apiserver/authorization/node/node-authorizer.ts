import { quote } from '../../../machinery/quote.js';
import type { AuthorizationDecision, AuthorizationRequest, Authorizer } from '../../contracts.js';
import { nodeRules } from '../rbac/bootstrap/cluster-roles.js';
import { CompiledRules } from '../rbac/compiled-rules.js';
import { fieldRequirements } from '../selector-requirements.js';
import type { NodeGraph, ReachedKind } from './node-graph.js';
import { nodeOfUser } from './node-identity.js';

const allow: AuthorizationDecision = { decision: 'allow', reason: '' };
const none = (reason: string): AuthorizationDecision => ({ decision: 'none', reason });

const ownVerbs: ReadonlySet<string> = new Set(['get', 'create', 'update', 'patch', 'delete']);

/**
 * Mode Node: kubelets may do what every kubelet must, but read secrets, config maps, claims and volumes only when a pod on their node
 * uses them, list only the pods and slices of their node, and write leases and the like only of their own node. Which pods and nodes
 * they may write is up to admission. Has no opinion of anybody else.
 */
export class NodeAuthorizer implements Authorizer {
  readonly #graph: NodeGraph;
  readonly #rules = new CompiledRules(nodeRules);

  constructor(graph: NodeGraph) {
    this.#graph = graph;
  }

  authorize(request: AuthorizationRequest): AuthorizationDecision {
    const node = nodeOfUser(request.user);
    if (node === null) return none('');
    if (node === '') return none(`unknown node for user ${quote(request.user.name)}`);
    const special = request.isResourceRequest ? this.#special(node, request) : null;
    if (special !== null) return special;
    return this.#byRules(request);
  }

  /** The answer for resources that only some nodes may use; null for all others. */
  #special(node: string, request: AuthorizationRequest): AuthorizationDecision | null {
    switch (`${request.group}/${request.resource}`) {
      case '/secrets':
        return this.#read(node, 'secrets', request);
      case '/configmaps':
        return this.#read(node, 'configmaps', request);
      case '/persistentvolumeclaims':
        return request.subresource === 'status'
          ? this.#updateStatus(node, 'persistentvolumeclaims', request)
          : this.#get(node, 'persistentvolumeclaims', request);
      case '/persistentvolumes':
        return this.#get(node, 'persistentvolumes', request);
      case 'storage.k8s.io/volumeattachments':
        return this.#get(node, 'volumeattachments', request);
      case 'resource.k8s.io/resourceclaims':
        return this.#get(node, 'resourceclaims', request);
      case '/serviceaccounts':
        return request.subresource === ''
          ? this.#get(node, 'serviceaccounts', request)
          : this.#createToken(node, request);
      case 'coordination.k8s.io/leases':
        return lease(node, request);
      case 'storage.k8s.io/csinodes':
        return csiNode(node, request);
      case 'resource.k8s.io/resourceslices':
        return this.#resourceSlice(node, request);
      case '/nodes':
        return this.#node(node, request);
      case '/pods':
        return this.#pod(node, request);
      default:
        return null;
    }
  }

  #read(node: string, kind: ReachedKind, request: AuthorizationRequest): AuthorizationDecision {
    if (!['get', 'list', 'watch'].includes(request.verb))
      return none('can only read resources of this type');
    if (request.subresource !== '') return none('cannot read subresource');
    if (request.namespace === '') return none('can only read namespaced object of this type');
    return this.#reached(node, kind, request);
  }

  #get(node: string, kind: ReachedKind, request: AuthorizationRequest): AuthorizationDecision {
    if (request.verb !== 'get') return none('can only get individual resources of this type');
    if (request.subresource !== '') return none('cannot get subresource');
    return this.#reached(node, kind, request);
  }

  #updateStatus(
    node: string,
    kind: ReachedKind,
    request: AuthorizationRequest,
  ): AuthorizationDecision {
    if (request.verb !== 'update' && request.verb !== 'patch')
      return none('can only get/update/patch this type');
    return this.#reached(node, kind, request);
  }

  #createToken(node: string, request: AuthorizationRequest): AuthorizationDecision {
    if (request.verb !== 'create' || request.name === '')
      return none('can only create tokens for individual service accounts');
    if (request.subresource !== 'token')
      return none('can only create token subresource of serviceaccount');
    return this.#reached(node, 'serviceaccounts', request);
  }

  #reached(node: string, kind: ReachedKind, request: AuthorizationRequest): AuthorizationDecision {
    if (request.name === '') return none('No Object name found');
    return this.#graph.isReached(node, kind, request.namespace, request.name)
      ? allow
      : none(`no relationship found between node '${node}' and this object`);
  }

  /** Its own object is known by name: a kubelet looks for it before there is one. */
  #node(node: string, request: AuthorizationRequest): AuthorizationDecision {
    const { verb, subresource, name } = request;
    if (subresource !== '' || !readVerbs.has(verb)) return this.#byRules(request);
    if (name === node) return allow;
    return none(
      name === ''
        ? `node '${node}' cannot read all nodes, only its own Node object`
        : `node '${node}' cannot read '${name}', only its own Node object`,
    );
  }

  #pod(node: string, request: AuthorizationRequest): AuthorizationDecision {
    const { verb, subresource, name } = request;
    if (subresource !== '' || !readVerbs.has(verb)) return this.#byRules(request);
    if (verb === 'get') return this.#reached(node, 'pods', request);
    if (selectsNode(request, node)) return allow;
    if (name !== '') return this.#reached(node, 'pods', request);
    return none('can only list/watch pods with spec.nodeName field selector');
  }

  /** A slice that is made has no name yet: whose it is, admission sees. */
  #resourceSlice(node: string, request: AuthorizationRequest): AuthorizationDecision {
    const { verb, subresource } = request;
    if (subresource !== '') return none('cannot authorize ResourceSlice subresources');
    switch (verb) {
      case 'create':
        return allow;
      case 'get':
      case 'update':
      case 'patch':
      case 'delete':
        return this.#reached(node, 'resourceslices', request);
      case 'watch':
      case 'list':
      case 'deletecollection':
        return selectsNode(request, node)
          ? allow
          : none(
              'can only list/watch/deletecollection resourceslices with nodeName field selector',
            );
      default:
        return none(
          'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
        );
    }
  }

  #byRules(request: AuthorizationRequest): AuthorizationDecision {
    return this.#rules.allows(request) ? allow : none('');
  }
}

const readVerbs: ReadonlySet<string> = new Set(['get', 'list', 'watch']);

/** Whether a request is about objects of the node alone. */
function selectsNode(request: AuthorizationRequest, node: string): boolean {
  return fieldRequirements(request).some(
    ({ field, operator, value }) => field === 'spec.nodeName' && operator === '=' && value === node,
  );
}

function lease(
  node: string,
  { verb, namespace, name }: AuthorizationRequest,
): AuthorizationDecision {
  if (!ownVerbs.has(verb))
    return none('can only get, create, update, patch, or delete a node lease');
  if (namespace !== 'kube-node-lease')
    return none('can only access leases in the "kube-node-lease" system namespace');
  if (verb !== 'create' && name !== node)
    return none('can only access node lease with the same name as the requesting node');
  return allow;
}

function csiNode(
  node: string,
  { verb, subresource, name }: AuthorizationRequest,
): AuthorizationDecision {
  if (!ownVerbs.has(verb)) return none('can only get, create, update, patch, or delete a CSINode');
  if (subresource !== '') return none('cannot authorize CSINode subresources');
  if (verb !== 'create' && name !== node)
    return none('can only access CSINode with the same name as the requesting node');
  return allow;
}
