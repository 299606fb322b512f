import type { JsonValue } from '../json.js';
import { isJsonObject } from '../json-object.js';
import { quote } from '../quote.js';
import type { SchemaNode } from '../schema-node.js';
import { itemElement, itemProblem } from './list-items.js';
import { elementText, fieldElement, type PathElement } from './path-element.js';
import { fieldSchema, itemSchema } from './structure.js';

/** Why a value cannot be applied, and where, as `.spec.replicas`. */
interface Problem {
  readonly path: string;
  readonly text: string;
}

/** More problems are not collected. */
const problemCountMax = 100;

/**
 * What is wrong with an applied configuration: fields that the schema does not know, values of wrong types, items that cannot be told
 * apart. One text as Kubernetes words it; undefined when all is well.
 */
export function appliedProblem(value: JsonValue, schema: SchemaNode): string | undefined {
  const walk = new ProblemWalk();
  walk.check(value, schema);
  const texts = walk.problems.map(({ path, text }) => (path === '' ? text : `${path}: ${text}`));
  return texts.length > 1 ? ['errors:', ...texts.map((text) => `  ${text}`)].join('\n') : texts[0];
}

class ProblemWalk {
  readonly problems: Problem[] = [];
  readonly #path: PathElement[] = [];

  check(value: JsonValue, schema: SchemaNode): void {
    if (value === null || schema.type === 'any') return;
    switch (schema.type) {
      case 'object':
      case 'map':
        if (isJsonObject(value)) this.#checkFields(value, schema);
        else this.#add(`expected map, got &{${goText(value)}}`);
        return;
      case 'list':
        if (Array.isArray(value)) this.#checkItems(value, schema);
        else this.#add(`expected list, got &{${goText(value)}}`);
        return;
      default: {
        const text = scalarProblem(value, schema);
        if (text !== undefined) this.#add(text);
      }
    }
  }

  #checkFields(object: { readonly [name: string]: JsonValue }, schema: SchemaNode): void {
    for (const [name, value] of Object.entries(object)) {
      const field = fieldSchema(schema, name);
      this.#at(fieldElement(name), () => {
        if (field === undefined) this.#add('field not declared in schema');
        else this.check(value, field.schema);
      });
      if (field === undefined) return;
    }
  }

  #checkItems(items: readonly JsonValue[], schema: SchemaNode): void {
    const seen = new Set<PathElement>();
    for (const [at, item] of items.entries()) {
      let element: PathElement | undefined = `i:${at}`;
      if (schema.listType !== 'atomic') {
        element = itemElement(schema, item);
        if (element === undefined) {
          this.#add(`element ${at}: ${itemProblem(schema, item)}`);
          return;
        }
        if (seen.has(element)) this.#add(`duplicate entries for key ${elementText(element)}`);
        seen.add(element);
      }
      this.#at(element, () => this.check(item, itemSchema(schema)));
    }
  }

  #at(element: PathElement, check: () => void): void {
    this.#path.push(element);
    check();
    this.#path.pop();
  }

  #add(text: string): void {
    if (this.problems.length >= problemCountMax) return;
    this.problems.push({ path: this.#path.map(elementText).join(''), text });
  }
}

function scalarProblem(value: JsonValue, schema: SchemaNode): string | undefined {
  const type = typeof value;
  switch (schema.type) {
    case 'integer':
    case 'number':
      if (type === 'number') return undefined;
      return `expected numeric (int or float), got ${goType(value)}`;
    case 'boolean':
      return type === 'boolean' ? undefined : `expected boolean, got &{${goText(value)}}`;
    case 'string':
      if (schema.format === '' || schema.format === 'byte') {
        if (type === 'string') return undefined;
        return `expected string, got &value.valueUnstructured{Value:${goSource(value)}}`;
      }
      break;
    default:
  }
  return type === 'object' ? `expected any scalar, got &{${goText(value)}}` : undefined;
}

/** The Go type of decoded JSON. */
function goType(value: JsonValue): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value;
}

/** Decoded JSON as Go prints it with %v. */
function goText(value: JsonValue): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${name}:${goText(member)}`);
  return `map[${members.join(' ')}]`;
}

/** Decoded JSON as Go prints it with %#v. */
function goSource(value: JsonValue): string {
  if (value === null) return 'interface {}(nil)';
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSource).join(', ')}}`;
  if (typeof value !== 'object') return String(value);
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${quote(name)}:${goSource(member)}`);
  return `map[string]interface {}{${members.join(', ')}}`;
}
