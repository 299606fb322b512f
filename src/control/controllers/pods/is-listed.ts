import type { Pod } from '../../api/gen/core-v1.js';
import type { Lister } from '../../client/index.js';

/** The cache still shows this pod. */
export function isListed(lister: Lister<Pod>, { metadata }: Pod): boolean {
  const { namespace = '', name = '', uid } = metadata;
  return lister.get(namespace, name)?.metadata.uid === uid;
}
