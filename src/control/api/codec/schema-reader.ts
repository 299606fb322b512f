import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { isJsonObject, setField } from '../../machinery/json-object.js';
import type { SchemaNode } from '../../machinery/schema-node.js';
import { BuiltInSchemaNode } from '../built-in-schema-node.js';
import { conversionProblem } from './conversion-problem.js';
import { DecodeError, describeValue, ExactNumber, type ReadValue } from './decode-error.js';
import { goTypeOf } from './go-type.js';
import { readScalar } from './scalars.js';
import { writeZeroValues, zeroOf } from './zero-values.js';

/** Which members of the objects that were read are repeated. */
export type RepeatedMembers = ReadonlyMap<object, ReadonlySet<string>>;

/**
 * Whose words a value of a wrong type is refused in: those of Go's JSON decoder, or those of Kubernetes' own conversion of maps to types,
 * which strategic merge patches go through.
 */
export type ReaderWording = 'json' | 'conversion';

/** More problems are not collected: one request shall not make the server write a book. */
const problemCountMax = 100;

/**
 * Reads JSON data as the types of the Kubernetes API, in the way Go's decoder does: what is null is absent, what the schema does not
 * name is left out and remembered, and the first value of a wrong type fails the whole once all is read.
 */
export class SchemaReader {
  /** What strict validation objects to: unknown and repeated fields, in the order of the text. */
  readonly problems: string[] = [];
  /** Members of all objects, those left out included; compared with what the text has. */
  memberCount = 0;
  readonly #repeated: RepeatedMembers;
  /** The way to the value at hand: names of fields and keys of maps, and places in lists. */
  readonly #steps: (string | number)[] = [];
  /** For each step, whether it is a key of a map: the texts about types leave those out. */
  readonly #isKey: boolean[] = [];
  readonly #wording: ReaderWording;
  #typeProblem: string | undefined = undefined;

  constructor(
    options: { readonly repeated?: RepeatedMembers; readonly wording?: ReaderWording } = {},
  ) {
    this.#repeated = options.repeated ?? new Map();
    this.#wording = options.wording ?? 'json';
  }

  /** The object as the schema has it; a new one. `at` is where it is in a larger one. Throws DecodeError. */
  readObject(value: JsonObject, schema: SchemaNode, ...at: readonly string[]): JsonObject {
    for (const step of at) this.#enter(step);
    const object = this.#readFields(value, schema);
    for (const _step of at) this.#leave();
    if (this.#typeProblem !== undefined) throw new DecodeError(this.#typeProblem);
    return object;
  }

  /** A copy that only differs in exact numbers, for what is not read by a schema. */
  copyObject(value: JsonObject): JsonObject {
    if (this.#repeated.size > 0) this.#objectToRepeated(value);
    return this.#readAny(value) as JsonObject;
  }

  /** Undefined when the value counts as absent. `struct` is the innermost object with fields, which texts name. */
  #read(value: ReadValue, node: SchemaNode, struct: SchemaNode): JsonValue | undefined {
    if (value === null) return undefined;
    switch (node.type) {
      case 'object':
        if (isObject(value)) return this.#readFields(value, node);
        break;
      case 'map':
        if (isObject(value)) return this.#readMap(value, node, struct);
        break;
      case 'list':
        if (Array.isArray(value)) return this.#readList(value, node, struct);
        break;
      case 'any':
        return this.#readAny(value);
      default:
        return this.#readScalar(value, node, struct);
    }
    this.#wrongType(value, { what: describeValue(value), goType: goTypeOf(node) }, node, struct);
    this.#countMembers(value);
    return undefined;
  }

  #readFields(value: JsonObject, node: SchemaNode): JsonObject {
    const object: JsonObject = {};
    const repeated = this.#repeated.get(value);
    for (const name in value) {
      this.memberCount += 1;
      const field = node.fields.get(name);
      const member = value[name] as ReadValue;
      if (field === undefined) {
        this.#object('unknown', name);
        this.#countMembers(member);
        continue;
      }
      if (repeated?.has(name)) this.#object('duplicate', name);
      this.#enter(name);
      const read = this.#read(member, field, node);
      this.#leave();
      if (read !== undefined && !isDropped(read, field)) setField(object, name, read);
    }
    if (node instanceof BuiltInSchemaNode) writeZeroValues(object, node);
    return object;
  }

