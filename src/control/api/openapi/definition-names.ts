import type { GroupVersionKind } from '../../machinery/object.js';
import { definitionOf } from '../schema.js';

/** The name of a definition of all groups: `Status`, `DeleteOptions`. */
export function metaDefinition(kind: string): string {
  return `io.k8s.apimachinery.pkg.apis.meta.v1.${kind}`;
}

/** The name of a kind's definition. Of custom resources it is made of their group, read backwards. */
export function definitionNameOf(
  { isCustom }: { readonly isCustom: boolean },
  kind: GroupVersionKind,
): string {
  const builtIn = definitionOf(kind);
  if (builtIn !== undefined) return builtIn;
  if (!isCustom) return metaDefinition(kind.kind);
  return [...kind.group.split('.').reverse(), kind.version, kind.kind].join('.');
}
