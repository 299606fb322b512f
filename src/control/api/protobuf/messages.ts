import { BuiltInSchemaNode } from '../built-in-schema-node.js';
import { jsonCodec, schemaOrCodec } from './json-codecs.js';
import {
  type FieldCodec,
  inlineField,
  MessageCodec,
  mapField,
  repeatedField,
  singleField,
} from './message-codec.js';
import { definitionOfMessage, type FieldFact, fieldFactsOf } from './message-facts.js';
import { scalarCodec } from './scalar-codecs.js';
import {
  intOrStringCodec,
  listMessageCodec,
  microTimeCodec,
  quantityCodec,
  timeCodec,
} from './special-codecs.js';
import type { ValueCodec } from './value-codec.js';

const machinery = 'k8s.io.apimachinery.pkg';
const extensions = 'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1';

/** The name of the message of data that has no schema of its own. */
export const rawExtension = `${machinery}.runtime.RawExtension`;

/** Builds the codecs of messages from the facts about them, each when it is first needed. */
export class Messages {
  readonly #messages = new Map<string, MessageCodec>();
  readonly #values: Map<string, ValueCodec>;
  /** Of data that may be another object; where that is depends on the message around it. */
  readonly #nestedObject: ValueCodec;

  constructor(nestedObject: ValueCodec) {
    this.#nestedObject = nestedObject;
    const schemaOr = (kind: 'bool' | 'schemas' | 'names') =>
      schemaOrCodec(kind, {
        schema: this.of(`${extensions}.JSONSchemaProps`),
        string: scalarCodec('string'),
      });
    this.#values = new Map<string, ValueCodec>([
      [`${machinery}.api.resource.Quantity`, quantityCodec],
      [`${machinery}.apis.meta.v1.Time`, timeCodec],
      [`${machinery}.apis.meta.v1.MicroTime`, microTimeCodec],
      [`${machinery}.apis.meta.v1.FieldsV1`, jsonCodec],
      [`${machinery}.util.intstr.IntOrString`, intOrStringCodec],
      [rawExtension, jsonCodec],
      [`${extensions}.JSON`, jsonCodec],
      [`${extensions}.JSONSchemaPropsOrBool`, schemaOr('bool')],
      [`${extensions}.JSONSchemaPropsOrArray`, schemaOr('schemas')],
      [`${extensions}.JSONSchemaPropsOrStringArray`, schemaOr('names')],
    ]);
  }

  /** The codec of a message that there is. */
  of(name: string): MessageCodec {
    let codec = this.#messages.get(name);
    if (codec === undefined) {
      const node = BuiltInSchemaNode.ofDefinition(definitionOfMessage(name));
      codec = new MessageCodec(name, node, () => this.#fieldsOf(name, node));
      this.#messages.set(name, codec);
    }
    return codec;
  }

  #fieldsOf(message: string, node: BuiltInSchemaNode | undefined): readonly FieldCodec[] {
    return fieldFactsOf(message).map((fact) => this.#field(message, fact, node));
  }

  #field(message: string, fact: FieldFact, node: BuiltInSchemaNode | undefined): FieldCodec {
    const { number } = fact;
    const goName = fact.name.charAt(0).toUpperCase() + fact.name.slice(1);
    const name = node === undefined ? fact.name : jsonNameOf(fact.name, node);
    if (name === undefined && fact.isMessage) {
      // The fields are those of the object around it; so is what its schema says of them.
      const inner = new MessageCodec(fact.type, undefined, () => this.#fieldsOf(fact.type, node));
      return inlineField({ goName, number, message: inner });
    }
    const field = node?.fields.get(name ?? '');
    const options = {
      ...{ name: name ?? fact.name, goName, number },
      codec: this.#valueOf(message, fact, field),
    };
    if (fact.shape === 'map') return mapField(options);
    if (fact.shape === 'repeated') return repeatedField(options);
    const losesZero = field === undefined || field.zeroValue === 'dropped';
    return singleField(options, losesZero && !fact.isMessage);
  }

  #valueOf(message: string, fact: FieldFact, node: BuiltInSchemaNode | undefined): ValueCodec {
    if (!fact.isMessage) return scalarCodec(fact.type);
    if (fact.type === rawExtension && holdsObjects.has(message)) return this.#nestedObject;
    const special = this.#values.get(fact.type);
    if (special !== undefined) return special;
    const value = fact.shape === 'single' ? node : node?.element;
    if (value?.type !== 'list') return this.of(fact.type);
    const [items] = fieldFactsOf(fact.type);
    return listMessageCodec(scalarCodec(items?.type ?? ''));
  }
}

/** Messages whose raw data is a whole object, with its kind. */
const holdsObjects: ReadonlySet<string> = new Set([
  `${machinery}.apis.meta.v1.WatchEvent`,
  `${machinery}.apis.meta.v1.List`,
]);

/**
 * What JSON calls a field of a message. A few differ: in case (`uID`), by a `$` (`$ref`), or by hyphens (`x-kubernetes-list-type`).
 * Undefined: it has none, and its fields are in the object around it.
 */
export function jsonNameOf(protoName: string, node: BuiltInSchemaNode): string | undefined {
  if (node.fields.has(protoName)) return protoName;
  const hyphenated = protoName.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const candidates = [`$${protoName}`, hyphenated];
  const found = candidates.find((name) => node.fields.has(name));
  if (found !== undefined) return found;
  const lowered = protoName.toLowerCase();
  return [...node.fields.keys()].find((name) => name.toLowerCase() === lowered);
}
