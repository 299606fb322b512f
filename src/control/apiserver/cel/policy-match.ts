import type {
  MatchResources,
  NamedRuleWithOperations,
} from '../../api/gen/admissionregistration-v1.js';
import type { AdmissionServices } from '../admission/services.js';
import { matchesRule, matchesWebhook } from '../admission/webhooks/webhook-match.js';
import type { AdmissionRequest } from '../contracts.js';

/** Whether a policy or binding is about a request, by its resources and selectors. Absent: about all. */
export async function matchesResources(
  match: MatchResources | undefined,
  request: AdmissionRequest,
  services: AdmissionServices,
): Promise<boolean> {
  if (match === undefined) return true;
  const { resourceRules, excludeResourceRules = [], objectSelector, namespaceSelector } = match;
  if (excludeResourceRules.some((rule) => matchesNamedRule(rule, request))) return false;
  const isNamed =
    resourceRules === undefined ||
    resourceRules.length === 0 ||
    resourceRules.some((rule) => matchesNamedRule(rule, request));
  if (!isNamed) return false;
  const selectors = {
    ...(objectSelector === undefined ? {} : { objectSelector }),
    ...(namespaceSelector === undefined ? {} : { namespaceSelector }),
  };
  return matchesWebhook({ rules: [everything], ...selectors }, request, services);
}

const everything = {
  apiGroups: ['*'],
  apiVersions: ['*'],
  operations: ['*'],
  resources: ['*/*'],
  scope: '*',
};

function matchesNamedRule(rule: NamedRuleWithOperations, request: AdmissionRequest): boolean {
  const { resourceNames = [], ...named } = rule;
  if (resourceNames.length > 0 && !resourceNames.includes(request.name)) return false;
  return matchesRule(named, request);
}
