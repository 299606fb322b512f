import type { PolicyRule } from '../../../api/gen/rbac-v1.js';
import type { AuthorizationRequest } from '../../contracts.js';
import { urlMatches } from './policy-rule.js';

interface UrlGrant {
  readonly verbs: readonly string[];
  readonly urls: readonly string[];
}

/** Names that a rule is limited to; null: every name. */
type Names = ReadonlySet<string> | null;

/**
 * The rules of one role, indexed so that a request is a handful of map look-ups however many rules there are. Immutable, and shared by
 * all who have the role.
 */
export class CompiledRules {
  /** By verb, group and resource (`*` stands for itself): for which names. */
  readonly #grants = new Map<string, Names[]>();
  readonly #urlGrants: UrlGrant[] = [];

  constructor(rules: readonly PolicyRule[]) {
    for (const rule of rules) this.#add(rule);
  }

  /** Whether one of the rules allows the request. */
  allows(request: AuthorizationRequest): boolean {
    const { verb, group, subresource, name } = request;
    if (!request.isResourceRequest) return this.#allowsPath(verb, request.path);
    if (this.#grants.size === 0) return false;
    const resource = subresource === '' ? request.resource : `${request.resource}/${subresource}`;
    for (const ofVerb of [verb, '*']) {
      for (const ofGroup of [group, '*']) {
        if (this.#has(ofVerb, ofGroup, resource, name)) return true;
        if (this.#has(ofVerb, ofGroup, '*', name)) return true;
        if (subresource !== '' && this.#has(ofVerb, ofGroup, `*/${subresource}`, name)) return true;
      }
    }
    return false;
  }

  #allowsPath(verb: string, path: string): boolean {
    return this.#urlGrants.some(
      ({ verbs, urls }) => (verbs.includes('*') || verbs.includes(verb)) && urlMatches(urls, path),
    );
  }

  #has(verb: string, group: string, resource: string, name: string): boolean {
    const grants = this.#grants.get(keyOf(verb, group, resource));
    return grants?.some((names) => names === null || names.has(name)) ?? false;
  }

  #add(rule: PolicyRule): void {
    const verbs = rule.verbs ?? [];
    const urls = rule.nonResourceURLs ?? [];
    if (urls.length > 0) this.#urlGrants.push({ verbs, urls });
    const given = rule.resourceNames ?? [];
    const names: Names = given.length === 0 ? null : new Set(given);
    for (const verb of verbs)
      for (const group of rule.apiGroups ?? [])
        for (const resource of rule.resources ?? [])
          this.#grant(keyOf(verb, group, resource), names);
  }

  #grant(key: string, names: Names): void {
    const grants = this.#grants.get(key);
    if (grants === undefined) this.#grants.set(key, [names]);
    else grants.push(names);
  }
}

/** No part of a rule or of a path can hold a line end that would make two keys one. */
function keyOf(verb: string, group: string, resource: string): string {
  return `${verb}\n${group}\n${resource}`;
}
