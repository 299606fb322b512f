import { parse } from 'yaml';
import type { RequestInfo, UserInfo } from '../contracts.js';

/** How much is noted of a request, in order. */
export const auditLevels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;
export type AuditLevel = (typeof auditLevels)[number];

/** When something is noted of a request. */
export const auditStages = [
  'RequestReceived',
  'ResponseStarted',
  'ResponseComplete',
  'Panic',
] as const;
export type AuditStage = (typeof auditStages)[number];

/** What is noted of one request. */
export interface AuditDecision {
  readonly level: AuditLevel;
  readonly omitStages: ReadonlySet<string>;
  readonly omitManagedFields: boolean;
}

/** A policy file that cannot be used. */
export class AuditPolicyError extends Error {
  override readonly name = 'AuditPolicyError';
}

interface ResourceRule {
  readonly group: string;
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
}

interface AuditRule {
  readonly users: readonly string[];
  readonly userGroups: readonly string[];
  readonly verbs: readonly string[];
  readonly resources: readonly ResourceRule[];
  readonly namespaces: readonly string[];
  readonly nonResourceURLs: readonly string[];
  readonly decision: AuditDecision;
}

const nothing: AuditDecision = {
  level: 'None',
  omitStages: new Set(),
  omitManagedFields: false,
};

/** An audit policy (audit.k8s.io/v1 Policy): the first rule that matches a request says how much is noted of it. */
export class AuditPolicy {
  readonly #rules: readonly AuditRule[];

  private constructor(rules: readonly AuditRule[]) {
    this.#rules = rules;
  }

  /** Reads an --audit-policy-file. Throws {@link AuditPolicyError}. */
  static parse(text: string): AuditPolicy {
    let policy: unknown;
    try {
      policy = parse(text);
    } catch (error) {
      throw new AuditPolicyError('the file is no YAML', { cause: error });
    }
    const { apiVersion, kind, rules, omitStages, omitManagedFields } = fieldsOf(policy, 'the file');
    if (apiVersion !== 'audit.k8s.io/v1' || kind !== 'Policy')
      throw new AuditPolicyError('the file is no Policy of audit.k8s.io/v1');
    const shared = stagesOf(omitStages, 'omitStages');
    const list = Array.isArray(rules) ? rules : [];
    if (list.length === 0) throw new AuditPolicyError('rules: at least one rule is required');
    return new AuditPolicy(
      list.map((rule, index) =>
        ruleOf(rule, `rules[${index}]`, shared, omitManagedFields === true),
      ),
    );
  }

  decide(user: UserInfo, info: RequestInfo): AuditDecision {
    return this.#rules.find((rule) => matches(rule, user, info))?.decision ?? nothing;
  }
}

function ruleOf(
  value: unknown,
  path: string,
  sharedStages: readonly string[],
  sharedOmit: boolean,
): AuditRule {
  const fields = fieldsOf(value, path);
  const level = auditLevels.find((each) => each === fields.level);
  if (level === undefined) {
    throw new AuditPolicyError(
      `${path}.level: ${JSON.stringify(fields.level ?? '')} is none of ${auditLevels.join(', ')}`,
    );
  }
  const texts = (field: string) => textsOf(fields[field], `${path}.${field}`);
  const resources = (Array.isArray(fields.resources) ? fields.resources : []).map(
    (entry, index) => {
      const at = `${path}.resources[${index}]`;
      const resource = fieldsOf(entry, at);
      return {
        group: typeof resource.group === 'string' ? resource.group : '',
        resources: textsOf(resource.resources, `${at}.resources`),
        resourceNames: textsOf(resource.resourceNames, `${at}.resourceNames`),
      };
    },
  );
  const nonResourceURLs = texts('nonResourceURLs');
  if (nonResourceURLs.length > 0 && (resources.length > 0 || texts('namespaces').length > 0))
    throw new AuditPolicyError(
      `${path}: rules cannot apply to both regular resources and non-resource URLs`,
    );
  return {
    users: texts('users'),
    userGroups: texts('userGroups'),
    verbs: texts('verbs'),
    resources,
    namespaces: texts('namespaces'),
    nonResourceURLs,
    decision: {
      level,
      omitStages: new Set([...sharedStages, ...stagesOf(fields.omitStages, `${path}.omitStages`)]),
      omitManagedFields:
        typeof fields.omitManagedFields === 'boolean' ? fields.omitManagedFields : sharedOmit,
    },
  };
}

function matches(rule: AuditRule, user: UserInfo, info: RequestInfo): boolean {
  if (rule.users.length > 0 && !rule.users.includes(user.name)) return false;
  if (rule.userGroups.length > 0 && !rule.userGroups.some((group) => user.groups.includes(group)))
    return false;
  if (rule.verbs.length > 0 && !rule.verbs.includes(info.verb)) return false;
  if (rule.namespaces.length > 0 || rule.resources.length > 0)
    return info.isResourceRequest && matchesResource(rule, info);
  if (rule.nonResourceURLs.length > 0)
    return (
      !info.isResourceRequest && rule.nonResourceURLs.some((url) => matchesPath(url, info.path))
    );
  return true;
}

function matchesResource(rule: AuditRule, info: RequestInfo): boolean {
  if (rule.namespaces.length > 0 && !rule.namespaces.includes(info.namespace)) return false;
  if (rule.resources.length === 0) return true;
  const combined = info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`;
  return rule.resources.some(({ group, resources, resourceNames }) => {
    if (group !== info.group) return false;
    if (resources.length === 0) return true;
    if (resourceNames.length > 0 && !resourceNames.includes(info.name)) return false;
    return resources.some(
      (name) =>
        name === '*' ||
        name === combined ||
        (info.subresource !== '' &&
          (name === `*/${info.subresource}` || name === `${info.resource}/*`)),
    );
  });
}

function matchesPath(pattern: string, path: string): boolean {
  if (pattern === '*') return true;
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}

function fieldsOf(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  throw new AuditPolicyError(`${path}: an object is required`);
}

function textsOf(value: unknown, path: string): readonly string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value;
  throw new AuditPolicyError(`${path}: a list of texts is required`);
}

function stagesOf(value: unknown, path: string): readonly string[] {
  const stages = textsOf(value, path);
  const unknown = stages.find((stage) => !auditStages.some((each) => each === stage));
  if (unknown !== undefined)
    throw new AuditPolicyError(`${path}: ${JSON.stringify(unknown)} is no stage`);
  return stages;
}
