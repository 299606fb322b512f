import { defined } from '../../base/assert.js';
import type { JsonValue } from '../machinery/json.js';
import type { SchemaNode, SchemaType } from '../machinery/schema-node.js';
import { type SchemaFact, schemaFacts } from './schema-facts.js';

/** Definitions whose values are not what their own schema says: type and format. */
const specialTypes: ReadonlyMap<string, readonly [SchemaType, string]> = new Map([
  ['io.k8s.apimachinery.pkg.api.resource.Quantity', ['quantity', '']],
  ['io.k8s.apimachinery.pkg.util.intstr.IntOrString', ['int-or-string', '']],
  ['io.k8s.apimachinery.pkg.apis.meta.v1.Time', ['string', 'date-time']],
  ['io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime', ['string', 'micro-time']],
  ['io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1', ['any', '']],
  ['io.k8s.apimachinery.pkg.apis.meta.v1.Patch', ['any', '']],
  ['io.k8s.apimachinery.pkg.runtime.RawExtension', ['any', '']],
  ['io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON', ['any', '']],
  ['io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray', ['any', '']],
  ['io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool', ['any', '']],
  [
    'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray',
    ['any', ''],
  ],
]);

const noFields: ReadonlyMap<string, SchemaNode> = new Map();
const definitions = new Map<string, BuiltInSchemaNode>();
const fieldsByDefinition = new Map<string, ReadonlyMap<string, BuiltInSchemaNode>>();

/**
 * A node of the schemas that come with the Kubernetes API. A field that refers to a definition has its own node, with the marks of
 * the field (merge keys, default) and the content of the definition; the content is built when it is first asked for, which is what
 * lets definitions be recursive.
 */
export class BuiltInSchemaNode implements SchemaNode {
  readonly type: SchemaType;
  readonly format: string;
  readonly required: readonly string[];
  readonly preservesUnknownFields = false;
  readonly listType: 'atomic' | 'set' | 'map';
  readonly listMapKeys: readonly string[];
  readonly isAtomic: boolean;
  readonly patchStrategies: readonly string[];
  readonly patchMergeKey: string;
  readonly isNullable = false;
  readonly default: JsonValue | undefined;
  /** The name of the definition that the content comes from; '' when it is written in place. */
  readonly definition: string;
  readonly #content: SchemaFact;
  #fields: ReadonlyMap<string, SchemaNode> | undefined;
  #element: SchemaNode | undefined;

  private constructor(fact: SchemaFact, definition: string) {
    const content = definition === '' ? fact : factOf(definition);
    const mapType = fact['map-type'] ?? content['map-type'];
    [this.type, this.format] = specialTypes.get(definition) ?? [typeOf(content), formatOf(content)];
    this.required = content.required ?? [];
    this.listType = fact['list-type'] ?? 'atomic';
    this.listMapKeys = fact['list-map-keys'] ?? [];
    this.isAtomic = mapType === 'atomic';
    this.patchStrategies = fact['patch-strategy']?.split(',') ?? [];
    this.patchMergeKey = fact['patch-merge-key'] ?? '';
    this.default = fact.default;
    this.definition = definition;
    this.#content = content;
    this.#fields = undefined;
    this.#element = undefined;
  }

  /** The shared node of a definition; undefined when there is none of that name. */
  static ofDefinition(name: string): BuiltInSchemaNode | undefined {
    if (!Object.hasOwn(schemaFacts().definitions, name)) return undefined;
    return BuiltInSchemaNode.require(name);
  }

  /** The shared node of a definition that is known to be there. */
  static require(name: string): BuiltInSchemaNode {
    let node = definitions.get(name);
    if (node === undefined) {
      node = new BuiltInSchemaNode(factOf(name), name);
      definitions.set(name, node);
    }
    return node;
  }

  get fields(): ReadonlyMap<string, SchemaNode> {
    this.#fields ??= this.type === 'object' ? this.#buildFields() : noFields;
    return this.#fields;
  }

  get element(): SchemaNode | undefined {
    const fact = this.type === 'list' ? this.#content.items : this.#content.values;
    if (this.#element === undefined && fact !== undefined) this.#element = nodeOf(fact);
    return this.#element;
  }

  #buildFields(): ReadonlyMap<string, SchemaNode> {
    const shared = fieldsByDefinition.get(this.definition);
    if (shared !== undefined) return shared;
    const fields = new Map<string, BuiltInSchemaNode>();
    for (const [name, fact] of Object.entries(this.#content.properties ?? {}))
      fields.set(name, nodeOf(fact));
    if (this.definition !== '') fieldsByDefinition.set(this.definition, fields);
    return fields;
  }

  /** The node of a place in a definition. */
  static at(fact: SchemaFact): BuiltInSchemaNode {
    return new BuiltInSchemaNode(fact, fact.ref ?? '');
  }
}

function nodeOf(fact: SchemaFact): BuiltInSchemaNode {
  return BuiltInSchemaNode.at(fact);
}

function factOf(definition: string): SchemaFact {
  return defined(schemaFacts().definitions[definition], `definition ${definition}`);
}

function typeOf(fact: SchemaFact): SchemaType {
  if (fact.type === undefined) return 'any';
  if (fact.type === 'array') return 'list';
  if (fact.type !== 'object') return fact.type;
  if (fact.values !== undefined) return 'map';
  return 'object';
}

function formatOf(fact: SchemaFact): string {
  return fact.format ?? '';
}
