import type { KubeObject } from '../../machinery/object.js';
import type { AdmissionPlugin, AdmissionRequest } from '../contracts.js';

/** What a plugin does; what is absent does nothing. */
export interface PluginPhases {
  mutate?(request: AdmissionRequest): Promise<void> | void;
  validate?(request: AdmissionRequest): Promise<void> | void;
}

/** A plugin that is asked about these operations only. */
export function definePlugin(
  name: string,
  operations: readonly AdmissionRequest['operation'][],
  phases: PluginPhases,
): AdmissionPlugin {
  return { name, handles: (operation) => operations.includes(operation), ...phases };
}

/** Whether the request is about this resource, or about the given subresource of it. */
export function isAbout(
  request: AdmissionRequest,
  resource: string,
  { group = '', subresource = '' }: { readonly group?: string; readonly subresource?: string } = {},
): boolean {
  return (
    request.resource === resource && request.group === group && request.subresource === subresource
  );
}

/** The new object, as the kind that the plugin has made sure it is; null for DELETE. */
export function newObject<T extends KubeObject>(request: AdmissionRequest): T | null {
  return request.object as T | null;
}

/** What is stored; null for CREATE. */
export function oldObject<T extends KubeObject>(request: AdmissionRequest): T | null {
  return request.oldObject as T | null;
}