  #readMap(value: JsonObject, node: SchemaNode, struct: SchemaNode): JsonObject {
    const map: JsonObject = {};
    const element = node.element;
    if (element === undefined) return this.#readAny(value) as JsonObject;
    const repeated = this.#repeated.get(value);
    for (const key in value) {
      this.memberCount += 1;
      if (repeated?.has(key)) this.#object('duplicate', key);
      this.#enter(key, true);
      const read = this.#read(value[key] as ReadValue, element, struct);
      this.#leave();
      setField(map, key, read ?? zeroOf(element));
    }
    return map;
  }

  #readList(value: readonly JsonValue[], node: SchemaNode, struct: SchemaNode): JsonValue[] {
    const element = node.element;
    const list = new Array<JsonValue>(value.length);
    for (let i = 0; i < value.length; i++) {
      this.#enter(i);
      const item = value[i] as ReadValue;
      const read = element === undefined ? this.#readAny(item) : this.#read(item, element, struct);
      this.#leave();
      list[i] = read ?? (element === undefined ? null : zeroOf(element));
    }
    return list;
  }

  #readScalar(value: ReadValue, node: SchemaNode, struct: SchemaNode): JsonValue | undefined {
    const read = readScalar(value, node);
    if (read.problem === undefined) return read.value;
    if (read.problem.isFatal) throw new DecodeError(read.problem.text);
    const { text: what, goType = goTypeOf(node) } = read.problem;
    this.#wrongType(value, { what, goType }, node, struct);
    this.#countMembers(value);
    return undefined;
  }

  /** Kept as it is, but for exact numbers. */
  #readAny(value: ReadValue): JsonValue {
    if (value instanceof ExactNumber) return Number(value.text);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item) => this.#readAny(item));
    const copy: JsonObject = {};
    for (const name in value) {
      this.memberCount += 1;
      setField(copy, name, this.#readAny(value[name] as ReadValue));
    }
    return copy;
  }

  #countMembers(value: ReadValue): void {
    if (typeof value === 'object' && value !== null) this.#readAny(value);
  }

  #enter(step: string | number, isKey = false): void {
    this.#steps.push(step);
    this.#isKey.push(isKey);
  }

  #leave(): void {
    this.#steps.pop();
    this.#isKey.pop();
  }

  #object(problem: 'unknown' | 'duplicate', name: string): void {
    if (this.problems.length < problemCountMax)
      this.problems.push(`${problem} field "${pathText([...this.#steps, name])}"`);
  }

  #objectToRepeated(value: JsonValue): void {
    if (typeof value !== 'object' || value === null) return;
    const repeated = this.#repeated.get(value);
    for (const [name, member] of Object.entries(value)) {
      if (repeated?.has(name)) this.#object('duplicate', name);
      this.#enter(Array.isArray(value) ? Number(name) : name);
      this.#objectToRepeated(member as JsonValue);
      this.#leave();
    }
  }

  #wrongType(value: ReadValue, clash: TypeClash, node: SchemaNode, struct: SchemaNode): void {
    if (this.#typeProblem !== undefined) return;
    if (this.#wording === 'conversion') {
      this.#typeProblem = conversionProblem(value, node);
      return;
    }
    const names = this.#steps.filter((step, at) => typeof step === 'string' && !this.#isKey[at]);
    const owner = struct instanceof BuiltInSchemaNode ? struct.definition : '';
    const structName = owner.slice(owner.lastIndexOf('.') + 1);
    this.#typeProblem = `json: cannot unmarshal ${clash.what} into Go struct field ${structName}.${names.join('.')} of type ${clash.goType}`;
  }
}

interface TypeClash {
  /** What the value is. */
  readonly what: string;
  /** What it should be. */
  readonly goType: string;
}

/** Whether Go leaves the value out when it writes the field. */
function isDropped(value: JsonValue, field: SchemaNode): boolean {
  if (!(field instanceof BuiltInSchemaNode) || field.zeroValue !== 'dropped') return false;
  switch (field.type) {
    case 'string':
      return value === '';
    case 'boolean':
      return value === false;
    case 'integer':
    case 'number':
      return value === 0;
    case 'list':
      return (value as JsonValue[]).length === 0;
    case 'map':
      return isEmpty(value as JsonObject);
    default:
      return false;
  }
}

function isEmpty(object: JsonObject): boolean {
  for (const _name in object) return false;
  return true;
}

function isObject(value: ReadValue): value is JsonObject {
  return isJsonObject(value) && !(value instanceof ExactNumber);
}

function pathText(steps: readonly (string | number)[]): string {
  let text = '';
  for (const step of steps) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}
