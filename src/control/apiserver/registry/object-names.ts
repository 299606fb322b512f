import type { KubeObject } from '../../machinery/object.js';
import { badRequest } from '../../machinery/status-errors.js';

/**
 * Makes the object's namespace that of the request: an absent one is filled in, a different one refused, and that of a
 * cluster-scoped object removed.
 */
export function settleNamespace({ metadata }: KubeObject, namespace: string): void {
  if (namespace === '') {
    delete metadata.namespace;
    return;
  }
  const given = metadata.namespace ?? '';
  if (given !== '' && given !== namespace) {
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
  metadata.namespace = namespace;
}

/** Refuses an object whose name is not the one in the path. */
export function checkName({ metadata }: KubeObject, name: string): void {
  const given = metadata.name ?? '';
  if (given === '') metadata.name = name;
  else if (given !== name) {
    throw badRequest(
      `the name of the object (${given}) does not match the name on the URL (${name})`,
    );
  }
}
