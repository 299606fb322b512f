import { quote } from '../../machinery/quote.js';
import type { StatusError } from '../../machinery/status.js';
import { forbidden } from '../../machinery/status-errors.js';
import type { AuthorizationRequest } from '../contracts.js';

/** The 403 of a request that nobody allows, as Kubernetes words it; `reason` is what authorizers said, '' without. */
export function forbiddenRequest(request: AuthorizationRequest, reason: string): StatusError {
  const text = sanitized(forbiddenText(request));
  return forbidden(
    { group: request.group, resource: request.resource },
    request.name,
    reason === '' ? text : `${text}: ${reason}`,
  );
}

/** `User "u" cannot get resource "pods" in API group "" in the namespace "n"`. */
export function forbiddenText(request: AuthorizationRequest): string {
  const user = quote(request.user.name);
  if (!request.isResourceRequest)
    return `User ${user} cannot ${request.verb} path ${quote(request.path)}`;
  const { resource, subresource } = request;
  const target = quote(subresource === '' ? resource : `${resource}/${subresource}`);
  const scope =
    request.namespace === ''
      ? 'at the cluster scope'
      : `in the namespace ${quote(request.namespace)}`;
  return `User ${user} cannot ${request.verb} resource ${target} in API group ${quote(request.group)} ${scope}`;
}

/** Some browsers show what they take for HTML in any answer. */
function sanitized(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
