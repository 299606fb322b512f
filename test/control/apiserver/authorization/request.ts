import { userInfo } from '../../../../src/control/apiserver/authentication/user-info.js';
import type {
  AuthorizationRequest,
  UserInfo,
} from '../../../../src/control/apiserver/contracts.js';

/** A user of some groups. */
export function user(name: string, ...groups: string[]): UserInfo {
  return userInfo({ name, groups });
}

/** A request for a resource as `verb group/resource[/subresource] [namespace/][name]`, the core group being ''. */
export function ask(who: UserInfo, text: string): AuthorizationRequest {
  const [verb = '', what = '', where = '/'] = text.split(' ');
  const [group = '', resource = '', subresource = ''] = what.split('/');
  const [namespace = '', name = ''] = where.split('/');
  return {
    user: who,
    verb,
    isResourceRequest: true,
    path: '',
    group,
    version: 'v1',
    namespace,
    resource,
    subresource,
    name,
  };
}

/** A request for a path that is no resource. */
export function askPath(who: UserInfo, verb: string, path: string): AuthorizationRequest {
  return { ...ask(who, `${verb} /`), isResourceRequest: false, path, version: '' };
}
