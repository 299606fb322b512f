import type { ParamKind, ParamRef } from '../../api/gen/admissionregistration-v1.js';
import { labelSelectorOf } from '../../machinery/label-selector.js';
import type { KubeObject } from '../../machinery/object.js';
import { type AdmissionServices, findObject } from '../admission/services.js';
import type { AdmissionRequest } from '../contracts.js';

/** The resource of a kind; undefined when there is none. */
export type ResourceOfParams = (
  apiVersion: string,
  kind: string,
) =>
  | { readonly group: string; readonly resource: string; readonly isNamespaced: boolean }
  | undefined;

/** Parameters that cannot be found: the policy's failure policy decides. */
export class ParamsError extends Error {
  override readonly name = 'ParamsError';
}

/**
 * With which parameters a policy is to be asked: undefined stands for a policy that has none; no entry at all means that it is not to
 * be asked. Rejects with {@link ParamsError}.
 */
export async function paramsOf(
  kind: ParamKind | undefined,
  ref: ParamRef | undefined,
  request: AdmissionRequest,
  {
    services,
    resourceOf,
  }: { readonly services: AdmissionServices; readonly resourceOf: ResourceOfParams },
): Promise<readonly (KubeObject | null | undefined)[]> {
  if (kind === undefined) return [undefined];
  if (ref === undefined) return [null];
  const resource = resourceOf(kind.apiVersion ?? '', kind.kind ?? '');
  if (resource === undefined)
    throw new ParamsError(
      `failed to find resource referenced by paramKind: '${kind.apiVersion ?? ''}, Kind=${kind.kind ?? ''}'`,
    );
  const namespace = resource.isNamespaced ? (ref.namespace ?? request.namespace) : '';
  if (resource.isNamespaced && namespace === '')
    throw new ParamsError(
      'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
    );
  const found = await find(services, resource, namespace, ref);
  if (found.length > 0) return found;
  if (ref.parameterNotFoundAction === 'Allow') return [];
  throw new ParamsError('no params found for policy binding with `Deny` parameterNotFoundAction');
}

async function find(
  services: AdmissionServices,
  resource: { readonly group: string; readonly resource: string },
  namespace: string,
  { name = '', selector }: ParamRef,
): Promise<readonly KubeObject[]> {
  if (name !== '') {
    const object = await findObject(services, resource, namespace, name);
    return object === undefined ? [] : [object];
  }
  const labels = labelSelectorOf(selector ?? {});
  const all = await services.objects.list(resource, namespace);
  return all.filter(({ metadata }) => labels.matches(metadata.labels));
}
