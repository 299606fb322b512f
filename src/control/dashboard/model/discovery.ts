import type { ResourceName } from './page-route.js';

/** A resource that the API serves. */
export interface ServedKind extends ResourceName {
  readonly kind: string;
  readonly isNamespaced: boolean;
  readonly verbs: readonly string[];
  readonly subresources: readonly string[];
}

/** An APIGroupDiscoveryList as far as the page looks. */
interface DiscoveryDocument {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly {
      readonly version: string;
      readonly resources?: readonly {
        readonly resource: string;
        readonly responseKind?: { readonly kind?: string };
        readonly scope?: string;
        readonly verbs?: readonly string[];
        readonly subresources?: readonly { readonly subresource: string }[];
      }[];
    }[];
  }[];
}

/** The resources of a discovery document, each in its group's preferred version that has it, which comes first. */
export function servedKinds(document: unknown): ServedKind[] {
  const kinds: ServedKind[] = [];
  for (const { metadata, versions = [] } of (document as DiscoveryDocument).items ?? []) {
    const seen = new Set<string>();
    for (const { version, resources = [] } of versions) {
      for (const each of resources) {
        if (seen.has(each.resource)) continue;
        seen.add(each.resource);
        kinds.push({
          ...{ group: metadata?.name ?? '', version, resource: each.resource },
          kind: each.responseKind?.kind ?? each.resource,
          isNamespaced: each.scope === 'Namespaced',
          verbs: each.verbs ?? [],
          subresources: (each.subresources ?? []).map(({ subresource }) => subresource),
        });
      }
    }
  }
  return kinds;
}

/** Whether a group is one that Kubernetes itself defines. */
export function isBuiltInGroup(group: string): boolean {
  return !group.includes('.') || group.endsWith('.k8s.io');
}

/** Finds the resource of a kind; null when it is not served. */
export function kindNamed(
  kinds: readonly ServedKind[],
  { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string },
): ServedKind | null {
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  return kinds.find((each) => each.group === group && each.kind === kind) ?? null;
}
