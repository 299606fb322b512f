import type { OwnerReference } from '../../../machinery/object.js';
import type {
  AdmissionPlugin,
  AdmissionRequest,
  AuthorizationDecision,
  UserInfo,
} from '../../contracts.js';
import { definePlugin } from '../plugin.js';
import { refusal } from '../refusal.js';
import type { AdmissionServices } from '../services.js';

/** Finds the resource of a kind. */
export type ResourceOfKind = (
  apiVersion: string,
  kind: string,
) => { readonly group: string; readonly version: string; readonly resource: string } | undefined;

/**
 * Who changes the owners of an object must be allowed to delete it, and who makes it hold up the deletion of an owner must be allowed to
 * set that owner's finalizers.
 */
export function ownerReferencesPermissionEnforcement(
  services: AdmissionServices,
  resourceOf: ResourceOfKind,
): AdmissionPlugin {
  return definePlugin('OwnerReferencesPermissionEnforcement', ['CREATE', 'UPDATE'], {
    async validate(request) {
      const owners = request.object?.metadata.ownerReferences ?? [];
      const before = request.oldObject?.metadata.ownerReferences ?? [];
      if (!changesOwners(owners, before)) return;
      if (request.operation === 'UPDATE') await checkDelete(request, services);
      for (const owner of newlyBlocking(owners, before))
        await checkFinalizers(request, owner, services, resourceOf);
    },
  });
}

async function checkDelete(request: AdmissionRequest, services: AdmissionServices): Promise<void> {
  const { decision, reason } = await ask(services, {
    user: request.context.user,
    verb: 'delete',
    group: request.group,
    version: request.version,
    namespace: request.namespace,
    resource: request.resource,
    subresource: request.subresource,
    name: request.name,
  });
  if (decision === 'allow') return;
  throw refusal(request, `cannot set an ownerRef on a resource you can't delete: ${reason}, <nil>`);
}

async function checkFinalizers(
  request: AdmissionRequest,
  owner: OwnerReference,
  services: AdmissionServices,
  resourceOf: ResourceOfKind,
): Promise<void> {
  const found = resourceOf(owner.apiVersion ?? '', owner.kind ?? '');
  if (found === undefined) {
    throw refusal(
      request,
      'cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion ' +
        `${owner.apiVersion} Kind ${owner.kind}`,
    );
  }
  const { decision, reason } = await ask(services, {
    user: request.context.user,
    verb: 'update',
    ...found,
    namespace: request.namespace,
    subresource: 'finalizers',
    name: owner.name ?? '',
  });
  if (decision === 'allow') return;
  throw refusal(
    request,
    `cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: ${reason}, <nil>`,
  );
}

async function ask(
  { authorizer }: AdmissionServices,
  request: {
    user: UserInfo;
    verb: string;
    group: string;
    version: string;
    namespace: string;
    resource: string;
    subresource: string;
    name: string;
  },
): Promise<AuthorizationDecision> {
  return authorizer.authorize({ ...request, isResourceRequest: true, path: '' });
}

function changesOwners(
  after: readonly OwnerReference[],
  before: readonly OwnerReference[],
): boolean {
  const keys = (owners: readonly OwnerReference[]) =>
    owners.map((owner) => JSON.stringify([owner.uid, owner.blockOwnerDeletion === true])).sort();
  return keys(after).join() !== keys(before).join();
}

function newlyBlocking(
  after: readonly OwnerReference[],
  before: readonly OwnerReference[],
): readonly OwnerReference[] {
  const blocked = new Set(
    before.filter(({ blockOwnerDeletion }) => blockOwnerDeletion === true).map(({ uid }) => uid),
  );
  return after.filter(
    ({ uid, blockOwnerDeletion }) => blockOwnerDeletion === true && !blocked.has(uid),
  );
}
