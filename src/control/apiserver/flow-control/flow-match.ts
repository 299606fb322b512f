import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '../../api/gen/flowcontrol-v1.js';
import type { RequestInfo, UserInfo } from '../contracts.js';

/** Whether a FlowSchema is about a request: one of its rules names who asks and what for. */
export function matchesFlowSchema(
  { spec }: FlowSchema,
  user: UserInfo,
  info: RequestInfo,
): boolean {
  return (spec?.rules ?? []).some((rule) => matchesRule(rule, user, info));
}

function matchesRule(
  { subjects = [], resourceRules = [], nonResourceRules = [] }: PolicyRulesWithSubjects,
  user: UserInfo,
  info: RequestInfo,
): boolean {
  if (!subjects.some((subject) => matchesSubject(subject, user))) return false;
  return info.isResourceRequest
    ? resourceRules.some((rule) => matchesResource(rule, info))
    : nonResourceRules.some((rule) => matchesPath(rule, info));
}

function matchesSubject({ kind, user, group, serviceAccount }: Subject, who: UserInfo): boolean {
  switch (kind) {
    case 'User':
      return user?.name === '*' || user?.name === who.name;
    case 'Group':
      return group?.name === '*' || who.groups.includes(group?.name ?? '');
    case 'ServiceAccount': {
      const { namespace = '', name = '' } = serviceAccount ?? {};
      const prefix = `system:serviceaccount:${namespace}:`;
      return name === '*' ? who.name.startsWith(prefix) : who.name === prefix + name;
    }
    default:
      return false;
  }
}

function matchesResource(rule: ResourcePolicyRule, info: RequestInfo): boolean {
  const { verbs, apiGroups, resources, namespaces = [], clusterScope = false } = rule;
  const { resource, subresource, namespace } = info;
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  if (!has(verbs, info.verb) || !has(apiGroups, info.group) || !has(resources, full)) return false;
  return namespace === '' ? clusterScope : has(namespaces, namespace);
}

function matchesPath({ verbs, nonResourceURLs = [] }: NonResourcePolicyRule, info: RequestInfo) {
  const isOf = (url: string) =>
    url === '*' ||
    url === info.path ||
    (url.endsWith('/*') && info.path.startsWith(url.slice(0, -1)));
  return has(verbs, info.verb) && nonResourceURLs.some(isOf);
}

function has(list: readonly string[] = [], value: string): boolean {
  return list.includes('*') || list.includes(value);
}
