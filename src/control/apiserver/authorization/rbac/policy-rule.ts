import type { PolicyRule } from '../../../api/gen/rbac-v1.js';
import type { AuthorizationRequest } from '../../contracts.js';

/** Whether one rule allows a request. The plain form; {@link CompiledRules} decides the same faster. */
export function ruleAllows(rule: PolicyRule, request: AuthorizationRequest): boolean {
  if (!matchesAny(rule.verbs, request.verb)) return false;
  if (!request.isResourceRequest) return urlMatches(rule.nonResourceURLs ?? [], request.path);
  const names = rule.resourceNames ?? [];
  return (
    matchesAny(rule.apiGroups, request.group) &&
    resourceMatches(rule.resources ?? [], request.resource, request.subresource) &&
    (names.length === 0 || names.includes(request.name))
  );
}

function matchesAny(values: readonly string[] | undefined, wanted: string): boolean {
  return values?.some((value) => value === '*' || value === wanted) ?? false;
}

/** `*` is every resource and subresource, `*` before a slash that subresource of all. */
function resourceMatches(
  resources: readonly string[],
  resource: string,
  subresource: string,
): boolean {
  const combined = subresource === '' ? resource : `${resource}/${subresource}`;
  return resources.some(
    (value) =>
      value === '*' || value === combined || (subresource !== '' && value === `*/${subresource}`),
  );
}

/** A `*` at the end of a path stands for anything. */
export function urlMatches(urls: readonly string[], path: string): boolean {
  return urls.some((url) =>
    url.endsWith('*') ? path.startsWith(url.replace(/\*+$/, '')) : url === path,
  );
}

/** A rule in one line, as messages show it: `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`. */
export function ruleText(rule: PolicyRule): string {
  const parts: string[] = [];
  const add = (label: string, values: readonly string[] | undefined) => {
    if (values !== undefined && values.length > 0) parts.push(`${label}:${listText(values)}`);
  };
  add('APIGroups', rule.apiGroups);
  add('Resources', rule.resources);
  add('NonResourceURLs', rule.nonResourceURLs);
  add('ResourceNames', rule.resourceNames);
  add('Verbs', rule.verbs);
  return `{${parts.join(', ')}}`;
}

/** `["a" "b"]`. */
export function listText(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;
}
