import type { NonResourceRule, ResourceRule } from '../../api/gen/authorization-v1.js';
import type { PolicyRule } from '../../api/gen/rbac-v1.js';
import { wellKnown } from '../authentication/user-info.js';
import type { UserInfo } from '../contracts.js';
import type { RbacPolicy } from './rbac/rbac-policy.js';

/** What a user may do in a namespace, as far as it can be told as a list. */
export interface ListedRules {
  readonly resourceRules: readonly ResourceRule[];
  readonly nonResourceRules: readonly NonResourceRule[];
  /** An authorizer that cannot list its rules may allow more. */
  readonly isIncomplete: boolean;
  readonly problems: readonly string[];
}

/** Lists rules. */
export interface RuleSource {
  rulesFor(user: UserInfo, namespace: string): ListedRules;
}

const everything: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/** The rules of all modes together; `modes` are those that there are now, in order. */
export function ruleSource(modes: () => readonly string[], rbac: RbacPolicy): RuleSource {
  return {
    rulesFor(user, namespace) {
      const rules: PolicyRule[] = [];
      const problems: string[] = [];
      for (const mode of modes()) {
        if (mode === 'AlwaysAllow') rules.push(...everything);
        else if (mode === 'RBAC') {
          const resolved = rbac.rulesFor(user, namespace);
          rules.push(...resolved.granted.flatMap((granted) => granted.rules));
          problems.push(...resolved.problems);
        } else if (mode === 'Node' && user.groups.includes(wellKnown.nodesGroup)) {
          problems.push('node authorizer does not support user rule resolution');
        } else if (mode === 'Webhook') {
          problems.push('webhook authorizer does not support user rule resolution');
        }
      }
      return { ...listed(rules), isIncomplete: problems.length > 0, problems };
    },
  };
}

function listed(rules: readonly PolicyRule[]): {
  resourceRules: readonly ResourceRule[];
  nonResourceRules: readonly NonResourceRule[];
} {
  const resourceRules: ResourceRule[] = [];
  const nonResourceRules: NonResourceRule[] = [];
  for (const { verbs = [], apiGroups, resources, resourceNames, nonResourceURLs } of rules) {
    if ((resources ?? []).length > 0) {
      resourceRules.push({
        verbs,
        ...(apiGroups !== undefined && { apiGroups }),
        ...(resources !== undefined && { resources }),
        ...(resourceNames !== undefined && { resourceNames }),
      });
    }
    if (nonResourceURLs !== undefined && nonResourceURLs.length > 0)
      nonResourceRules.push({ verbs, nonResourceURLs });
  }
  return { resourceRules, nonResourceRules };
}
