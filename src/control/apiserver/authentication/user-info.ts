import type { UserInfo } from '../contracts.js';

/** Groups and users that the API fixes. */
export const wellKnown = {
  authenticatedGroup: 'system:authenticated',
  unauthenticatedGroup: 'system:unauthenticated',
  mastersGroup: 'system:masters',
  nodesGroup: 'system:nodes',
  serviceAccountsGroup: 'system:serviceaccounts',
  bootstrappersGroup: 'system:bootstrappers',
  monitoringGroup: 'system:monitoring',
  anonymousUser: 'system:anonymous',
  nodeUserPrefix: 'system:node:',
  bootstrapUserPrefix: 'system:bootstrap:',
  serviceAccountUserPrefix: 'system:serviceaccount:',
} as const;

/** Key of the user's extra value that names the credential. */
export const credentialIdKey = 'authentication.kubernetes.io/credential-id';

/** A user with what is given; the rest is empty. */
export function userInfo(fields: Partial<UserInfo> & Pick<UserInfo, 'name'>): UserInfo {
  return {
    name: fields.name,
    uid: fields.uid ?? '',
    groups: fields.groups ?? [],
    extra: fields.extra ?? {},
  };
}

/** The user that a request without credentials is, where that is allowed. */
export const anonymousUser: UserInfo = userInfo({
  name: wellKnown.anonymousUser,
  groups: [wellKnown.unauthenticatedGroup],
});

/** Adds the group of all who proved who they are, as Kubernetes does: not for the anonymous user, and not twice. */
export function withAuthenticatedGroup(user: UserInfo): UserInfo {
  const { authenticatedGroup, unauthenticatedGroup } = wellKnown;
  if (user.name === wellKnown.anonymousUser) return user;
  if (user.groups.includes(authenticatedGroup) || user.groups.includes(unauthenticatedGroup))
    return user;
  return { ...user, groups: [...user.groups, authenticatedGroup] };
}

/** The user that a service account is. */
export function serviceAccountUsername(namespace: string, name: string): string {
  return `${wellKnown.serviceAccountUserPrefix}${namespace}:${name}`;
}

/** The groups that a service account is in. */
export function serviceAccountGroups(namespace: string): readonly string[] {
  return [wellKnown.serviceAccountsGroup, `${wellKnown.serviceAccountsGroup}:${namespace}`];
}

/** Namespace and name of the service account that this user is; null when it is none. */
export function splitServiceAccountUsername(
  username: string,
): { readonly namespace: string; readonly name: string } | null {
  if (!username.startsWith(wellKnown.serviceAccountUserPrefix)) return null;
  const parts = username.slice(wellKnown.serviceAccountUserPrefix.length).split(':');
  const [namespace = '', name = ''] = parts;
  if (parts.length !== 2 || !labelPattern.test(namespace) || !subdomainPattern.test(name))
    return null;
  return { namespace, name };
}

const labelPattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const subdomainPattern =
  /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
