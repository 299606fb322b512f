import t from 'tap';
import {
  builtInRows,
  type ResourceRow,
  type SubresourceRow,
} from '../../../src/control/api/rows.js';
import { apiVersionOf } from '../../../src/control/machinery/object.js';
import { allVerbs, knownKinds } from './known-kinds.js';

const prefixes: readonly (readonly [groupVersion: string, resource: string, prefix: string])[] = [
  ['v1', 'pods', '/registry/pods/'],
  ['v1', 'nodes', '/registry/minions/'],
  ['v1', 'services', '/registry/services/specs/'],
  ['v1', 'endpoints', '/registry/services/endpoints/'],
  ['v1', 'replicationcontrollers', '/registry/controllers/'],
  ['v1', 'events', '/registry/events/'],
  ['events.k8s.io/v1', 'events', '/registry/events/'],
  ['apps/v1', 'deployments', '/registry/deployments/'],
  ['networking.k8s.io/v1', 'ingresses', '/registry/ingress/'],
  ['apiregistration.k8s.io/v1', 'apiservices', '/registry/apiregistration.k8s.io/apiservices/'],
  [
    'apiextensions.k8s.io/v1',
    'customresourcedefinitions',
    '/registry/apiextensions.k8s.io/customresourcedefinitions/',
  ],
];

function rowOf(groupVersion: string, resource: string): ResourceRow {
  return builtInRows().find(
    (row) => apiVersionOf(row) === groupVersion && row.resource === resource,
  )!;
}

/** A row in the words of the table of known kinds. */
function describe(row: ResourceRow): string {
  const verbs = row.verbs.join() === allVerbs.join() ? 'ALL' : row.verbs.join();
  const scope = row.isNamespaced ? 'Namespaced' : 'Cluster';
  const head = [apiVersionOf(row), row.resource, row.kind, scope, verbs];
  return [...head, ...row.subresources.map((subresource) => describeBelow(row, subresource))].join(
    ' ',
  );
}

function describeBelow(row: ResourceRow, { name, kind, verbs }: SubresourceRow): string {
  if (kind.kind === row.kind) return `${name}(${verbs.join()})`;
  const home = kind.group === row.group ? '' : `${apiVersionOf(kind)}.`;
  return `${name}(${verbs.join()}>${home}${kind.kind})`;
}

t.test(
  'builtInRows has every resource of the API with its scope, verbs and subresources',
  async (t) => {
    const known = knownKinds.trim().split('\n').sort();
    t.strictSame(builtInRows().map(describe).sort(), known);
  },
);

t.test('ResourceRow.storage is the key prefix that Kubernetes uses', async (t) => {
  for (const [groupVersion, resource, prefix] of prefixes)
    t.equal(rowOf(groupVersion, resource).storage?.prefix, prefix, `${groupVersion} ${resource}`);
});

t.test('ResourceRow.storage is null for what is answered and forgotten', async (t) => {
  const unstored = builtInRows().filter((row) => row.storage === null);
  t.strictSame(unstored.map((row) => row.resource).sort(), [
    'bindings',
    'componentstatuses',
    'localsubjectaccessreviews',
    'selfsubjectaccessreviews',
    'selfsubjectreviews',
    'selfsubjectrulesreviews',
    'subjectaccessreviews',
    'tokenreviews',
  ]);
});

t.test('ResourceRow.storage has one version for all versions of a resource', async (t) => {
  t.equal(rowOf('autoscaling/v1', 'horizontalpodautoscalers').storage?.version, 'v2');
  t.equal(rowOf('autoscaling/v2', 'horizontalpodautoscalers').storage?.version, 'v2');
  t.equal(rowOf('resource.k8s.io/v1beta1', 'resourceclaims').storage?.version, 'v1');
  t.equal(rowOf('resource.k8s.io/v1alpha3', 'devicetaintrules').storage?.version, 'v1beta2');
  t.equal(rowOf('events.k8s.io/v1', 'events').storage?.group, '');
});

t.test('ResourceRow has the short names and categories of Kubernetes', async (t) => {
  t.strictSame(rowOf('apps/v1', 'deployments').shortNames, ['deploy']);
  t.strictSame(rowOf('apps/v1', 'deployments').categories, ['all']);
  t.strictSame(rowOf('apiextensions.k8s.io/v1', 'customresourcedefinitions').shortNames, [
    'crd',
    'crds',
  ]);
  t.strictSame(rowOf('v1', 'secrets').shortNames, []);
  const all = builtInRows().filter((row) => row.categories.includes('all'));
  t.equal(new Set(all.map((row) => row.resource)).size, 10);
});

t.test('ResourceRow names are unique among the resources of a stable version', async (t) => {
  const stable = builtInRows().filter(({ version }) => version === 'v1' || version === 'v2');
  const owners = new Map<string, string>();
  for (const row of stable) {
    for (const name of [row.singular, row.resource, ...row.shortNames]) {
      const owner = owners.get(name) ?? row.resource;
      t.equal(owner, row.resource, `${name} stands for one resource`);
      owners.set(name, row.resource);
    }
  }
});
