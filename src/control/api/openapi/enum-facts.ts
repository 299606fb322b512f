import { enumsJson } from '../gen/enums-data.js';

/** Of one definition: by field, the values that it, or each of its items, can have. */
export type EnumFacts = Readonly<Record<string, readonly string[]>>;

const none: EnumFacts = {};
let facts: Readonly<Record<string, EnumFacts>> | undefined;

/** The fields of a definition that have one of a few values. */
export function enumsOf(definition: string): EnumFacts {
  facts ??= JSON.parse(enumsJson) as Readonly<Record<string, EnumFacts>>;
  return facts[definition] ?? none;
}
