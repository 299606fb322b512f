import type { ApiResource } from './api-resource.js';
import type { ControlClient } from './control-client.js';
import type { CallControl } from './transport.js';

/** A resource that a server offers. */
export interface DiscoveredResource extends ApiResource {
  readonly verbs: ReadonlySet<string>;
}

/** What a server offers. */
export interface Discovered {
  /** Each in the version that its group prefers; subresources are left out. */
  readonly resources: readonly DiscoveredResource[];
  /** Versions of which the server did not know at the moment what is in them, as `metrics.k8s.io/v1beta1`. */
  readonly failed: readonly string[];
}

const accept =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,' +
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList';

interface GroupList {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly {
      readonly version: string;
      readonly freshness?: string;
      readonly resources?: readonly {
        readonly resource: string;
        readonly responseKind?: { readonly kind?: string };
        readonly scope?: string;
        readonly verbs?: readonly string[];
      }[];
    }[];
  }[];
}

/** Asks a server what it offers, by aggregated discovery (Kubernetes 1.27 and later). Rejects with StatusError. */
export async function discover(
  client: ControlClient,
  control: CallControl = {},
): Promise<Discovered> {
  const documents = await Promise.all(
    ['/api', '/apis'].map((path) => client.document(path, { ...control, accept })),
  );
  const resources = new Map<string, DiscoveredResource>();
  const failed: string[] = [];
  for (const group of documents.flatMap((document) => (document as GroupList).items ?? [])) {
    const groupName = group.metadata?.name ?? '';
    for (const { version, freshness, resources: offered = [] } of group.versions ?? []) {
      if (freshness === 'Stale') failed.push(`${groupName}/${version}`);
      for (const { resource, responseKind, scope, verbs = [] } of offered) {
        const key = `${resource}.${groupName}`;
        if (resources.has(key)) continue;
        resources.set(key, {
          ...{ group: groupName, version, resource, kind: responseKind?.kind ?? '' },
          isNamespaced: scope === 'Namespaced',
          verbs: new Set(verbs),
        });
      }
    }
  }
  return { resources: [...resources.values()], failed };
}
