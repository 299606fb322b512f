import { bool, type CelType, dyn, listOf, mapOf, named, objectOf, string } from './types.js';

/** The types of questions to the authorizer, and of its answers. */
export const authorization = {
  authorizer: 'kubernetes.authorization.Authorizer',
  pathCheck: 'kubernetes.authorization.PathCheck',
  groupCheck: 'kubernetes.authorization.GroupCheck',
  resourceCheck: 'kubernetes.authorization.ResourceCheck',
  decision: 'kubernetes.authorization.Decision',
} as const;

/** The functions by which expressions ask whether somebody may do something. */
export const authorizerSignatures = [
  'kubernetes.authorization.Authorizer.path(string): kubernetes.authorization.PathCheck',
  'kubernetes.authorization.Authorizer.group(string): kubernetes.authorization.GroupCheck',
  'kubernetes.authorization.Authorizer.serviceAccount(string, string): kubernetes.authorization.Authorizer',
  'kubernetes.authorization.GroupCheck.resource(string): kubernetes.authorization.ResourceCheck',
  'kubernetes.authorization.ResourceCheck.subresource(string): kubernetes.authorization.ResourceCheck',
  'kubernetes.authorization.ResourceCheck.namespace(string): kubernetes.authorization.ResourceCheck',
  'kubernetes.authorization.ResourceCheck.name(string): kubernetes.authorization.ResourceCheck',
  'kubernetes.authorization.ResourceCheck.fieldSelector(string): kubernetes.authorization.ResourceCheck',
  'kubernetes.authorization.ResourceCheck.labelSelector(string): kubernetes.authorization.ResourceCheck',
  'kubernetes.authorization.ResourceCheck.check(string): kubernetes.authorization.Decision',
  'kubernetes.authorization.PathCheck.check(string): kubernetes.authorization.Decision',
  'kubernetes.authorization.Decision.allowed(): bool',
  'kubernetes.authorization.Decision.reason(): string',
  'kubernetes.authorization.Decision.errored(): bool',
  'kubernetes.authorization.Decision.error(): string',
] as const;

/** One of them. */
export type AuthorizerSignature = (typeof authorizerSignatures)[number];

const gvk: CelType = objectOf('kubernetes.GroupVersionKind', {
  group: string,
  version: string,
  kind: string,
});
const gvr: CelType = objectOf('kubernetes.GroupVersionResource', {
  group: string,
  version: string,
  resource: string,
});

const requestType: CelType = objectOf('kubernetes.AdmissionRequest', {
  kind: gvk,
  resource: gvr,
  subResource: string,
  requestKind: gvk,
  requestResource: gvr,
  requestSubResource: string,
  name: string,
  namespace: string,
  operation: string,
  userInfo: objectOf('kubernetes.UserInfo', {
    username: string,
    uid: string,
    groups: listOf(string),
    extra: mapOf(string, listOf(string)),
  }),
  dryRun: bool,
  options: dyn,
});

const namespaceType: CelType = objectOf('kubernetes.Namespace', {
  metadata: objectOf('kubernetes.NamespaceMetadata', {
    name: string,
    generateName: string,
    namespace: string,
    labels: mapOf(string, string),
    annotations: mapOf(string, string),
    uid: string,
    creationTimestamp: named('timestamp'),
    deletionGracePeriodSeconds: named('int'),
    deletionTimestamp: named('timestamp'),
    generation: named('int'),
    resourceVersion: string,
    finalizers: listOf(string),
  }),
  spec: objectOf('kubernetes.NamespaceSpec', { finalizers: listOf(string) }),
  status: objectOf('kubernetes.NamespaceStatus', { phase: string }),
});

const authorizerType: CelType = objectOf(authorization.authorizer, {
  requestResource: named(authorization.resourceCheck),
});

/** What an expression about a request may name. */
export interface AdmissionTypes {
  /** Of the object and of what it replaces. */
  readonly object: CelType;
  /** Null: there are no parameters. */
  readonly params: CelType | null;
  /** What was compiled before, by name. */
  readonly variables: Readonly<Record<string, CelType>>;
}

/** The variables of an expression of an admission policy or of a webhook's conditions. */
export function admissionVariables({ object, params, variables }: AdmissionTypes): {
  readonly [name: string]: CelType;
} {
  return {
    object,
    oldObject: object,
    request: requestType,
    namespaceObject: namespaceType,
    authorizer: authorizerType,
    variables: objectOf('kubernetes.variables', variables),
    ...(params === null ? {} : { params }),
  };
}
