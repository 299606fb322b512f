import type { RuleContext } from '../../api/kind-definition.js';
import type { ResourceRow } from '../../api/rows.js';
import { apiVersionOf, type KubeObject } from '../../machinery/object.js';
import type { AdmissionRequest, RequestContext } from '../contracts.js';

/** What all writes have in common. */
export interface WriteRequest {
  readonly context: RequestContext;
  /** '' for cluster-scoped resources. */
  readonly namespace: string;
  readonly subresource: string;
  /** Who is noted as manager of the written fields. */
  readonly manager: string;
  /** The options object of the request, as admission sees it. */
  readonly options: KubeObject;
}

/** What the rules of a kind may know of it. */
export function ruleContext({ context, subresource }: WriteRequest): RuleContext {
  return { nowMs: context.nowMs, username: context.user.name, subresource };
}

/** The same write as admission plugins see it. */
export function admissionRequest(
  row: ResourceRow,
  request: WriteRequest,
  write: {
    readonly operation: AdmissionRequest['operation'];
    readonly name: string;
    readonly object: KubeObject | null;
    readonly oldObject: KubeObject | null;
  },
): AdmissionRequest {
  const { context, namespace, subresource, options } = request;
  const { group, version, kind, resource } = row;
  return { context, group, version, kind, resource, subresource, namespace, options, ...write };
}

/** Whether the kind that a request carries is the registry's, and sets it when it is absent. */
export function setKind(object: KubeObject, row: ResourceRow): void {
  object.apiVersion = apiVersionOf(row);
  object.kind = row.kind;
}
