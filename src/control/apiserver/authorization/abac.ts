import { wellKnown } from '../authentication/user-info.js';
import type { AuthorizationRequest, Authorizer } from '../contracts.js';

/** A policy file that cannot be read. */
export class AbacError extends Error {
  override readonly name = 'AbacError';
}

/** One line of an ABAC policy file (abac.authorization.kubernetes.io/v1beta1). Absent is ''. */
export interface AbacPolicy {
  readonly user: string;
  readonly group: string;
  readonly readonly: boolean;
  readonly apiGroup: string;
  readonly resource: string;
  readonly namespace: string;
  readonly nonResourcePath: string;
}

/** Reads a --authorization-policy-file: one JSON object a line, `#` comments. Throws {@link AbacError} with the line. */
export function parseAbacPolicies(text: string): readonly AbacPolicy[] {
  const policies: AbacPolicy[] = [];
  text.split('\n').forEach((line, index) => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return;
    policies.push(parseLine(trimmed, index + 1));
  });
  return policies;
}

function parseLine(line: string, number: number): AbacPolicy {
  let fields: { apiVersion?: unknown; kind?: unknown; spec?: Record<string, unknown> };
  try {
    fields = JSON.parse(line) as typeof fields;
  } catch (error) {
    throw new AbacError(`line ${number} is no JSON object`, { cause: error });
  }
  if (
    fields.apiVersion !== 'abac.authorization.kubernetes.io/v1beta1' ||
    fields.kind !== 'Policy' ||
    typeof fields.spec !== 'object'
  ) {
    throw new AbacError(
      `line ${number} is no Policy of abac.authorization.kubernetes.io/v1beta1: give apiVersion, kind and spec`,
    );
  }
  const { spec } = fields;
  const text = (field: string) => (typeof spec[field] === 'string' ? spec[field] : '');
  return {
    user: text('user'),
    group: text('group'),
    readonly: spec.readonly === true,
    apiGroup: text('apiGroup'),
    resource: text('resource'),
    namespace: text('namespace'),
    nonResourcePath: text('nonResourcePath'),
  };
}

/** Mode ABAC: allows what a line of the policy file allows; has no opinion otherwise. */
export function abacAuthorizer(policies: readonly AbacPolicy[]): Authorizer {
  return {
    authorize: (request) =>
      policies.some((policy) => allows(policy, request))
        ? { decision: 'allow', reason: '' }
        : { decision: 'none', reason: 'No policy matched.' },
  };
}

const readVerbs: ReadonlySet<string> = new Set(['get', 'list', 'watch']);

function allows(policy: AbacPolicy, request: AuthorizationRequest): boolean {
  if (!matchesSubject(policy, request)) return false;
  if (policy.readonly && !readVerbs.has(request.verb)) return false;
  if (!request.isResourceRequest) return matchesPath(policy.nonResourcePath, request.path);
  return (
    matches(policy.namespace, request.namespace) &&
    matches(policy.resource, request.resource) &&
    matches(policy.apiGroup, request.group)
  );
}

/** `*` stands for everybody who proved who they are. */
function matchesSubject({ user, group }: AbacPolicy, request: AuthorizationRequest): boolean {
  if (user === '' && group === '') return false;
  const { name, groups } = request.user;
  const isAuthenticated = groups.includes(wellKnown.authenticatedGroup);
  const isUser = user === '' || user === name || (user === '*' && isAuthenticated);
  const isInGroup = group === '' || groups.includes(group) || (group === '*' && isAuthenticated);
  return isUser && isInGroup;
}

function matches(pattern: string, value: string): boolean {
  return pattern === '*' || pattern === value;
}

function matchesPath(pattern: string, path: string): boolean {
  if (pattern === '*' || (pattern !== '' && pattern === path)) return true;
  return pattern.endsWith('/*') && path.startsWith(pattern.slice(0, -1));
}
