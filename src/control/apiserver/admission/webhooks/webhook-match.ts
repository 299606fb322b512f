import type { RuleWithOperations } from '../../../api/gen/admissionregistration-v1.js';
import type { Namespace } from '../../../api/gen/core-v1.js';
import { labelSelectorOf } from '../../../machinery/label-selector.js';
import type { KubeObject } from '../../../machinery/object.js';
import { notFound } from '../../../machinery/status-errors.js';
import type { AdmissionRequest } from '../../contracts.js';
import { type AdmissionServices, findObject } from '../services.js';
import type { Webhook } from './webhook.js';

/** Whether a webhook is to be asked about a request: by its rules and selectors. */
export async function matchesWebhook(
  webhook: Webhook,
  request: AdmissionRequest,
  services: AdmissionServices,
): Promise<boolean> {
  if (!(webhook.rules ?? []).some((rule) => matchesRule(rule, request))) return false;
  return matchesObjectSelector(webhook, request) && matchesNamespace(webhook, request, services);
}

/** Webhooks are never asked about what configures them: nobody could repair a broken one. */
export function isExempt({ group, resource }: AdmissionRequest): boolean {
  return group === 'admissionregistration.k8s.io' && configurations.has(resource);
}

const configurations: ReadonlySet<string> = new Set([
  'validatingwebhookconfigurations',
  'mutatingwebhookconfigurations',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
]);

/** Whether a rule names the operation, resource and scope of a request. */
export function matchesRule(rule: RuleWithOperations, request: AdmissionRequest): boolean {
  return (
    matchesScope(rule.scope ?? '*', request) &&
    includes(rule.operations, request.operation) &&
    includes(rule.apiGroups, request.group) &&
    includes(rule.apiVersions, request.version) &&
    (rule.resources ?? []).some((text) => matchesResource(text, request))
  );
}

function includes(values: readonly string[] | undefined, wanted: string): boolean {
  return values?.some((value) => value === '*' || value === wanted) ?? false;
}

function matchesScope(scope: string, { group, resource, namespace }: AdmissionRequest): boolean {
  if (scope === '*') return true;
  // Requests for a namespace carry its name as their namespace; it is cluster-scoped all the same.
  const isCluster = namespace === '' || (group === '' && resource === 'namespaces');
  return (scope === 'Cluster') === isCluster;
}

/** `pods`, `pods/status`, `pods/*`, `*` (no subresource), `*` before or after the slash for all. */
function matchesResource(text: string, { resource, subresource }: AdmissionRequest): boolean {
  const slash = text.indexOf('/');
  const ofResource = slash < 0 ? text : text.slice(0, slash);
  const ofSubresource = slash < 0 ? '' : text.slice(slash + 1);
  return (
    (ofResource === '*' || ofResource === resource) &&
    (ofSubresource === '*' || ofSubresource === subresource)
  );
}

function matchesObjectSelector(
  { objectSelector }: Webhook,
  { object, oldObject }: AdmissionRequest,
): boolean {
  const selector = labelSelectorOf(objectSelector ?? {});
  if (selector.isEverything) return true;
  const matches = (each: KubeObject | null) =>
    each !== null && selector.matches(each.metadata?.labels);
  return matches(object) || matches(oldObject);
}

async function matchesNamespace(
  { namespaceSelector }: Webhook,
  request: AdmissionRequest,
  services: AdmissionServices,
): Promise<boolean> {
  const isNamespace = request.group === '' && request.resource === 'namespaces';
  if (request.namespace === '' && !isNamespace) return true;
  const selector = labelSelectorOf(namespaceSelector ?? {});
  if (selector.isEverything) return true;
  const isWrite = request.operation === 'CREATE' || request.operation === 'UPDATE';
  if (isNamespace && request.subresource === '' && isWrite)
    return selector.matches(request.object?.metadata.labels);
  const resource = { group: '', resource: 'namespaces' };
  const name = request.namespace || request.name;
  const namespace = (await findObject(services, resource, '', name)) as Namespace | undefined;
  if (namespace === undefined) throw notFound(resource, name);
  return selector.matches(namespace.metadata.labels);
}
