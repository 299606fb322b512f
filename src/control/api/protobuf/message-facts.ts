import { assert, defined } from '../../../base/assert.js';
import { protobufJson } from '../gen/protobuf-data.js';

/** What one field of a message holds. */
export interface FieldFact {
  /** As in the .proto file: the name in JSON, but for a few. */
  readonly name: string;
  readonly number: number;
  readonly shape: 'single' | 'repeated' | 'map';
  /** A scalar type (`string`, `int32`), or the full name of a message. Of a map: of its values; its keys are strings. */
  readonly type: string;
  readonly isMessage: boolean;
}

type RawFacts = Readonly<
  Record<string, Readonly<Record<string, readonly [number: number, type: string]>>>
>;

const scalarTypes: ReadonlySet<string> = new Set([
  'bool',
  'bytes',
  'double',
  'int32',
  'int64',
  'string',
]);

let rawFacts: RawFacts | undefined;

function facts(): RawFacts {
  rawFacts ??= JSON.parse(protobufJson) as RawFacts;
  return rawFacts;
}

/** The names of all messages. */
export function messageNames(): readonly string[] {
  return Object.keys(facts());
}

/** Whether the Kubernetes API has a message of this name. */
export function isMessage(name: string): boolean {
  return Object.hasOwn(facts(), name);
}

/** The fields of a message by ascending number. */
export function fieldFactsOf(message: string): readonly FieldFact[] {
  const fields = Object.entries(defined(facts()[message], `message ${message}`));
  return fields
    .map(([name, [number, type]]) => fieldFact(message, name, number, type))
    .sort((a, b) => a.number - b.number);
}

function fieldFact(message: string, name: string, number: number, text: string): FieldFact {
  const [, repeated, mapValue] = defined(/^(repeated )?(?:map<string, (.+)>)?/.exec(text));
  const type = mapValue ?? text.slice(repeated?.length ?? 0);
  const shape = mapValue !== undefined ? 'map' : repeated !== undefined ? 'repeated' : 'single';
  if (scalarTypes.has(type)) return { name, number, shape, type, isMessage: false };
  const packageName = message.slice(0, message.lastIndexOf('.'));
  const full = type.startsWith('.') ? type.slice(1) : `${packageName}.${type}`;
  assert(isMessage(full), `${message}.${name} is of an unknown type`);
  return { name, number, shape, type: full, isMessage: true };
}

/** `io.k8s.api.core.v1.Pod` -> `k8s.io.api.core.v1.Pod`. */
export function messageOfDefinition(definition: string): string {
  return definition.replace(/^io\.k8s\./, 'k8s.io.').replaceAll('-', '_');
}

/** The inverse of {@link messageOfDefinition}. */
export function definitionOfMessage(message: string): string {
  return message.replace(/^k8s\.io\./, 'io.k8s.').replaceAll('_', '-');
}
