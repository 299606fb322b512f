import type { PolicyRule } from '../../../api/gen/rbac-v1.js';
import type { AuthorizationRequest } from '../../contracts.js';
import { urlMatches } from './policy-rule.js';

/** Rules, and the binding that gives them, in words. */
export interface GrantedRules {
  readonly rules: readonly PolicyRule[];
  /** As `ClusterRoleBinding "x" of ClusterRole "y" to Group "z"`. */
  readonly source: string;
}

interface Grant {
  /** Null: every name. */
  readonly names: ReadonlySet<string> | null;
  readonly source: string;
}

interface UrlGrant {
  readonly verbs: readonly string[];
  readonly urls: readonly string[];
  readonly source: string;
}

/**
 * All rules of one user in one scope, indexed so that a request is a handful of map look-ups however many rules there are.
 * Immutable: made anew when roles or bindings change.
 */
export class CompiledRules {
  /** By verb, group and resource (`*` stands for itself). */
  readonly #grants = new Map<string, Grant[]>();
  readonly #urlGrants: UrlGrant[] = [];

  constructor(granted: readonly GrantedRules[]) {
    for (const { rules, source } of granted) for (const rule of rules) this.#add(rule, source);
  }

  /** The source of the rule that allows the request; undefined when none does. */
  find(request: AuthorizationRequest): string | undefined {
    if (!request.isResourceRequest) {
      return this.#urlGrants.find(
        ({ verbs, urls }) =>
          (verbs.includes('*') || verbs.includes(request.verb)) && urlMatches(urls, request.path),
      )?.source;
    }
    const { subresource, name } = request;
    const resource = subresource === '' ? request.resource : `${request.resource}/${subresource}`;
    return (
      this.#findVerb(request.verb, request.group, resource, subresource, name) ??
      this.#findVerb('*', request.group, resource, subresource, name)
    );
  }

  #findVerb(
    verb: string,
    group: string,
    resource: string,
    subresource: string,
    name: string,
  ): string | undefined {
    for (const ofGroup of [group, '*']) {
      const source =
        this.#lookup(verb, ofGroup, resource, name) ??
        this.#lookup(verb, ofGroup, '*', name) ??
        (subresource === '' ? undefined : this.#lookup(verb, ofGroup, `*/${subresource}`, name));
      if (source !== undefined) return source;
    }
    return undefined;
  }

  #lookup(verb: string, group: string, resource: string, name: string): string | undefined {
    const grants = this.#grants.get(keyOf(verb, group, resource));
    return grants?.find(({ names }) => names === null || names.has(name))?.source;
  }

  #add(rule: PolicyRule, source: string): void {
    const verbs = rule.verbs ?? [];
    const urls = rule.nonResourceURLs ?? [];
    if (urls.length > 0) this.#urlGrants.push({ verbs, urls, source });
    const given = rule.resourceNames ?? [];
    const grant: Grant = { names: given.length === 0 ? null : new Set(given), source };
    for (const verb of verbs) {
      for (const group of rule.apiGroups ?? []) {
        for (const resource of rule.resources ?? []) {
          const key = keyOf(verb, group, resource);
          const grants = this.#grants.get(key);
          if (grants === undefined) this.#grants.set(key, [grant]);
          else grants.push(grant);
        }
      }
    }
  }
}

/** No part of a rule or of a path can hold a line end that would make two keys one. */
function keyOf(verb: string, group: string, resource: string): string {
  return `${verb}\n${group}\n${resource}`;
}
