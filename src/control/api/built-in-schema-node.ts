import { defined } from '../../base/assert.js';
import type { JsonValue } from '../machinery/json.js';
import type { SchemaNode, SchemaType } from '../machinery/schema-node.js';
import { goFactOf, type SchemaFact, schemaFacts } from './schema-facts.js';

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

/**
 * What becomes of a field that holds the zero value of its type (an empty text, 0, false, an empty list): Kubernetes drops it, keeps
 * it, or writes it even when nobody set it.
 */
export type ZeroValue = 'dropped' | 'kept' | 'written';

/** What the definition that a field is in says about it. */
interface FieldMarks {
  readonly zeroValue: ZeroValue;
  readonly goType: string;
}

const noMarks: FieldMarks = { zeroValue: 'kept', goType: '' };
const noFields: ReadonlyMap<string, BuiltInSchemaNode> = new Map();
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
  readonly zeroValue: ZeroValue;
  /** What error texts call the type; '' when that follows from the rest. */
  readonly goType: string;
  readonly #content: SchemaFact;
  #fields: ReadonlyMap<string, BuiltInSchemaNode> | undefined;
  #writtenFields: readonly (readonly [string, BuiltInSchemaNode])[] | undefined;
  #element: SchemaNode | undefined;

  private constructor(fact: SchemaFact, definition: string, marks: FieldMarks) {
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
    this.zeroValue = marks.zeroValue;
    this.goType = marks.goType;
    this.#content = content;
    this.#fields = undefined;
    this.#writtenFields = undefined;
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
      node = new BuiltInSchemaNode(factOf(name), name, noMarks);
      definitions.set(name, node);
    }
    return node;
  }

  /** The node of a place in a definition. */
  static at(fact: SchemaFact, marks: FieldMarks): BuiltInSchemaNode {
    return new BuiltInSchemaNode(fact, fact.ref ?? '', marks);
  }

  get fields(): ReadonlyMap<string, BuiltInSchemaNode> {
    this.#fields ??= this.type === 'object' ? this.#buildFields() : noFields;
    return this.#fields;
  }

  /** The fields that are written even when nobody set them. */
  get writtenFields(): readonly (readonly [string, BuiltInSchemaNode])[] {
    this.#writtenFields ??= [...this.fields].filter(isWritten);
    return this.#writtenFields;
  }

  get element(): SchemaNode | undefined {
    const fact = this.type === 'list' ? this.#content.items : this.#content.values;
    if (this.#element === undefined && fact !== undefined) {
      const goType = elementGoType(this.goType);
      this.#element = BuiltInSchemaNode.at(fact, { zeroValue: 'kept', goType });
    }
    return this.#element;
  }

  #buildFields(): ReadonlyMap<string, BuiltInSchemaNode> {
    const shared = fieldsByDefinition.get(this.definition);
    if (shared !== undefined) return shared;
    const fields = new Map<string, BuiltInSchemaNode>();
    for (const [name, fact] of Object.entries(this.#content.properties ?? {}))
      fields.set(name, BuiltInSchemaNode.at(fact, marksOf(this.definition, name)));
    if (this.definition !== '') fieldsByDefinition.set(this.definition, fields);
    return fields;
  }
}

function isWritten([, node]: readonly [string, BuiltInSchemaNode]): boolean {
  return node.zeroValue === 'written';
}

/** An empty list of managed fields is a request: to forget them. */
const managedFieldsHolder = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** The marks of a definition's field. Objects are never dropped: Go tells an absent one by a pointer, and writes the others. */
function marksOf(definition: string, name: string): FieldMarks {
  const { always, pointers, types } = goFactOf(definition);
  const goType = types?.[name] ?? '';
  if (always?.includes(name)) return { zeroValue: 'written', goType };
  if (definition === managedFieldsHolder && name === 'managedFields')
    return { zeroValue: 'kept', goType };
  return { zeroValue: pointers?.includes(name) ? 'kept' : 'dropped', goType };
}

/** The type of the items or values of a named type. */
function elementGoType(goType: string): string {
  return /^(?:\[\]|map\[[^\]]+\])(.+)$/.exec(goType)?.[1] ?? '';
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
