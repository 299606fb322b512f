import type { ApiObject } from '../model/api-object.js';
import type { ApplyTarget } from '../model/apply-targets.js';
import { type ObjectName, objectPath } from '../model/page-route.js';
import type { Api } from './api.js';

/** Who the page's writes are recorded as. */
export const fieldManager = 'flotilla-dashboard';
const mergePatch = 'application/merge-patch+json';
/** JSON is YAML. */
const applyPatch = 'application/apply-patch+yaml';
const managed = `fieldManager=${fieldManager}`;

/** Sets how many replicas there shall be. */
export function scale(api: Api, object: ObjectName, replicas: number): Promise<unknown> {
  return patch(api, `${objectPath(object)}/scale`, { spec: { replicas } });
}

/** Has all pods of a workload replaced, as kubectl does: by a change of the template that says when. */
export function restart(api: Api, object: ObjectName, nowMs: number): Promise<unknown> {
  const restartedAt = new Date(nowMs).toISOString();
  const annotations = { 'kubectl.kubernetes.io/restartedAt': restartedAt };
  return patch(api, objectPath(object), { spec: { template: { metadata: { annotations } } } });
}

/** Stops a Job or a CronJob from starting anything, or lets it. */
export function suspend(api: Api, object: ObjectName, isSuspended: boolean): Promise<unknown> {
  return patch(api, objectPath(object), { spec: { suspend: isSuspended } });
}

/** Keeps new pods off a node, or lets them. */
export function cordon(api: Api, object: ObjectName, isCordoned: boolean): Promise<unknown> {
  return patch(api, objectPath(object), { spec: { unschedulable: isCordoned ? true : null } });
}

/** Deletes an object and what belongs to it: this object, not one of the same name that came after it. */
export function remove(api: Api, object: ObjectName, uid: string): Promise<unknown> {
  const options = {
    ...{ kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' },
    ...(uid === '' ? {} : { preconditions: { uid } }),
  };
  return api.json(objectPath(object), { method: 'DELETE', body: options });
}

/** Replaces an object; 409 when it is not the one any more that `resourceVersion` names. */
export function replace(api: Api, object: ObjectName, document: unknown): Promise<ApiObject> {
  return api.json(`${objectPath(object)}?${managed}`, { method: 'PUT', body: document });
}

/** Makes an object as a document says, or changes it (server-side apply). Fields of others are not taken from them. */
export function apply(
  api: Api,
  { target, document }: ApplyTarget,
  { isDryRun }: { readonly isDryRun: boolean },
): Promise<unknown> {
  if (target === null) return Promise.reject(new Error('there is nowhere to apply it'));
  const query = `${managed}&fieldValidation=Strict${isDryRun ? '&dryRun=All' : ''}`;
  const path = `${objectPath(target)}?${query}`;
  return api.json(path, { method: 'PATCH', body: document, contentType: applyPatch });
}

function patch(api: Api, path: string, body: unknown): Promise<unknown> {
  return api.json(`${path}?${managed}`, { method: 'PATCH', body, contentType: mergePatch });
}
