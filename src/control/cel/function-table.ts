import { type CallCost, callCosts, nothing } from './call-costs.js';
import { type CelType, parseType } from './types.js';
import { type CelValue, isList, isMap, type Optional, typeNameOf } from './values.js';

/** One way to call a function. */
export interface Overload {
  /** Null for a function that is called without an object in front. */
  readonly receiver: CelType | null;
  readonly parameters: readonly CelType[];
  readonly result: CelType;
  /** The receiver, if any, is the first argument. Throws CelError. */
  readonly run: (...args: CelValue[]) => CelValue;
  /** What a call costs beyond itself, by the sizes of its arguments. */
  readonly costOf: CallCost;
}

/** What a function does with its arguments, of which the first is the receiver, if any. Throws CelError. */
// biome-ignore lint/suspicious/noExplicitAny: the signature says what the arguments are, and it is checked before the call.
export type Implementation = (...args: any[]) => CelValue;

/** Functions by signature, as `string.startsWith(string): bool` or `size(list<A>): int`. */
export type Library = Readonly<Record<string, Implementation>>;

/** All functions by name. Immutable. */
export class FunctionTable {
  readonly #overloads = new Map<string, Overload[]>();

  constructor(libraries: readonly Library[]) {
    for (const library of libraries)
      for (const [signature, run] of Object.entries(library)) this.#add(signature, run);
  }

  /** Empty when there is no function of that name. */
  overloads(name: string): readonly Overload[] {
    return this.#overloads.get(name) ?? [];
  }

  /** The overload for these values; undefined when there is none. */
  find(name: string, isMethod: boolean, args: readonly CelValue[]): Overload | undefined {
    return this.overloads(name).find((overload) => {
      if ((overload.receiver !== null) !== isMethod) return false;
      const types =
        overload.receiver === null
          ? overload.parameters
          : [overload.receiver, ...overload.parameters];
      return (
        types.length === args.length && types.every((type, at) => isOf(args[at] as CelValue, type))
      );
    });
  }

  #add(signature: string, run: Implementation): void {
    const match = /^(?:(.+)\.)?(\w+)\((.*)\): (.+)$/.exec(signature);
    const [, receiver, name = '', parameters = '', result = 'dyn'] = match ?? [];
    // Functions of a namespace are known by their whole name.
    const isNamespace = receiver !== undefined && namespaces.has(receiver);
    const key = isNamespace ? `${receiver}.${name}` : name;
    const overload: Overload = {
      receiver: receiver === undefined || isNamespace ? null : parseType(receiver),
      parameters: splitParameters(parameters).map(parseType),
      result: parseType(result),
      run,
      costOf: callCosts.get(name) ?? nothing,
    };
    this.#overloads.set(key, [...this.overloads(key), overload]);
  }
}

/** First parts of names that are no values: `math.greatest`, `optional.of`. */
export const namespaces: ReadonlySet<string> = new Set([
  'optional',
  'jsonpatch',
  'sets',
  'math',
  'base64',
  'ip',
  'cidr',
  'quantity',
  'format',
  'strings',
]);

function splitParameters(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const character of text) {
    if (character === '<') depth += 1;
    if (character === '>') depth -= 1;
    if (character === ',' && depth === 0) {
      parts.push(part);
      part = '';
    } else part += character;
  }
  if (part.trim() !== '') parts.push(part);
  return parts;
}

function isOf(value: CelValue, type: CelType): boolean {
  switch (type.kind) {
    case 'dyn':
    case 'parameter':
    case 'object':
      return true;
    case 'list':
      return isList(value) && value.every((item) => isOf(item, type.element));
    case 'map':
      return isMap(value);
    case 'optional':
      return typeNameOf(value) === 'optional_type' && isOptionalOf(value as Optional, type.of);
    default:
      return typeNameOf(value) === type.name;
  }
}

function isOptionalOf({ value }: Optional, type: CelType): boolean {
  return value === undefined || isOf(value, type);
}
