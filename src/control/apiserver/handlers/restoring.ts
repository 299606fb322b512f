import { restorers } from '../registry/subresources/restorers.js';
import type { UpdateSource } from '../registry/update.js';
import type { ResourceEndpoint } from './endpoint.js';

/** How a subresource keeps what it may not change; nothing for the object itself and its status, which the kind's rules know. */
export function restoring(
  { resource: { group, resource } }: ResourceEndpoint,
  subresource: string,
): Pick<UpdateSource, 'prepare'> {
  const base = group === '' ? resource : `${resource}.${group}`;
  const prepare = restorers[`${base}/${subresource}`];
  return prepare === undefined ? {} : { prepare };
}
