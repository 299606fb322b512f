import { fieldValues } from '../../../rpc/web.js';
import { badRequest } from '../../machinery/status-errors.js';
import { forbiddenRequest } from '../authorization/forbidden.js';
import type { AuthorizationRequest, Authorizer, Credentials, UserInfo } from '../contracts.js';
import { extraValues } from './request-header.js';
import {
  serviceAccountGroups,
  serviceAccountUsername,
  splitServiceAccountUsername,
  userInfo,
  wellKnown,
} from './user-info.js';

const extraPrefix = 'impersonate-extra-';

/** One thing that is impersonated, and what the user must be allowed to `impersonate` for it. */
interface Impersonated {
  readonly kind: 'ServiceAccount' | 'User' | 'Group' | 'UserExtra' | 'UID';
  readonly namespace: string;
  readonly name: string;
  readonly extraKey: string;
}

/**
 * The user that `user` asks to be with Impersonate-* headers; null without such headers. Each part must be allowed by `authorizer`.
 * Rejects with StatusError: 400 when there is no user to impersonate, 403 when a part is not allowed.
 */
export async function impersonatedUser(
  headers: Credentials['headers'],
  user: UserInfo,
  authorizer: Authorizer,
): Promise<UserInfo | null> {
  const parts = impersonatedParts(headers);
  if (parts.length === 0) return null;
  for (const part of parts) {
    const request = attributesOf(part, user);
    const { decision, reason } = await authorizer.authorize(request);
    if (decision !== 'allow') throw forbiddenRequest(request, reason);
  }
  return composeUser(parts);
}

function impersonatedParts(headers: Credentials['headers']): readonly Impersonated[] {
  const parts: Impersonated[] = [];
  const add = (kind: Impersonated['kind'], name: string, more: Partial<Impersonated> = {}) =>
    parts.push({ kind, name, namespace: '', extraKey: '', ...more });
  const username = headers.get('impersonate-user') ?? '';
  if (username !== '') {
    const account = splitServiceAccountUsername(username);
    if (account === null) add('User', username);
    else add('ServiceAccount', account.name, { namespace: account.namespace });
  }
  for (const group of fieldValues(headers, 'impersonate-group')) add('Group', group);
  for (const [extraKey, values] of Object.entries(extraValues(headers, [extraPrefix])))
    for (const value of values) add('UserExtra', value, { extraKey });
  const uid = headers.get('impersonate-uid') ?? '';
  if (uid !== '') add('UID', uid);
  if (username === '' && parts.length > 0) {
    throw badRequest(
      `requested [${parts.map(referenceText).join(' ')}] without impersonating a user`,
    );
  }
  return parts;
}

/** A part as Kubernetes prints its object reference in that error. */
function referenceText({ kind, namespace, name, extraKey }: Impersonated): string {
  const apiVersion = kind === 'UserExtra' || kind === 'UID' ? 'authentication.k8s.io/v1' : '';
  return `{${[kind, namespace, name, '', apiVersion, '', extraKey].join(' ')}}`;
}

const resources: Readonly<Record<Impersonated['kind'], string>> = {
  ServiceAccount: 'serviceaccounts',
  User: 'users',
  Group: 'groups',
  UserExtra: 'userextras',
  UID: 'uids',
};

function attributesOf(part: Impersonated, user: UserInfo): AuthorizationRequest {
  const isAuthentication = part.kind === 'UserExtra' || part.kind === 'UID';
  return {
    user,
    verb: 'impersonate',
    isResourceRequest: true,
    path: '',
    group: isAuthentication ? 'authentication.k8s.io' : '',
    version: isAuthentication ? 'v1' : '',
    namespace: part.namespace,
    resource: resources[part.kind],
    subresource: part.extraKey,
    name: part.name,
  };
}

function composeUser(parts: readonly Impersonated[]): UserInfo {
  let name = '';
  let uid = '';
  let ownGroups: readonly string[] = [];
  const groups: string[] = [];
  const extra = new Map<string, string[]>();
  for (const part of parts) {
    if (part.kind === 'ServiceAccount') {
      name = serviceAccountUsername(part.namespace, part.name);
      ownGroups = serviceAccountGroups(part.namespace);
    } else if (part.kind === 'User') name = part.name;
    else if (part.kind === 'Group') groups.push(part.name);
    else if (part.kind === 'UID') uid = part.name;
    else extra.set(part.extraKey, [...(extra.get(part.extraKey) ?? []), part.name]);
  }
  const all = groups.length > 0 ? groups : [...ownGroups];
  return userInfo({
    name,
    uid,
    groups: [...all, ...impliedGroup(name, all)],
    extra: Object.fromEntries(extra),
  });
}

/** The group that every user is in, unless the request already says one of the two. */
function impliedGroup(name: string, groups: readonly string[]): readonly string[] {
  const { authenticatedGroup, unauthenticatedGroup } = wellKnown;
  if (name === wellKnown.anonymousUser)
    return groups.includes(unauthenticatedGroup) ? [] : [unauthenticatedGroup];
  const isSaid = groups.includes(authenticatedGroup) || groups.includes(unauthenticatedGroup);
  return isSaid ? [] : [authenticatedGroup];
}
