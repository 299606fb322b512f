import {
  linkToObject,
  linkToResource,
  objectOfRoute,
  resourceOfRoute,
} from '../model/page-route.js';
import { useSession } from './hooks.js';
import { events, menuSections, nodes } from './known-resources.js';
import { Apply } from './views/apply.js';
import { Charts } from './views/charts.js';
import { Kinds } from './views/kinds.js';
import { ObjectPage } from './views/object/object-page.js';
import { Overview } from './views/overview.js';
import { ResourceList } from './views/resource-list.js';
import { StorePage } from './views/store/store-page.js';
import { TopologyPage } from './views/topology/topology-page.js';

/** The view that the address names. */
export function Place({ route }: { readonly route: readonly string[] }) {
  const { namespace } = useSession();
  const [first = '', ...rest] = route;
  switch (first) {
    case '':
      return <Overview />;
    case 'apply':
      return <Apply />;
    case 'topology':
      return <TopologyPage />;
    case 'charts':
      return <Charts />;
    case 'store':
      return <StorePage />;
    case 'kinds':
      return <Kinds />;
    case 'objects': {
      const target = objectOfRoute(rest);
      return target === null ? (
        <Nowhere />
      ) : (
        <ObjectPage key={linkToObject(target)} target={target} />
      );
    }
    case 'nodes':
      return (
        <ResourceList
          key="nodes"
          title="Nodes"
          resource={nodes}
          isNamespaced={false}
          namespace=""
        />
      );
    case 'events':
      return (
        <ResourceList
          key="events"
          title="Events"
          resource={events}
          isNamespaced
          namespace={namespace}
        />
      );
    case 'resources':
      return <Resources parts={rest} />;
    default:
      return <Nowhere />;
  }
}

function Nowhere() {
  return <p class="empty">There is no such view.</p>;
}

function Resources({ parts }: { readonly parts: readonly string[] }) {
  const { namespace, kinds } = useSession();
  const resource = resourceOfRoute(parts);
  if (resource === null) return <Nowhere />;
  const link = linkToResource(resource);
  const known = menuSections
    .flatMap(({ lists }) => lists)
    .find((list) => linkToResource(list.resource) === link);
  const served = kinds?.find((kind) => linkToResource(kind) === link);
  if (known === undefined && kinds === null) return <p class="empty">Loading…</p>;
  return (
    <ResourceList
      key={link}
      title={known?.title ?? served?.kind ?? resource.resource}
      resource={resource}
      isNamespaced={known?.isNamespaced ?? served?.isNamespaced ?? false}
      namespace={namespace}
    />
  );
}
