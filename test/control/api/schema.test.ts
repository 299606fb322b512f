import t from 'tap';
import { BuiltInSchemaNode } from '../../../src/control/api/built-in-schema-node.js';
import { definitionOf, schemaOf, schemaOfDefinition } from '../../../src/control/api/schema.js';
import { schemaFacts } from '../../../src/control/api/schema-facts.js';
import type { SchemaNode } from '../../../src/control/machinery/schema-node.js';

/** The node at a path of field names; `*` is the element of a list or map. */
function at(definition: string, ...path: readonly string[]): SchemaNode {
  let node = schemaOfDefinition(definition)!;
  for (const step of path) node = step === '*' ? node.element! : node.fields.get(step)!;
  return node;
}

const core = 'io.k8s.api.core.v1';

t.test('schemaOfDefinition builds every definition and everything in it', async (t) => {
  const names = Object.keys(schemaFacts().definitions);
  t.ok(names.length > 700);
  let nodeCount = 0;
  for (const name of names) {
    const node = schemaOfDefinition(name)!;
    for (const field of node.fields.values()) {
      nodeCount += 1;
      const needsElement = field.type === 'list';
      if (needsElement && field.element === undefined) t.fail(`${name} has a list without items`);
    }
    for (const required of node.required)
      if (!node.fields.has(required))
        t.fail(`${name} requires ${required}, which it does not have`);
  }
  t.ok(nodeCount > 2000, `${nodeCount} fields`);
});

t.test('schemaOfDefinition knows no names that are not there', async (t) => {
  t.equal(schemaOfDefinition('io.k8s.api.core.v1.Nothing'), undefined);
  t.equal(schemaOfDefinition('constructor'), undefined);
});

t.test('schemaOf finds kinds, lists, and options of any group', async (t) => {
  const of = (group: string, version: string, kind: string) => schemaOf({ group, version, kind });
  t.ok(of('', 'v1', 'Pod'));
  t.ok(of('apps', 'v1', 'DeploymentList'));
  t.equal(of('', 'v1', 'DeleteOptions'), of('apps', 'v1', 'DeleteOptions'));
  t.equal(of('apps', 'v1', 'Pod'), undefined);
  t.equal(definitionOf({ group: '', version: 'v1', kind: 'Pod' }), `${core}.Pod`);
});

t.test('schemaOf shares what it builds', async (t) => {
  const of = { group: '', version: 'v1', kind: 'Pod' };
  t.equal(schemaOf(of), schemaOf(of));
  const containers = at(`${core}.PodSpec`, 'containers', '*').fields;
  t.equal(containers, at(`${core}.PodSpec`, 'initContainers', '*').fields);
});

t.test('schemaOf follows recursive definitions', async (t) => {
  const props = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps';
  const deep = at(props, 'properties', '*', 'properties', '*', 'not', 'properties');
  t.equal(deep.type, 'map');
});

const types: readonly (readonly [path: readonly string[], type: string, format: string])[] = [
  [[`${core}.PodSpec`, 'containers'], 'list', ''],
  [[`${core}.PodSpec`, 'nodeSelector'], 'map', ''],
  [[`${core}.PodSpec`, 'priority'], 'integer', 'int32'],
  [[`${core}.PodSpec`, 'terminationGracePeriodSeconds'], 'integer', 'int64'],
  [[`${core}.Container`, 'resources', 'limits', '*'], 'quantity', ''],
  [[`${core}.ServicePort`, 'targetPort'], 'int-or-string', ''],
  [[`${core}.Secret`, 'data', '*'], 'string', 'byte'],
  [[`${core}.Event`, 'eventTime'], 'string', 'micro-time'],
  [[`${core}.Pod`, 'metadata', 'creationTimestamp'], 'string', 'date-time'],
  [[`${core}.Pod`, 'metadata', 'managedFields', '*', 'fieldsV1'], 'any', ''],
  [['io.k8s.api.apps.v1.ControllerRevision', 'data'], 'any', ''],
];

t.test('SchemaNode.type tells the special types of the API', async (t) => {
  for (const [[definition, ...path], type, format] of types) {
    const node = at(definition!, ...path);
    t.strictSame([node.type, node.format], [type, format], [definition, ...path].join('.'));
  }
});

t.test('SchemaNode has the marks of patches and of server-side apply', async (t) => {
  const volumes = at(`${core}.PodSpec`, 'volumes');
  t.strictSame(volumes.patchStrategies, ['merge', 'retainKeys']);
  t.equal(volumes.patchMergeKey, 'name');
  t.equal(volumes.listType, 'map');
  t.strictSame(volumes.listMapKeys, ['name']);
  t.strictSame(at(`${core}.Container`, 'ports').listMapKeys, ['containerPort', 'protocol']);
  t.equal(at(`${core}.Pod`, 'metadata', 'finalizers').listType, 'set');
  t.equal(at(`${core}.Container`, 'args').listType, 'atomic');
  t.ok(at(`${core}.PodSpec`, 'nodeSelector').isAtomic);
  t.ok(at('io.k8s.api.apps.v1.DeploymentSpec', 'selector').isAtomic, 'marked on the definition');
  t.notOk(at(`${core}.Pod`, 'metadata', 'labels').isAtomic);
});

const zeroValues: readonly (readonly [definition: string, field: string, zeroValue: string])[] = [
  [`${core}.Pod`, 'status', 'written'],
  [`${core}.Container`, 'name', 'written'],
  [`${core}.Container`, 'image', 'dropped'],
  [`${core}.PodSpec`, 'hostNetwork', 'dropped'],
  [`${core}.PodSpec`, 'priority', 'kept'],
  [`${core}.PodSpec`, 'terminationGracePeriodSeconds', 'kept'],
  ['io.k8s.api.apps.v1.DeploymentSpec', 'replicas', 'kept'],
  ['io.k8s.api.apps.v1.DeploymentSpec', 'minReadySeconds', 'dropped'],
  ['io.k8s.api.apps.v1.ReplicaSetStatus', 'replicas', 'written'],
];

t.test('BuiltInSchemaNode.zeroValue tells what Kubernetes does with zero values', async (t) => {
  for (const [definition, field, zeroValue] of zeroValues) {
    const node = at(definition, field);
    t.ok(node instanceof BuiltInSchemaNode);
    t.equal((node as BuiltInSchemaNode).zeroValue, zeroValue, `${definition}.${field}`);
  }
});
