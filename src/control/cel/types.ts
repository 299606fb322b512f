/** What an expression in CEL can be, as its author is told before it is ever evaluated. */
export type CelType =
  | { readonly kind: 'dyn' }
  | { readonly kind: 'named'; readonly name: string; readonly sizeMax?: number }
  | { readonly kind: 'list'; readonly element: CelType; readonly sizeMax?: number }
  | {
      readonly kind: 'map';
      readonly key: CelType;
      readonly value: CelType;
      readonly sizeMax?: number;
    }
  | { readonly kind: 'optional'; readonly of: CelType }
  | {
      readonly kind: 'object';
      readonly name: string;
      readonly fields: ReadonlyMap<string, CelType>;
    }
  /** Stands for one type throughout a signature. */
  | { readonly kind: 'parameter'; readonly name: string };

/** Anything: what it is shows when it is evaluated. */
export const dyn: CelType = { kind: 'dyn' };

/** A type without parts: `int`, `string`, `timestamp` and so on. */
export function named(name: string, sizeMax?: number): CelType {
  return sizeMax === undefined ? { kind: 'named', name } : { kind: 'named', name, sizeMax };
}

export const bool = named('bool');
export const int = named('int');
export const string = named('string');

/** A list of values of one type. */
export function listOf(element: CelType, sizeMax?: number): CelType {
  return sizeMax === undefined ? { kind: 'list', element } : { kind: 'list', element, sizeMax };
}

/** A map from keys of one type to values of another. */
export function mapOf(key: CelType, value: CelType, sizeMax?: number): CelType {
  return sizeMax === undefined ? { kind: 'map', key, value } : { kind: 'map', key, value, sizeMax };
}

/** An object of these fields. */
export function objectOf(name: string, fields: Readonly<Record<string, CelType>>): CelType {
  return { kind: 'object', name, fields: new Map(Object.entries(fields)) };
}

/** A value that may not be there. */
export function optionalOf(of: CelType): CelType {
  return { kind: 'optional', of };
}

/** The type as messages name it: `list(map(string, int))`. */
export function typeText(type: CelType): string {
  switch (type.kind) {
    case 'dyn':
      return 'dyn';
    case 'list':
      return `list(${typeText(type.element)})`;
    case 'map':
      return `map(${typeText(type.key)}, ${typeText(type.value)})`;
    case 'optional':
      return `optional_type(${typeText(type.of)})`;
    default:
      return type.name;
  }
}

const typeNames: Readonly<Record<string, CelType>> = {
  dyn,
  list: listOf(dyn),
  map: mapOf(dyn, dyn),
};

/** Reads a type of a signature: `list<A>`, `map<string, dyn>`, `optional<A>`, single capitals are parameters. */
export function parseType(text: string): CelType {
  const trimmed = text.trim();
  const generic = /^(\w+)<(.*)>$/.exec(trimmed);
  if (generic === null) {
    if (/^[A-Z]$/.test(trimmed)) return { kind: 'parameter', name: trimmed };
    return typeNames[trimmed] ?? named(trimmed);
  }
  const [, name, inner = ''] = generic;
  if (name === 'list') return listOf(parseType(inner));
  if (name === 'optional') return optionalOf(parseType(inner));
  const comma = inner.indexOf(',');
  return mapOf(parseType(inner.slice(0, comma)), parseType(inner.slice(comma + 1)));
}

/** What the parameters of a signature stand for. */
export type Bindings = Map<string, CelType>;

/** Whether a value of type `given` may be used where `wanted` is; notes what parameters stand for. */
export function isAssignable(wanted: CelType, given: CelType, bindings: Bindings): boolean {
  if (wanted.kind === 'parameter') {
    const bound = bindings.get(wanted.name);
    if (bound === undefined || bound.kind === 'dyn') {
      bindings.set(wanted.name, given);
      return true;
    }
    return isAssignable(bound, given, bindings);
  }
  if (wanted.kind === 'dyn' || given.kind === 'dyn') return true;
  if (given.kind === 'named' && given.name === 'null_type' && isNullable(wanted)) return true;
  if (wanted.kind === 'list')
    return given.kind === 'list' && isAssignable(wanted.element, given.element, bindings);
  if (wanted.kind === 'optional')
    return given.kind === 'optional' && isAssignable(wanted.of, given.of, bindings);
  if (wanted.kind === 'map')
    return (
      given.kind === 'map' &&
      isAssignable(wanted.key, given.key, bindings) &&
      isAssignable(wanted.value, given.value, bindings)
    );
  if (given.kind === 'list' || given.kind === 'map' || given.kind === 'optional') return false;
  return given.kind !== 'parameter' && wanted.name === given.name;
}

function isNullable(type: CelType): boolean {
  return type.kind === 'object' || type.kind === 'optional';
}

/** The type with its parameters replaced by what they stand for. */
export function substitute(type: CelType, bindings: Bindings): CelType {
  switch (type.kind) {
    case 'parameter':
      return bindings.get(type.name) ?? dyn;
    case 'list':
      return listOf(substitute(type.element, bindings), type.sizeMax);
    case 'map':
      return mapOf(substitute(type.key, bindings), substitute(type.value, bindings), type.sizeMax);
    case 'optional':
      return optionalOf(substitute(type.of, bindings));
    default:
      return type;
  }
}

/** The type that values of both have: `dyn` when they have nothing in common. */
export function joined(a: CelType, b: CelType): CelType {
  if (isAssignable(a, b, new Map())) return a;
  return isAssignable(b, a, new Map()) ? b : dyn;
}
